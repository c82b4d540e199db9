// Looking at the broker over HTTP: the messages that it retains, and who is connected.
import { AwsError } from '../aws-error.ts';
import { isExpired, type InboundMessage } from '../mqtt/message.ts';
import { flag, invalid, pageOf, type DataOperation } from './call.ts';

/** Times are epoch milliseconds, unlike those of shadows. */
const summary = ({ topic, payload, qos, receivedAt }: InboundMessage) => ({
  topic,
  payloadSize: payload.length,
  qos,
  lastModifiedTime: receivedAt,
});

function encodeUserProperties({ properties }: InboundMessage): string | undefined {
  const pairs = properties?.userProperties;
  if (!pairs) return undefined;
  const list = pairs.map((pair) => Object.fromEntries([pair]));
  return Buffer.from(JSON.stringify(list)).toString('base64');
}

export const brokerOperations: readonly DataOperation[] = [
  {
    name: 'GetRetainedMessage',
    method: 'GET',
    path: /^\/retainedMessage\/(.+)$/,
    query: [],
    async run({ retained, clock }, { label }) {
      const message = retained.get(label);
      if (!message || isExpired(message, clock.now())) {
        throw new AwsError('ResourceNotFoundException', `No retained message for topic ${label}`, 404);
      }
      const { payloadSize: _size, ...fields } = summary(message);
      const payload = message.payload.toString('base64');
      return { ...fields, payload, userProperties: encodeUserProperties(message) };
    },
  },
  {
    name: 'ListRetainedMessages',
    method: 'GET',
    path: /^\/retainedMessage\/?$/,
    query: ['nextToken', 'maxResults'],
    async run({ retained, clock }, call) {
      const kept = retained.all().filter((message) => !isExpired(message, clock.now()));
      const { items, next } = pageOf(call, kept, ({ topic }) => topic, ['maxResults', 200]);
      return { retainedTopics: items.map(summary), nextToken: next };
    },
  },
  {
    name: 'DeleteConnection',
    method: 'DELETE',
    path: /^\/connections\/([^/]+)$/,
    query: ['cleanSession', 'preventWillMessage'],
    async run(plane, call) {
      const clientId = call.label;
      if (clientId.startsWith('$') || Buffer.byteLength(clientId) > 128) {
        throw invalid('clientId must be 1 to 128 bytes and not begin with $');
      }
      const how = { endSession: flag(call, 'cleanSession'), withoutWill: flag(call, 'preventWillMessage') };
      if (plane.disconnect(clientId, how)) return {};
      throw new AwsError('ResourceNotFoundException', `No client ${clientId} is connected`, 404);
    },
  },
];
