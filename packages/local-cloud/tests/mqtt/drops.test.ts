// What the log says of lost messages: one line a client, reason and minute, with the number.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { createCounters } from '../../counters.ts';
import type { Fields } from '../../log.ts';
import { createDrops } from '../../mqtt/drops.ts';

function open() {
  const clock = createManualClock(0);
  const counters = createCounters();
  const lines: Fields[] = [];
  const warn = (_message: string, fields: Fields = {}) => void lines.push(fields);
  const drops = createDrops({ clock, log: { info: warn, warn, error: warn }, count: counters.count });
  return { clock, counters, lines, drops };
}

test('a burst is one line, a second after its first message', async () => {
  const { clock, counters, lines, drops } = open();
  for (let i = 0; i < 57; i += 1) drops.add('sub-1', 'too slow');
  drops.add('sub-2', 'too slow', 3);
  await clock.advance(999);
  assert.deepEqual(lines, []);
  await clock.advance(1);
  assert.deepEqual(lines, [
    { client: 'sub-1', messages: 57, reason: 'too slow' },
    { client: 'sub-2', messages: 3, reason: 'too slow' },
  ]);
  assert.equal(counters.get('mqtt.dropped'), 60);
});

test('losses that go on are one line a minute, and none is left out', async () => {
  const { clock, lines, drops } = open();
  for (let second = 0; second < 150; second += 1) {
    drops.add('sub-1', 'too slow', 10);
    await clock.advance(1_000);
  }
  assert.deepEqual(
    lines.map(({ messages }) => messages),
    [10, 600, 600],
  );
  drops.close();
  assert.equal(lines.at(-1)!['messages'], 290);
});

test('of many clients 20 have a line, and the others share one', async () => {
  const { clock, lines, drops } = open();
  for (let i = 0; i < 1_000; i += 1) drops.add(`sub-${i}`, 'too slow', 2);
  await clock.advance(1_000);
  assert.equal(lines.length, 21);
  assert.deepEqual(lines.at(-1), { client: 'others', messages: 1_960 });
});
