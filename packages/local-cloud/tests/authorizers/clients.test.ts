// Authorizers: the answers that their function may give, the event that describes the client, and when they are called again.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { TLSSocket } from 'node:tls';
import type { IConnectPacket } from 'mqtt-packet';
import type { Authorizer } from '../../authorizers/authorizer.ts';
import { createAuthorizedClients } from '../../authorizers/clients.ts';
import { createManualClock } from '../../clock.ts';
import { createRecordingLog } from '../aws/local-cloud.ts';
import { openTestIot } from '../iot/iot-fixture.ts';

const authorizer: Authorizer = {
  ...{ name: 'a1', functionArn: 'arn:f1', keys: {}, isActive: true, isSigned: false, cachesHttp: false },
  ...{ tokenKeyName: 'token', createdAt: 0, modifiedAt: 0 },
};
const allowing = (action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }],
});
const good = {
  ...{ isAuthenticated: true, principalId: 'p1', policyDocuments: [allowing('iot:Connect')] },
  ...{ disconnectAfterInSeconds: 86_400, refreshAfterInSeconds: 300 },
};

/** Authorizer `a1`, whose function gives `answers` one after the other, the last one again and again. */
async function open(...answers: object[]) {
  const { iot } = await openTestIot();
  await iot.registry.commit([{ kind: 'authorizer', key: 'a1', value: authorizer }]);
  const events: object[] = [];
  const [clock, log] = [createManualClock(0), createRecordingLog()];
  const clients = createAuthorizedClients({
    ...{ registry: iot.registry, lookup: (connection) => iot.lookup(connection), clock, log },
    invoke: (_name, event) => {
      events.push(JSON.parse(event) as object);
      return Promise.resolve({ payload: JSON.stringify(answers.length > 1 ? answers.shift() : answers[0]) });
    },
  });
  const authorize = clients.authorizeOr(() => ({ allowed: false, reason: 'not of an authorizer' }));
  const socket = Object.assign(new EventEmitter(), {
    ...{ servername: 'iot.example.com', remoteAddress: '10.0.0.1', destroyed: false },
  }) as unknown as TLSSocket;
  const decide = (clientId: string, action: 'iot:Connect' | 'iot:Publish') =>
    authorize({ principal: 'p1', clientId, sourceIp: '10.0.0.1', action, resource: 'topic/x' });
  return { clients, events, clock, log, socket, decide };
}

const packet = (username: string, clientId = 'c1') =>
  ({ cmd: 'connect', clientId, username, password: Buffer.from('secret') }) as IConnectPacket;
const NAMED = 'me?x-amz-customauthorizer-name=a1';

test('the event of a client over MQTT', async () => {
  const { clients, events, socket, decide } = await open(good);
  const admitted = await clients.ofMqtt.ofConnect(packet(`${NAMED}&token=t1`), socket);
  assert.deepEqual(admitted, { identity: { principal: 'p1', sourceIp: '10.0.0.1' }, lastsMs: 86_400_000 });
  const [{ connectionMetadata, ...event }] = events as [Record<string, unknown>];
  assert.match(JSON.stringify(connectionMetadata), /"id":"[0-9a-f-]{36}"/);
  assert.deepEqual(event, {
    ...{ token: 't1', signatureVerified: false, protocols: ['tls', 'mqtt'] },
    protocolData: {
      tls: { serverName: 'iot.example.com' },
      mqtt: { username: `${NAMED}&token=t1`, password: 'c2VjcmV0', clientId: 'c1' },
    },
  });
  assert.equal(decide('c1', 'iot:Connect').allowed, true);
  assert.match(decide('c1', 'iot:Publish').reason, /no policy of principal p1 allows iot:Publish/);
  assert.equal(decide('c2', 'iot:Connect').reason, 'not of an authorizer');
});

const wrong: readonly (readonly [object, RegExp])[] = [
  [{ ...good, isAuthenticated: 'true' }, /did not authenticate/],
  [{ ...good, principalId: 'a-b' }, /principalId is not 1 to 128/],
  [{ ...good, principalId: 'a'.repeat(64) }, /like the ID of a certificate/],
  [{ ...good, disconnectAfterInSeconds: 10 }, /disconnectAfterInSeconds is not a number from 300/],
  [{ ...good, refreshAfterInSeconds: undefined }, /refreshAfterInSeconds/],
  [{ ...good, policyDocuments: 'x' }, /policyDocuments is not a list/],
  [{ ...good, policyDocuments: [allowing('iot:Conect')] }, /Conect/],
];
test.each(wrong)('the answer %j', async (answer, pattern) => {
  const { clients, socket } = await open(answer);
  await assert.rejects(clients.ofMqtt.ofConnect(packet(NAMED), socket), pattern);
});

test.each([
  ['me', 'c1', /there is no default authorizer/],
  ['me?x-amz-customauthorizer-name=a2', 'c1', /there is no authorizer a2/],
  [NAMED, '', /without a client ID/],
])('the user name %s with the client ID "%s"', async (username, clientId, pattern) => {
  const { clients, events, socket } = await open(good);
  await assert.rejects(clients.ofMqtt.ofConnect(packet(username, clientId), socket), pattern);
  assert.deepEqual(events, []);
});

test('policies that the function gives when it is asked again', async () => {
  const later = { ...good, policyDocuments: [allowing('iot:Publish')] };
  const { clients, events, clock, socket, decide } = await open(good, later);
  await clients.ofMqtt.ofConnect(packet(NAMED), socket);
  assert.equal(decide('c1', 'iot:Publish').allowed, false);
  await clock.advance(300_000);
  assert.equal(decide('c1', 'iot:Publish').allowed, true);
  socket.emit('close');
  await clock.advance(600_000);
  assert.equal(events.length, 2);
});

test('a function that fails or refuses once is asked again after the same time', async () => {
  const later = { ...good, policyDocuments: [allowing('iot:Publish')] };
  const { clients, clock, log, socket, decide } = await open(good, { isAuthenticated: false }, later);
  await clients.ofMqtt.ofConnect(packet(NAMED), socket);
  await clock.advance(300_000);
  assert.equal(decide('c1', 'iot:Connect').allowed, true);
  assert.equal(log.lines.filter(({ message }) => message.includes('stay as they were')).length, 1);
  await clock.advance(300_000);
  assert.equal(decide('c1', 'iot:Publish').allowed, true);
});

test('a day of answers leaves one listener on the connection', async () => {
  const { clients, events, clock, socket } = await open(good);
  await clients.ofMqtt.ofConnect(packet(NAMED), socket);
  for (let n = 0; n < 12; n += 1) await clock.advance(300_000);
  assert.equal(events.length, 13);
  assert.equal(socket.listenerCount('close'), 1);
});
