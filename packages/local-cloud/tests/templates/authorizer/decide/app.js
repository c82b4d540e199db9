// Lets in who has the password, or a token that the signature proved, to publish under its own name.

const documentFor = (effect) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: effect, Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:*:client/${iot:ClientId}' },
    {
      Effect: effect,
      Action: ['iot:Publish', 'iot:Receive'],
      Resource: 'arn:aws:iot:us-east-1:*:topic/customauthtesting/*',
    },
    {
      Effect: effect,
      Action: 'iot:Subscribe',
      Resource: 'arn:aws:iot:us-east-1:*:topicfilter/customauthtesting/*',
    },
  ],
});

exports.handler = async ({ token, signatureVerified, protocolData }) => {
  console.log(JSON.stringify({ token, signatureVerified, protocolData }));
  const password = Buffer.from(protocolData.mqtt?.password ?? '', 'base64').toString();
  const isKnown = password === 'test' || (signatureVerified && token === 'tokenKeyValue');
  return {
    isAuthenticated: isKnown,
    principalId: 'principalId',
    disconnectAfterInSeconds: 300,
    refreshAfterInSeconds: 300,
    policyDocuments: [documentFor('Allow')],
  };
};
