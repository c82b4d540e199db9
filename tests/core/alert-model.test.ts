// Random rules over random histories of windows: the state machine announces what the model announces, and keeps its invariants.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { SEVERITIES, type Level, type LimitRule } from '../../core/alert-rule.ts';
import type { AlertState, Notification } from '../../core/alert-state.ts';
import { judge } from '../../core/alert.ts';
import { decimalOf } from '../../core/decimal.ts';
import type { Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';
import { createModel, type PlainWindow } from './alert-model.ts';

const START = 1_790_000_000_000;
const SIZE = 10_000;

/** An event for the n-th window: a reading arrives, or all windows are closed and judged. */
interface Event {
  readonly kind: 'reading' | 'other' | 'again' | 'sweep';
  readonly n: number;
  readonly value: number;
}

/** Limits on one side or both; each level is a little beyond the one before, or, rarely, not as far. */
const levels: fc.Arbitrary<Level[]> = fc
  .record({
    sides: fc.constantFrom('above', 'below', 'band'),
    severities: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    reaches: fc.array(fc.constantFrom(1, 2, 2, 3, 4, -1), { minLength: 4, maxLength: 4 }),
    margins: fc.option(fc.tuple(fc.nat(3), fc.nat(3)), { nil: undefined }),
  })
  .map(({ sides, severities, reaches, margins }) => {
    let reach = 0;
    return severities.map((index) => {
      reach = Math.max(1, reach + reaches[index]!);
      const [up, down] = margins ?? [0, 0];
      const isNarrow = sides === 'band' && up + down >= 2 * reach;
      return {
        severity: SEVERITIES[index]!,
        ...(sides !== 'below' && { above: reach, ...(margins && !isNarrow && { clearBelow: reach - up }) }),
        ...(sides !== 'above' && {
          below: -reach,
          ...(margins && !isNarrow && { clearAbove: down - reach }),
        }),
      };
    });
  });

const rules: fc.Arbitrary<LimitRule> = fc
  .record({
    levels,
    stat: fc.constantFrom('min', 'max', 'mean', 'last', 'count', undefined),
    countsReadings: fc.boolean(),
    perMinute: fc.boolean(),
    forWindows: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    clearAfter: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  .map(({ levels, stat, countsReadings, perMinute, forWindows, clearAfter }) => ({
    id: 'rule',
    channels: ['email'],
    levels,
    ...(stat && { stat }),
    ...(!(stat === 'count' && countsReadings) && { metric: 'temperature' }),
    ...(stat && perMinute && { perMinute }),
    ...(forWindows && { forWindows }),
    ...(clearAfter && { clearAfter }),
  }));

/** Mostly one window after another; sometimes a late one, a missing one, or one that is judged again. */
const histories: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Event['kind']>(
        'reading',
        'reading',
        'reading',
        'reading',
        'other',
        'again',
        'sweep',
      ),
      step: fc.constantFrom(0, 1, 1, 1, 1, 1, 1, 2, -1, -3),
      value: fc.constantFrom(undefined, undefined, undefined, 0, 0, 0, 1, -1, 2, -2, 3, -3, 5, -5, 9, -9),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
  .map((steps) => {
    let [newest, latest] = [5, 0];
    return steps.map(({ kind, step, value }) => {
      const n = Math.max(0, newest + step);
      newest = Math.max(newest, n);
      latest = value ?? latest;
      return { kind, n, value: latest };
    });
  });

function windowOf({ start, values, others }: PlainWindow): Window {
  const decimals = values.map((value) => decimalOf(value)!);
  const total = decimals.reduce((sum, value) => sum + value, 0n);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    ...{ deviceId: 'store-1', site: 'seattle', windowStart: start, readings: values.length + others },
    metrics: new Map(
      values.length > 0
        ? [
            [
              'temperature',
              { min: decimalOf(least)!, max: decimalOf(most)!, sum: total, count: values.length },
            ],
          ]
        : [],
    ),
    ...{ firstReadingAt: start, lastReadingAt: start + values.length, lastFingerprint: '0000000000000001' },
    last: new Map(decimals.length > 0 ? [['temperature', decimals.at(-1)!]] : []),
  };
}

/** The notifications of the state machine over a history, and all its states. */
function play(rule: LimitRule, events: readonly Event[]) {
  const windows = new Map<number, PlainWindow>();
  const announced: Notification[] = [];
  const states: AlertState[] = [];
  const model = createModel(rule);
  let state: AlertState | undefined;
  let now = START;
  for (const { kind, n, value } of events) {
    now += 1000;
    const start = START + n * SIZE;
    const known = windows.get(n) ?? { start, values: [], others: 0 };
    if (kind === 'reading') windows.set(n, { ...known, values: [...known.values, value] });
    if (kind === 'other') windows.set(n, { ...known, others: known.others + 1 });
    const inOrder = [...windows.values()].sort((a, b) => a.start - b.start);
    const seen = kind === 'sweep' ? inOrder : inOrder.filter((window) => window.start <= start);
    const lastIsOpen = kind !== 'sweep' && windows.has(n);
    const all = seen.map(windowOf);
    const recent = lastIsOpen ? { closed: all.slice(0, -1), current: all.at(-1)! } : { closed: all };
    for (;;) {
      const next = judge(rule, state, recent, { now });
      if (next === undefined || next === state) break;
      states.push(next);
      announced.push(...next.pending.map(({ notification }) => notification));
      state = { ...next, pending: [], unrecorded: [] };
    }
    model.judge(seen, lastIsOpen);
  }
  return { announced, states, expected: model.announced };
}

const laws = fc.tuple(rules, histories);
const runs = runsOf(41, 300);

test('random histories give the notifications of the model', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(laws, ([rule, events]) => {
      const { announced, expected } = play(rule, events);
      const shown = announced.map(({ transition, severity, windowStart, since, value }, index) => {
        const wanted = expected[index]?.value;
        const differs = wanted !== undefined && Math.abs(Number(value) - wanted) > 1e-6;
        return { transition, severity, start: windowStart, since, ...(differs && { value }) };
      });
      for (const { transition } of announced) seen.set(transition, (seen.get(transition) ?? 0) + 1);
      assert.deepEqual(
        shown,
        expected.map(({ value: _value, ...rest }) => rest),
      );
    }),
    runsOf(41, 1000),
  );
  for (const transition of ['raised', 'worsened', 'eased', 'cleared']) {
    assert.ok((seen.get(transition) ?? 0) > 50, `${transition} came ${seen.get(transition) ?? 0} times`);
  }
});

test('an alarm is raised once before it is cleared, and worsens, eases and clears only while it is active', () => {
  fc.assert(
    fc.property(laws, ([rule, events]) => {
      let isActive = false;
      for (const { transition, severity } of play(rule, events).announced) {
        assert.equal(
          isActive,
          transition !== 'raised',
          `${transition} while ${isActive ? 'the alarm is active' : 'there is no alarm'}`,
        );
        assert.ok(rule.levels.some((level) => level.severity === severity));
        isActive = transition !== 'cleared';
      }
    }),
    runs,
  );
});

test('versions increase by one, alert ids are unique, and a rule for one window is never pending', () => {
  fc.assert(
    fc.property(laws, ([rule, events]) => {
      const { announced, states } = play(rule, events);
      assert.deepEqual(
        states.map(({ version }) => version),
        states.map((_, index) => index + 1),
      );
      assert.equal(new Set(announced.map(({ alertId }) => alertId)).size, announced.length);
      if ((rule.forWindows ?? 1) === 1) assert.ok(states.every(({ state }) => state !== 'pending'));
    }),
    runs,
  );
});
