// The memory of waiting messages of all clients: which client loses messages when it is full.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { createDeliveryMemory } from '../../mqtt/delivery-memory.ts';
import type { InboundMessage } from '../../mqtt/message.ts';

const message = (bytes = 10_000): InboundMessage => ({
  ...{ topic: 't', payload: Buffer.alloc(bytes), qos: 0, retain: false, clientId: 'c', principal: 'p' },
  ...{ sourceIp: '', receivedAt: 0, traceId: '' },
});

function open(limitBytes: number) {
  const clock = createManualClock(0);
  const memory = createDeliveryMemory({ clock, limitBytes, socketBytes: 1_000, scarceSocketBytes: 10 });
  const lost: string[] = [];
  const cut: string[] = [];
  const join = (name: string) => {
    const held: InboundMessage[] = [];
    const share = memory.share({
      shed() {
        lost.push(name);
        for (const each of held.splice(0)) share.release(each);
      },
      cutOff() {
        cut.push(name);
        share.close();
      },
    });
    const hold = (each = message()) => {
      const isHeld = share.hold(each);
      if (isHeld) held.push(each);
      return isHeld;
    };
    return { ...share, hold };
  };
  return { clock, memory, lost, cut, join };
}

test('a message that waits for a hundred clients takes its memory once', () => {
  const { join, lost } = open(100_000);
  const shared = message(50_000);
  for (let i = 0; i < 100; i += 1) assert.ok(join(`c${i}`).hold(shared));
  assert.deepEqual(lost, []);
});

test('the client that has read nothing for longest loses messages first, and only as many as necessary', () => {
  const { join, lost } = open(100_000);
  const [one, two, three] = [join('one'), join('two'), join('three')];
  for (const each of [one, two, three]) for (let i = 0; i < 3; i += 1) each.hold();
  one.wrote(1);
  one.took(1);
  for (let i = 0; i < 3; i += 1) assert.ok(three.hold());
  assert.deepEqual(lost, ['two']);
});

test('bytes in sockets count, and a client that leaves them there for ten seconds is cut off', async () => {
  const { clock, join, cut } = open(100_000);
  const stalled = join('stalled');
  stalled.wrote(60_000);
  await clock.advance(5_000);
  const moving = join('moving');
  moving.wrote(40_000);
  const other = join('other');
  assert.equal(other.hold(), false);
  assert.deepEqual(cut, []);
  await clock.advance(5_000);
  assert.equal(other.hold(), true);
  assert.deepEqual(cut, ['stalled']);
});

test('sockets get less while memory is short', () => {
  const { memory, join } = open(100_000);
  assert.equal(memory.socketBytes(), 1_000);
  const client = join('c');
  client.wrote(30_000);
  assert.equal(memory.socketBytes(), 10);
  client.took(30_000);
  assert.equal(memory.socketBytes(), 1_000);
});
