// The plan of one device: its messages and their times, the same for the same seed.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { planMessages, type PlannedMessage, type PlanOptions } from '../../device-sim/messages.ts';

const start = Date.UTC(2026, 0, 2, 3, 4, 5);
const plan = (options: Partial<PlanOptions> = {}): PlannedMessage[] => [
  ...planMessages({
    seed: 7,
    pattern: (_, second) => ({ temperature: second }),
    start,
    rate: 1,
    jitter: false,
    duplicates: 0,
    reorder: 0,
    pack: 1,
    speed: 1,
    count: 100,
    ...options,
  }),
];

interface Reading {
  id: string;
  timestamp: number;
  temperature: number;
}
const readings = (messages: readonly PlannedMessage[]) =>
  messages.flatMap(({ payload }) => {
    const message = JSON.parse(payload) as Reading | { readings: Reading[] };
    return 'readings' in message ? message.readings : [message];
  });
const isSorted = (values: readonly number[]) =>
  values.every((value, i) => i === 0 || value >= values[i - 1]!);

test('sends one reading a message, with id, timestamp and metrics, at the given rate', () => {
  const messages = plan({ rate: 4 });
  const [first, second] = readings(messages);
  assert.equal(messages.length, 100);
  assert.deepEqual(Object.keys(first!), ['id', 'timestamp', 'temperature']);
  assert.ok(first!.timestamp >= start && first!.timestamp < start + 250);
  assert.equal(second!.timestamp - first!.timestamp, 250);
  assert.equal(first!.temperature, (first!.timestamp - start) / 1_000);
  for (const [i, { due }] of messages.entries()) assert.equal(due, readings(messages)[i]!.timestamp - start);
});

test('gives every reading of a device its own ID, and other IDs after another start', () => {
  const ids = readings(plan({ count: 1_000 })).map(({ id }) => id);
  assert.equal(new Set(ids).size, 1_000);
  const later = readings(plan({ count: 1_000, start: start + 1 })).map(({ id }) => id);
  assert.equal(new Set([...ids, ...later]).size, 2_000);
  assert.ok(ids.every((id) => id.length <= 64));
});

const all = { jitter: true, duplicates: 0.3, reorder: 0.3, pack: 3, count: 500 };

test('plans the same messages for the same seed, and others for another', () => {
  assert.deepEqual(plan(all), plan(all));
  assert.notDeepEqual(plan(all), plan({ ...all, seed: 8 }));
});

test('sends everything in the order in which it is due', () => {
  assert.ok(isSorted(plan(all).map(({ due }) => due)));
});

test('packs the requested number of readings, and the rest into a last message', () => {
  const messages = plan({ pack: 8 });
  assert.deepEqual(
    messages.map((message) => message.readings),
    [...Array.from({ length: 12 }, () => 8), 4],
  );
  assert.equal(readings(messages).length, 100);
});

test('repeats the given share of messages later, byte for byte', () => {
  const messages = plan({ duplicates: 0.2, count: 1_000 });
  const repeated = messages.filter(({ duplicate }) => duplicate);
  assert.ok(repeated.length > 150 && repeated.length < 250, String(repeated.length));
  for (const { payload, due } of repeated) {
    const original = messages.find((message) => message.payload === payload && !message.duplicate)!;
    assert.ok(original.due < due);
  }
  assert.equal(new Set(readings(messages).map(({ id }) => id)).size, 1_000);
});

test('lets later messages overtake the given share of messages, without losing any', () => {
  const times = readings(plan({ reorder: 0.2, count: 1_000 })).map(({ timestamp }) => timestamp);
  assert.equal(new Set(times).size, 1_000);
  const overtaken = times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
  assert.ok(overtaken > 100 && overtaken < 300, String(overtaken));
  assert.equal(isSorted(readings(plan()).map(({ timestamp }) => timestamp)), true);
});

test('moves readings by at most a quarter of their interval with jitter', () => {
  const even = plan({ count: 500 }).map(({ due }) => due);
  const moved = plan({ count: 500, jitter: true }).map(({ due }) => due);
  const by = moved.map((due, i) => Math.abs(due - even[i]!));
  assert.ok(Math.max(...by) <= 251 && Math.max(...by) > 200);
});

test('ends after the duration or the number of readings, silent times not counted', () => {
  assert.equal(plan({ count: undefined, duration: 10_000 }).length, 10);
  const pattern: PlanOptions['pattern'] = (_, second) =>
    Math.floor(second) % 2 === 0 ? { temperature: 1 } : undefined;
  const messages = plan({ pattern, count: 10 });
  assert.equal(messages.length, 10);
  assert.ok(messages.at(-1)!.due >= 18_000);
});

test('runs the pattern faster than time if the options say so', () => {
  const [first, second] = readings(plan({ speed: 600 }));
  assert.equal(second!.timestamp - first!.timestamp, 1_000);
  assert.ok(Math.abs(second!.temperature - first!.temperature - 600) < 1e-6);
});

test('sends devices with different seeds at different points of the interval', () => {
  const first = [1, 2, 3, 4].map((seed) => plan({ seed })[0]!.due);
  assert.equal(new Set(first).size, 4);
});
