// Mails what a sensor saw: CommonJS, as many tutorials have it.

const { PublishCommand, SNSClient } = require('@aws-sdk/client-sns');

const sns = new SNSClient({});

exports.handler = async (event) => {
  const Message = `motion at ${event.sensor}`;
  await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC, Message }));
  return { Message };
};
