// The line of totals fits its terminal, whatever the totals are, and logged lines are above it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { createDisplay } from '../../commands/display.ts';
import { createCounters } from '../../counters.ts';

const labels = ['in', 'windows', 'archived', 'alerts', 'rejected', 'refused'];
/** Label and counter. */
const totals = Object.fromEntries(labels.map((label) => [label, label === 'in' ? 'mqtt.received' : label]));

/** A terminal, or a pipe where `isTTY` is false, after a second with these counts. */
async function show(counts: Readonly<Record<string, number>>, { columns = 80, isTTY = true } = {}) {
  const clock = createManualClock(Date.UTC(2026, 0, 2));
  const counters = createCounters();
  let written = '';
  const out = { isTTY, columns, write: (text: string) => (written += text) };
  const display = createDisplay(out, counters, clock, totals);
  for (const [label, value] of Object.entries(counts)) counters.count(totals[label]!, value);
  await clock.advance(isTTY ? 1_000 : 30_000);
  return { display, clock, counters, take: () => [written, (written = '')][0]! };
}

const all = (value: number) => Object.fromEntries(labels.map((label) => [label, value]));

const lines: readonly (readonly [counts: Readonly<Record<string, number>>, line: string])[] = [
  [{}, '0/s · in 0 · windows 0 · archived 0 · alerts 0 · rejected 0 · refused 0'],
  [
    { in: 240, windows: 240, alerts: 1 },
    '240/s · in 240 · windows 240 · archived 0 · alerts 1 · rejected 0 · refused 0',
  ],
  [
    { in: 12_345, windows: 4_500_000 },
    '12k/s · in 12k · windows 4.5M · archived 0 · alerts 0 · rejected 0 · refused 0',
  ],
  [all(10_000_000), '10M/s  in 10M  windows 10M  archived 10M  alerts 10M  rejected 10M  refused 10M'],
  [all(9_999), '10k/s in 10k windows 10k archived 10k alerts 10k rejected 10k refused 10k'],
  [{ in: 9_999 }, '9999/s · in 9999 · windows 0 · archived 0 · alerts 0 · rejected 0 · refused 0'],
];
for (const [counts, line] of lines) {
  test(`${JSON.stringify(counts)} is shown in 80 columns as ${line}`, async () => {
    assert.equal((await show(counts)).take(), line);
    assert.ok(line.length < 80);
  });
}

test('where there is room, large numbers have three digits', async () => {
  const { take } = await show({ ...all(12_345), windows: 123_456, alerts: 4_561_000 }, { columns: 200 });
  assert.equal(
    take(),
    '12.3k/s · in 12.3k · windows 123k · archived 12.3k · alerts 4.56M · rejected 12.3k · refused 12.3k',
  );
});

test('six totals of six digits fit 80 columns', async () => {
  const { counters, clock, take } = await show(all(800_000));
  counters.count('mqtt.received', 5_432);
  take();
  await clock.advance(1_000);
  assert.equal(
    take().replace('\r\u001B[2K', ''),
    '5k/s in 805k windows 800k archived 800k alerts 800k rejected 800k refused 800k',
  );
});

test('no total is cut in the middle of its number, on any terminal and at any count', async () => {
  for (const columns of [20, 40, 60, 80, 81, 100, 200]) {
    for (const value of [0, 9, 99, 999, 9_999, 99_999, 999_999, 9_999_999, 10_000_000, 999_999_999]) {
      const line = (await show(all(value), { columns })).take();
      assert.ok(line.length < columns, `${line.length} of ${columns}: ${line}`);
      assert.match(line, /^[\d.]+[kMB]?\/s(?:( · | {1,2})[a-z]+ [\d.]+[kMB]?)*$/);
      if (columns >= 80 && value < 10_000) assert.match(line, /refused/);
    }
  }
});

test('a terminal that does not say its width counts as one of 80 columns', async () => {
  assert.equal((await show(all(123), { columns: 0 })).take().length < 80, true);
});

test('a logged line is above the totals, which are drawn again below it', async () => {
  const { display, take } = await show({ in: 5 });
  const line = take();
  display.write('warn: Sort: Readings rejected\n');
  assert.equal(take(), `\r\u001B[2Kwarn: Sort: Readings rejected\n${line}`);
  assert.equal(display.columns, 80);
  display.stop();
  assert.equal(take(), '\r\u001B[2K');
});

test('a pipe gets exact numbers as JSON', async () => {
  const { take } = await show(all(12_345_678), { isTTY: false });
  assert.deepEqual(JSON.parse(take()), {
    level: 'info',
    time: '2026-01-02T00:00:30.000Z',
    message: 'totals',
    ...all(12_345_678),
  });
});
