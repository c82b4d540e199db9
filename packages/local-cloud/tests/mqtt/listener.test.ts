// The way in: several addresses with one port, and no more arrivals than can be served.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock, systemClock } from '../../clock.ts';
import { createArrivals, networkOf, openListener } from '../../mqtt/listener.ts';
import { defaultLimits } from '../../mqtt/limits.ts';

const limits = {
  ...defaultLimits,
  arrivalBurst: 5,
  arrivalsPerSecond: 2,
  arrivalBurstOfAll: 12,
  arrivalsPerSecondOfAll: 4,
  handshakeTimeoutMs: 2_000,
};
const times = <T>(n: number, make: () => T) => Array.from({ length: n }, make);

test('arrivals of one address are served at once, then at their rate, then refused', async () => {
  const clock = createManualClock(0);
  const waitFor = createArrivals(limits, clock);
  assert.deepEqual(
    times(11, () => waitFor('192.0.2.1')),
    [0, 0, 0, 0, 0, 500, 1_000, 1_500, 2_000, undefined, undefined],
  );
  assert.equal(waitFor('192.0.2.2'), 0, 'another address does not suffer');
  await clock.advance(10_000);
  assert.equal(waitFor('192.0.2.1'), 0);
});

test('all other machines together have a rate limit too, and this machine has none', async () => {
  const clock = createManualClock(0);
  const waitFor = createArrivals(limits, clock);
  const waits = Array.from({ length: 24 }, (_, i) => waitFor(`192.0.2.${i}`));
  assert.deepEqual(waits.slice(0, 14), [...times(12, () => 0), 250, 500]);
  assert.deepEqual(waits.slice(-4), [undefined, undefined, undefined, undefined]);
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    assert.deepEqual(new Set(times(100, () => waitFor(address))), new Set([0]));
});

test('addresses of one IPv6 network count as one, and a thousand are remembered', async () => {
  for (const address of ['fd00::1', 'fd00:0:0:0:ffff::2', 'fd00::9:8:7:6'])
    assert.equal(networkOf(address), 'fd00:0:0:0', address);
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
});

async function open(hosts: readonly string[], connections = 10) {
  const entered: Socket[] = [];
  const refused: string[] = [];
  const listener = await openListener({
    hosts,
    port: 0,
    clock: systemClock,
    limits: { ...limits, connections },
    enter: (socket) => void entered.push(socket),
    refuse(socket, reason) {
      refused.push(reason);
      socket.destroy();
    },
    failed: (error) => assert.fail(error),
  });
  const clients: Socket[] = [];
  cleanup(async () => {
    for (const socket of [...clients, ...entered]) socket.destroy();
    await listener.close();
  });
  const call = async (host: string) => {
    const socket = connect(listener.port, host).on('error', () => {});
    clients.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  return { listener, entered, refused, call };
}

test('one port serves several addresses of this machine, and no other', async () => {
  const { entered, call } = await open(['127.0.0.1', '127.0.0.2']);
  await call('127.0.0.1');
  await call('127.0.0.2');
  await eventually('both entered', () => entered.length === 2);
  await assert.rejects(call('127.0.0.3'), { code: 'ECONNREFUSED' });
});

test('the limit of connections holds for all addresses together', async () => {
  const { entered, refused, call } = await open(['127.0.0.1', '127.0.0.2'], 3);
  for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']) await call(host);
  await eventually('one was refused', () => refused.length === 1);
  assert.deepEqual([entered.length, refused], [3, ['3 connections are open']]);
});

test('an address that this machine does not have is reported with the code of the system', async () => {
  await assert.rejects(open(['127.0.0.1', '203.0.113.9']), { code: 'EADDRNOTAVAIL' });
});
