// Windows that overtake each other: which environment announces what, and nothing twice.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Window } from '../../core/window.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, START } from './alert-world.ts';
import { assertJudged, metric, plain, type Rule } from './newest-window.ts';

/** One rule, three environments; windows by their number, the clock in seconds after the start. */
function createScene(rule: Rule) {
  const world = createAlertWorld({ rules: [rule] });
  const sweeper = world.environment();
  const at = (seconds: number) => void (world.clock.time = START + seconds * 1000);
  return {
    world,
    at,
    judge: async (values: Readonly<Record<number, number>>, environment = world.environment()) => {
      const windows: Window[] = [];
      for (const [n, value] of Object.entries(values)) windows.push(await world.measure(Number(n), value));
      await environment.judge(windows, `event-${Object.keys(values).join()}-${world.clock.time}`);
    },
    sweep: async () => sweeper.sweep(`sweep-${world.clock.time}`),
  };
}

test('a sweep that clears by an older window raises by the newer one that is hot and still open', async () => {
  const { world, at, judge, sweep } = createScene(plain[0]!);
  at(55);
  await judge({ 5: 9 });
  at(135);
  await judge({ 13: 11 });
  await judge({ 6: 4 });
  await sweep();
  assert.deepEqual(world.log(), ['raised 9', 'cleared 4', 'raised 11']);
  await assertAnnounced(world);
  await assertJudged(world);
});

test('an event of older windows that clears an alert raises it again for a newer window of another event', async () => {
  const { world, at, judge } = createScene(plain[0]!);
  at(55);
  await judge({ 5: 9 });
  at(85);
  await judge({ 8: 11 });
  await judge({ 6: 4, 7: 4 });
  assert.deepEqual(world.log(), ['raised 9', 'cleared 4', 'raised 11']);
  await assertAnnounced(world);
  await assertJudged(world);
});

test.each([3, 4, 5, 6, 7, 8])(
  'what an environment that crashed at action %i left unjudged is judged by the next sweep',
  async (crashAt) => {
    const { world, at, judge, sweep } = createScene(plain[0]!);
    at(55);
    await judge({ 5: 9 });
    at(85);
    await judge({ 8: 11 });
    const crashing = world.environment((n) => (n === crashAt ? 'crashed' : undefined));
    // Nobody repeats the event.
    await judge({ 6: 4, 7: 4 }, crashing).catch(() => {});
    for (const seconds of [200, 320, 440]) {
      at(seconds);
      await sweep();
    }
    assert.equal(world.log().at(-1), 'raised 11');
    await assertAnnounced(world);
    await assertJudged(world);
  },
);

test.each([
  ['one window', plain[0]!],
  ['two windows in a row', { metric, stat: 'max', above: 8, forWindows: 2 }],
] as const)(
  'a window that cleared an alert of %s raises it again by a hot reading, once',
  async (_name, rule: Rule) => {
    const { world, at, judge, sweep } = createScene(rule);
    at(55);
    await judge({ 4: 9 });
    await judge({ 5: 9 });
    at(65);
    await judge({ 6: 4 });
    at(140);
    await sweep();
    assert.deepEqual(world.log(), ['raised 9', 'cleared 4']);
    await judge({ 6: 11 });
    await judge({ 6: 12 });
    await judge({ 6: 4 });
    await sweep();
    assert.deepEqual(world.log(), ['raised 9', 'cleared 4', 'raised 11']);
    at(150);
    await judge({ 14: 4 });
    await judge({ 15: 4 });
    assert.deepEqual(world.log(), ['raised 9', 'cleared 4', 'raised 11', 'cleared 4']);
    await assertAnnounced(world);
  },
);
