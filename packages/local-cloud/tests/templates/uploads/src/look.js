// Looks at each picture that is uploaded, and says which.

const { PublishCommand, SNSClient } = require('@aws-sdk/client-sns');

const sns = new SNSClient({});

exports.handler = async ({ Records = [] }) => {
  for (const { s3 } of Records)
    await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC, Message: `seen ${s3.object.key}` }));
};
