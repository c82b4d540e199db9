// Writes about a device that is too warm, to the topic that the message of the rule names.
const { SNSClient, PublishCommand } = require('@aws-sdk/client-sns');

exports.handler = async ({ device_id, reported_temperature, max_temperature, notify_topic_arn }) => {
  const Message = `Device ${device_id} reports ${reported_temperature}, which exceeds the limit of ${max_temperature}`;
  return new SNSClient({}).send(new PublishCommand({ TopicArn: notify_topic_arn, Message }));
};
