// Where `--host` opens the MQTT port, the names in the certificate, and refused hosts.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { type Machine, resolveMqttHosts } from '../../mqtt/hosts.ts';
import { StartError } from '../../start-error.ts';

const addresses = ['127.0.0.1', '::1', '192.0.2.7', '198.51.100.3', 'fd00::7', 'fe80::7'];
const names: Readonly<Record<string, readonly string[]>> = {
  'cellar.example': ['127.0.1.1'],
  localhost: ['::1', '127.0.0.1'],
  'cellar.lan': ['192.0.2.7'],
  'other.lan': ['192.0.2.99'],
};
const machine: Machine = {
  name: 'cellar.example',
  addresses,
  resolve: async (name) => names[name] ?? [],
};
const ownNames = ['cellar.example', 'cellar.local'];
const named = [...ownNames, ...addresses];

test('without --host nothing but loopback is opened and named', async () => {
  const expected = { listen: ['127.0.0.1'], reachable: [], named: [] };
  assert.deepEqual(await resolveMqttHosts(undefined, machine), expected);
  assert.deepEqual(await resolveMqttHosts('127.0.0.1', machine), expected);
});

const cases: readonly (readonly [host: string, listen: readonly string[], reachable: readonly string[]])[] = [
  ['0.0.0.0', ['0.0.0.0'], ['192.0.2.7', '198.51.100.3', ...ownNames]],
  ['::', ['::'], ['192.0.2.7', '198.51.100.3', 'fd00::7', ...ownNames]],
  ['192.0.2.7', ['127.0.0.1', '192.0.2.7'], ['192.0.2.7', ...ownNames]],
  ['fd00::7', ['127.0.0.1', 'fd00::7'], ['fd00::7', ...ownNames]],
  ['fe80::7%eth0', ['127.0.0.1', 'fe80::7%eth0'], ownNames],
  ['cellar.lan', ['127.0.0.1', '192.0.2.7'], ['192.0.2.7', ...ownNames]],
  [
    'cellar.example',
    ['127.0.0.1', '192.0.2.7', '198.51.100.3', 'fd00::7'],
    ['192.0.2.7', '198.51.100.3', 'fd00::7', ...ownNames],
  ],
  [
    'CELLAR.local',
    ['127.0.0.1', '192.0.2.7', '198.51.100.3', 'fd00::7'],
    ['192.0.2.7', '198.51.100.3', 'fd00::7', ...ownNames],
  ],
];
for (const [host, listen, reachable] of cases) {
  test(`--host ${host} opens ${listen.join(', ')}, and every name and address is in the certificate`, async () => {
    assert.deepEqual(await resolveMqttHosts(host, machine), { listen, reachable, named });
  });
}

test('localhost opens both loopback addresses, for this machine only', async () => {
  const found = await resolveMqttHosts('localhost', machine);
  assert.deepEqual(found, { listen: ['127.0.0.1', '::1'], reachable: [], named: [] });
});

for (const [host, reason] of [
  ['203.0.113.9', 'this machine has no such address'],
  ['fd00::99', 'this machine has no such address'],
  ['nowhere.example', 'nobody knows that name'],
  ['other.lan', 'the name leads to 192.0.2.99, which is not this machine'],
  ['', 'nobody knows that name'],
] as const) {
  test(`--host ${host || '(empty)'} ends with one line: ${reason}`, async () => {
    await assert.rejects(resolveMqttHosts(host, machine), (error) => {
      assert.ok(error instanceof StartError);
      assert.ok(error.message.startsWith(`--host ${host}: ${reason}; it has 127.0.0.1, `), error.message);
      return !error.message.includes('\n');
    });
  });
}
