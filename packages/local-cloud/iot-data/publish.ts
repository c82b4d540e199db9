// Publishes over HTTP: makes the message that MQTT would have made, for a caller without a connection.
// https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_Publish.html

import { AwsError } from '../aws-error.ts';
import { defaultLimits } from '../mqtt/limits.ts';
import { propertiesOf } from '../mqtt/message-properties.ts';
import type { InboundMessage, MessageProperties } from '../mqtt/message.ts';
import { Refusal } from '../mqtt/refusal.ts';
import { retainProblem, topicProblem } from '../mqtt/topics.ts';
import { choice, flag, invalid, type DataCall, type DataOperation, type DataPlane } from './call.ts';

const PREFIX = 'x-amz-mqtt5-';
const FORMATS: Readonly<Record<string, boolean>> = { UNSPECIFIED_BYTES: false, UTF8_DATA: true };

function decodeBase64(name: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw invalid(`${name} is not base64`);
  return bytes;
}

/** Base64 of a JSON array of objects; each member is one property, and names may repeat. */
function userPropertiesOf(call: DataCall): [string, string][] {
  const header = call.header(`${PREFIX}user-properties`);
  if (header === undefined) return [];
  let list: unknown;
  try {
    list = JSON.parse(decodeBase64('userProperties', header).toString());
    if (typeof list === 'string') list = JSON.parse(list); // the AWS CLI encodes its argument once more
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw invalid('userProperties is not valid JSON');
  }
  const pairs = Array.isArray(list)
    ? list.flatMap((item) =>
        typeof item === 'object' && item !== null ? Object.entries(item as object) : [item],
      )
    : [list];
  const isPair = (pair: unknown): pair is [string, string] =>
    Array.isArray(pair) && typeof pair[1] === 'string';
  if (!pairs.every(isPair)) throw invalid('userProperties must be an array of objects with text values');
  return pairs;
}

function expiryOf({ query }: DataCall): number | undefined {
  const text = query.get('messageExpiry');
  if (text === null) return undefined;
  if (!/^\d{1,10}$/.test(text)) throw invalid('messageExpiry must be a number of seconds');
  return Number(text);
}

function messageProperties(call: DataCall): MessageProperties | undefined {
  const format = call.header(`${PREFIX}payload-format-indicator`);
  if (format !== undefined && !Object.hasOwn(FORMATS, format)) {
    throw invalid(`payloadFormatIndicator must be ${Object.keys(FORMATS).join(' or ')}`);
  }
  const correlation = call.header(`${PREFIX}correlation-data`);
  const given = {
    payloadFormatIndicator: format === undefined ? undefined : FORMATS[format],
    messageExpiryInterval: expiryOf(call),
    contentType: call.query.get('contentType') ?? undefined,
    responseTopic: call.query.get('responseTopic') ?? undefined,
    correlationData: correlation === undefined ? undefined : decodeBase64('correlationData', correlation),
  };
  const userProperties = userPropertiesOf(call);
  const isEmpty = userProperties.length === 0 && Object.values(given).every((value) => value === undefined);
  return isEmpty ? undefined : propertiesOf(given, userProperties, defaultLimits);
}

function readMessage({ hub, clock, newId }: DataPlane, call: DataCall, topic: string): InboundMessage {
  const retain = flag(call, 'retain');
  const problem = topicProblem(topic, (each) => hub.serves(each)) ?? (retain && retainProblem(topic));
  if (problem) throw invalid(`Invalid topic: ${problem}`);
  if (call.body.length > defaultLimits.payloadBytes) {
    const message = `The payload is larger than ${defaultLimits.payloadBytes} bytes`;
    throw new AwsError('RequestEntityTooLargeException', message, 413);
  }
  return {
    topic,
    payload: call.body,
    qos: choice(call, 'qos', ['0', '1']) === '1' ? 1 : 0,
    retain,
    clientId: 'n/a',
    principal: call.caller,
    sourceIp: call.sourceIp,
    receivedAt: clock.now(),
    traceId: newId(),
    properties: messageProperties(call),
  };
}

/** The message of a call. @throws AwsError InvalidRequestException, RequestEntityTooLargeException */
export function messageOf(plane: DataPlane, call: DataCall, topic: string): InboundMessage {
  try {
    return readMessage(plane, call, topic);
  } catch (error) {
    throw error instanceof Refusal ? invalid(`Invalid message: ${error.message}`) : error;
  }
}

async function publish(plane: DataPlane, call: DataCall) {
  const message = messageOf(plane, call, call.label);
  if (message.retain && !plane.retained.hasRoom(message)) {
    throw new AwsError('ThrottlingException', 'No room for another retained message', 429);
  }
  if (plane.hub.isCongested(message.principal)) {
    throw new AwsError('ThrottlingException', 'Too many messages are unfinished: try again later', 429);
  }
  plane.count('mqtt.received');
  try {
    await plane.hub.publish(message);
  } catch {
    throw new AwsError('InternalFailureException', 'The message could not be put on disk: see the log', 500);
  }
  return { message: 'OK', traceId: message.traceId };
}

export const publishOperations: readonly DataOperation[] = [
  {
    name: 'Publish',
    method: 'POST',
    path: /^\/topics\/(.+)$/,
    query: ['qos', 'retain', 'contentType', 'responseTopic', 'messageExpiry'],
    needs(call) {
      const resource = `topic/${call.label}`;
      const publishing = ['iot:Publish', resource] as const;
      return flag(call, 'retain') ? [publishing, ['iot:RetainPublish', resource]] : [publishing];
    },
    run: publish,
  },
];
