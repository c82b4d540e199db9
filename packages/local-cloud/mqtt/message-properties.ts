// Takes from a packet what of an MQTT 5 publish or will travels on with the message.

import type { IPublishPacket } from 'mqtt-packet';
import type { Limits } from './limits.ts';
import type { MessageProperties } from './message.ts';
import type { UserProperties } from './properties.ts';
import { Refusal } from './refusal.ts';
import { topicProblem } from './topics.ts';

/** Throws Refusal `quotaExceeded` or `topicInvalid`. Undefined when there is nothing. */
export function propertiesOf(
  properties: IPublishPacket['properties'],
  userProperties: UserProperties,
  limits: Limits,
): MessageProperties | undefined {
  if (!properties) return undefined;
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic, correlationData } =
    properties;
  let bytes = 0;
  for (const [name, value] of userProperties) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (bytes > limits.userPropertyBytes) {
    throw new Refusal('quotaExceeded', `user properties of more than ${limits.userPropertyBytes} bytes`);
  }
  const problem = responseTopic === undefined ? undefined : topicProblem(responseTopic);
  if (problem) throw new Refusal('topicInvalid', `the response topic is ${problem}`);
  return {
    payloadFormatIndicator,
    messageExpiryInterval:
      messageExpiryInterval === undefined
        ? undefined
        : Math.min(Math.max(messageExpiryInterval, 1), limits.maxMessageExpirySeconds),
    contentType,
    responseTopic,
    correlationData: correlationData?.toString('base64'),
    userProperties: userProperties.length > 0 ? userProperties : undefined,
  };
}
