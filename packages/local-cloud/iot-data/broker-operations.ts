// Shows the broker over HTTP: retained messages, connected clients and their subscriptions; sends direct messages.

import { AwsError } from '../aws-error.ts';
import { isExpired, type InboundMessage } from '../mqtt/message.ts';
import type { DirectOutcome } from '../mqtt/clients.ts';
import { flag, invalid, pageOf, type DataCall, type DataOperation } from './call.ts';
import { messageOf } from './publish.ts';

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

function clientIdOf({ label }: DataCall): string {
  if (label.startsWith('$') || Buffer.byteLength(label) > 128) {
    throw invalid('clientId must be 1 to 128 bytes and not begin with $');
  }
  return label;
}

/** Seconds to wait for a confirmation. */
function timeoutOf({ query }: DataCall): number {
  const text = query.get('timeout') ?? '5';
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > 15) {
    throw invalid('timeout must be 1 to 15 seconds');
  }
  return Number(text);
}

/** Why a direct message did not arrive, as AWS answers it. */
const NOT_SENT: Readonly<Record<Exclude<DirectOutcome, 'sent'>, (clientId: string) => AwsError>> = {
  notConnected: (clientId) =>
    new AwsError('ResourceNotFoundException', `No client ${clientId} is connected`, 404),
  notAllowed: (clientId) =>
    new AwsError('ForbiddenException', `The policy of client ${clientId} does not let it receive this`, 403),
  unconfirmed: (clientId) =>
    new AwsError('GatewayTimeoutException', `Client ${clientId} did not acknowledge in time`, 504),
};

const noConnection = (clientId: string) =>
  new AwsError('ResourceNotFoundException', `No client ${clientId} is known`, 404);

export const brokerOperations: readonly DataOperation[] = [
  {
    name: 'GetRetainedMessage',
    method: 'GET',
    path: /^\/retainedMessage\/(.+)$/,
    query: [],
    needs: ({ label }) => [['iot:GetRetainedMessage', `topic/${label}`]],
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
    needs: () => [['iot:ListRetainedMessages', '*']],
    async run({ retained, clock }, call) {
      const kept = retained.all().filter((message) => !isExpired(message, clock.now()));
      const { items, next } = pageOf(call, kept, ({ topic }) => topic, ['maxResults', 200]);
      return { retainedTopics: items.map(summary), nextToken: next };
    },
  },
  {
    name: 'GetConnection',
    method: 'GET',
    path: /^\/connections\/([^/]+)$/,
    query: ['includeSocketInformation'],
    async run({ clients }, call) {
      const state = clients.describe(clientIdOf(call));
      if (!state) throw noConnection(call.label);
      const { socket, sourceIp, ...rest } = state;
      return flag(call, 'includeSocketInformation') ? { ...rest, sourceIp, ...socket } : rest;
    },
  },
  {
    name: 'ListSubscriptions',
    method: 'GET',
    path: /^\/connections\/([^/]+)\/subscriptions$/,
    query: ['nextToken', 'maxResults'],
    async run({ clients }, call) {
      const all = clients.subscriptionsOf(clientIdOf(call));
      if (!all) throw noConnection(call.label);
      const { items, next } = pageOf(call, all, ({ topicFilter }) => topicFilter, ['maxResults', 200, 20]);
      return { subscriptions: items, nextToken: next };
    },
  },
  {
    name: 'SendDirectMessage',
    method: 'POST',
    path: /^\/connections\/([^/]+)\/messages$/,
    query: ['topic', 'contentType', 'responseTopic', 'confirmation', 'timeout'],
    async run(plane, call) {
      const clientId = clientIdOf(call);
      const message = { ...messageOf(plane, call, call.query.get('topic') ?? ''), qos: 1 } as const;
      const seconds = timeoutOf(call);
      const confirmWithinMs = flag(call, 'confirmation') ? seconds * 1000 : undefined;
      const outcome = await plane.clients.send(clientId, message, confirmWithinMs);
      if (outcome !== 'sent') throw NOT_SENT[outcome](clientId);
      return { message: 'OK', traceId: message.traceId };
    },
  },
  {
    name: 'DeleteConnection',
    method: 'DELETE',
    path: /^\/connections\/([^/]+)$/,
    query: ['cleanSession', 'preventWillMessage'],
    async run(plane, call) {
      const clientId = clientIdOf(call);
      const how = { endSession: flag(call, 'cleanSession'), withoutWill: flag(call, 'preventWillMessage') };
      if (plane.disconnect(clientId, how)) return {};
      throw new AwsError('ResourceNotFoundException', `No client ${clientId} is connected`, 404);
    },
  },
];
