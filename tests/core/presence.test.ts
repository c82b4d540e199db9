// What is read from a lifecycle event, and which events are ignored.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parsePresence } from '../../core/presence.ts';

const sample = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../events/presence-${name}.json`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
const connected = sample('connected');

test('a connection', () => {
  assert.deepEqual(parsePresence(connected), {
    deviceId: 'store-sensor-seattle1',
    online: true,
    at: 1790000000123,
    version: 3,
    sessionId: '6b1d3a52-51cf-4ff5-9dbd-0f1d7d1e8a01',
    ipAddress: '192.0.2.17',
  });
});

test('its end has a reason', () => {
  assert.deepEqual(parsePresence(sample('disconnected')), {
    deviceId: 'store-sensor-seattle1',
    online: false,
    at: 1790000300456,
    version: 3,
    sessionId: '6b1d3a52-51cf-4ff5-9dbd-0f1d7d1e8a01',
    disconnectReason: 'CONNECTION_LOST',
    ipAddress: '192.0.2.17',
  });
});

const ignored: readonly (readonly [what: string, event: unknown])[] = [
  ['nothing', undefined],
  ['text', 'connected'],
  ['a refused connection', { ...connected, eventType: 'connect_failed' }],
  ['a client id that no thing can have', { ...connected, clientId: 'dashboard-us-east-1:1/2' }],
  ['an empty client id', { ...connected, clientId: '' }],
  ['a client id that is not text', { ...connected, clientId: 7 }],
  ['a client id of 129 characters', { ...connected, clientId: 'a'.repeat(129) }],
  ['an event without a time', { ...connected, timestamp: undefined }],
  ['a time that is text', { ...connected, timestamp: '1790000000123' }],
  ['a negative version', { ...connected, versionNumber: -1 }],
  ['a version that is not a whole number', { ...connected, versionNumber: 1.5 }],
  ['an event without a session', { ...connected, sessionIdentifier: null }],
];
for (const [what, event] of ignored) {
  test(`ignores ${what}`, () => assert.equal(parsePresence(event), undefined));
}

test('a thing may have the name of an Object.prototype member', () => {
  assert.equal(parsePresence({ ...connected, clientId: '__proto__' })?.deviceId, '__proto__');
});
