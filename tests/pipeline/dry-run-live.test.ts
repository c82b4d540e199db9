// A dry run and the live code on the same random histories: the same transitions for any number of windows per event.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { runDry } from '../../core/dry-run.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START, WINDOW_SECONDS } from './alert-world.ts';

const WINDOWS = 1000;
const SIZE = WINDOW_SECONDS * 1000;
const metric = 'temperature';
const rules: Omit<RuleData, 'id'>[] = [
  { metric, stat: 'max', above: 8, clearBelow: 7 },
  { metric, stat: 'min', below: -1, clearAbove: 0 },
  { metric, above: 8, below: -1, clearAfter: 2 },
  { metric, stat: 'mean', above: 6, forWindows: 3 },
  {
    metric,
    levels: [
      { severity: 'warning', above: 5, clearBelow: 4 },
      { severity: 'major', above: 8 },
      { severity: 'critical', above: 10, clearBelow: 9 },
    ],
    clearAfter: 2,
  },
  { metric, stat: 'mean', perMinute: true, above: 12 },
  { metric, stat: 'count', above: 2 },
  { metric, stat: 'last', above: 7, forWindows: 2, clearAfter: 3 },
];

interface History {
  readonly seed: number;
  /** How likely the value jumps from a window to the next, instead of going a little. */
  readonly jumps: number;
  /** How many windows come in one event. */
  readonly packed: number;
  /** Whether a sweep comes before each event is judged, once its readings are counted. */
  readonly swept: boolean;
}
const histories: fc.Arbitrary<History> = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  jumps: fc.constantFrom(0.02, 0.2, 0.9),
  packed: fc.constantFrom(1, 7, 7, 20, 300, 1000),
  swept: fc.boolean(),
});

/** Park and Miller's generator. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Numbers of windows and what was measured in each; some are missing, and some have only humidity. */
function measured({ seed, jumps }: History): { n: number; values: readonly number[] }[] {
  const random = createRandom(seed);
  let [n, value] = [0, 4];
  return Array.from({ length: WINDOWS }, () => {
    n += random() < 0.03 ? 1 + Math.floor(random() * 20) : 1;
    value = random() < jumps ? Math.floor(random() * 16) - 3 : value + Math.floor(random() * 3) - 1;
    value = Math.max(-4, Math.min(13, value));
    const count = random() < 0.05 ? 0 : 1 + Math.floor(random() * 3);
    return { n, values: Array.from({ length: count }, () => value + Math.floor(random() * 2)) };
  });
}

async function live(history: History) {
  const world = createAlertWorld({ rules });
  const environment = world.environment();
  const windows: Window[] = [];
  let event: Window[] = [];
  const judgeAll = async () => {
    const [first] = event;
    // Sweeps look ten minutes back, as what comes later than that is late.
    if (history.swept && history.packed <= 20) await environment.sweep(`sweep-${world.clock.time}`);
    if (first) await environment.judge(event, `event-${first.windowStart}`);
    event = [];
  };
  for (const { n, values } of measured(history)) {
    world.clock.time = START + n * SIZE + 9000;
    let window: Window | undefined;
    const readings =
      values.length > 0
        ? values.map((value) => ({ name: metric, value }))
        : [{ name: 'humidity', value: 50 }];
    for (const [index, { name, value }] of readings.entries()) {
      const timestamp = START + n * SIZE + index * 1000;
      const print = fingerprint(`${n}/${index}`);
      const metrics = [{ name, value: decimalOf(value)! }];
      const reading = { deviceId: 'device', site: 'seattle', timestamp, metrics, fingerprint: print };
      window = (await world.services.windows.apply(deltaOf(reading, WINDOW_SECONDS))).window;
    }
    await world.services.devices.noteSeen('device', 'seattle', world.clock.time);
    event.push(window!);
    windows.push(window!);
    if (event.length >= history.packed) await judgeAll();
  }
  await judgeAll();
  await world.services.devices.noteSeen('device', 'seattle', world.clock.time);
  world.clock.time += 2 * MINUTE;
  await environment.sweep('sweep'); // closes the last window
  await assertAnnounced(world);
  return { world, windows };
}

/**
 * A window that cleared an alert and then got a reading beyond the limit raises it again. A dry run, which sees the window as
 * it is in the end, lists neither: the state before and after is the same.
 */
function withoutTakenBack<Entry extends { readonly what: string; readonly windowStart?: number }>(
  entries: readonly Entry[],
): Entry[] {
  const left: Entry[] = [];
  for (const entry of entries) {
    const last = left.at(-1);
    const isTakenBack =
      entry.what === 'raised' && last?.what === 'cleared' && last.windowStart === entry.windowStart;
    if (isTakenBack) left.pop();
    else left.push(entry);
  }
  return left;
}

test('the history equals the dry run except for clears that a later reading of the same window reverted', async () => {
  const upper: Omit<RuleData, 'id'>[] = [
    { metric, stat: 'max', above: 8, clearBelow: 7 },
    { metric, above: 8, clearAfter: 2 },
    { metric, stat: 'max', above: 8, forWindows: 2 },
  ];
  let takenBack = 0;
  const step = fc.record({
    value: fc.constantFrom(4, 4, 5, 9, 11),
    /** Comes in the same window when a sweep has closed it, and is beyond every limit. */
    late: fc.option(fc.constantFrom(9, 12), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
      const world = createAlertWorld({ rules: upper });
      const environment = world.environment();
      const judge = async (n: number, value: number) =>
        environment.judge([await world.measure(n, value)], `event-${n}-${value}`);
      for (const [index, { value, late }] of steps.entries()) {
        const n = index * 10;
        world.clock.time = START + n * SIZE + 9000;
        await judge(n, value);
        world.clock.time += 80_000;
        await environment.sweep(`sweep-${n}`);
        if (late !== undefined) await judge(n, late);
      }
      world.clock.time += 2 * MINUTE;
      await environment.sweep('sweep');
      await assertAnnounced(world);
      const windows = await world.services.windows.before('device', Number.MAX_SAFE_INTEGER, 1000);
      for (const data of world.rules.data) {
        const options = { windowSeconds: WINDOW_SECONDS, until: world.clock.time };
        const listed = runDry(compileRule(data), windows, options);
        const decided = world.decided.map(({ entry }) => entry).filter(({ ruleId }) => ruleId === data.id);
        const left = withoutTakenBack(decided);
        takenBack += (decided.length - left.length) / 2;
        assert.deepEqual(
          left.map(({ what, windowStart }) => [what, windowStart]),
          listed.map(({ transition, windowStart }) => [transition, windowStart]),
        );
      }
    }),
    runsOf(62, 40),
  );
  assert.ok(takenBack > 50, `${takenBack} taken back`);
});

const transitions = new Map<string, number>();
let folds = 0;

test('the live history equals the dry run, and every transition is in a notification or counted by one', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { world, windows } = await live(history);
      const until = world.clock.time;
      for (const data of world.rules.data) {
        const listed = runDry(compileRule(data), windows, { windowSeconds: WINDOW_SECONDS, until });
        const decided = world.decided
          .filter(({ entry }) => entry.ruleId === data.id)
          .map(({ entry }) => entry);
        assert.deepEqual(
          decided.map(({ entryId, what, severity, value, limit }) => [entryId, what, severity, value, limit]),
          listed.map(({ alertId, transition, severity, value, limit }) => [
            ...[alertId, transition, severity, value, limit],
          ]),
        );
        const sent = world.sent
          .map(({ notification }) => notification)
          .filter(({ ruleId }) => ruleId === data.id);
        assert.equal(
          sent.reduce((total, { folded }) => total + (folded?.changes ?? 1), 0),
          listed.length,
        );
        assert.equal(sent.at(-1)?.alertId, listed.at(-1)?.alertId);
        assert.equal(sent[0]?.alertId, listed[0]?.alertId);
        if (history.packed === 1)
          assert.deepEqual(
            sent.map(({ alertId }) => alertId),
            listed.map(({ alertId }) => alertId),
          );
        folds += sent.filter(({ folded }) => folded).length;
        for (const { transition } of listed)
          transitions.set(transition, (transitions.get(transition) ?? 0) + 1);
      }
    }),
    runsOf(61, 6),
  );
  assert.ok(folds > 3, `${folds} folded`);
  for (const transition of ['raised', 'worsened', 'eased', 'cleared'])
    assert.ok((transitions.get(transition) ?? 0) > 50, `${transition}: ${transitions.get(transition)}`);
});
