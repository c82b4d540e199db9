// Windows in any order, evaluated by several environments and concurrent sweeps: finally each alert matches its newest window.

import { test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';
import { servicesOn } from '../http-api/alert-services.ts';
import { openTables } from '../adapters/tables.ts';
import type { Environment, Fault } from './alert-environment.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START, WINDOW_SECONDS, type AlertWorld } from './alert-world.ts';
import { assertJudged, metric, plain, type Rule } from './newest-window.ts';

const others: readonly Rule[] = [
  { metric, stat: 'max', above: 8, clearBelow: 6 },
  { metric, above: 8, clearAfter: 2 },
  { metric, stat: 'max', above: 8, forWindows: 2 },
  { metric, above: 8, below: 2, forWindows: 3, clearAfter: 2 },
  { metric, stat: 'mean', above: 6 },
  { metric, stat: 'mean', above: 7, forWindows: 2 },
  {
    ...{ metric, stat: 'max', forWindows: 2 },
    levels: [
      { severity: 'minor', above: 5, clearBelow: 4 },
      { severity: 'critical', above: 9 },
    ],
  },
];

interface Reading {
  /** How many windows before the one of now, or before the newest that has readings; some come ahead of time. */
  readonly age: number;
  readonly from: 'now' | 'newest';
  readonly value: number;
}

type Happening =
  | { readonly kind: 'event'; readonly on: number; readonly readings: readonly Reading[] }
  | { readonly kind: 'sweep'; readonly on: number };

interface Plan {
  readonly rules: readonly Rule[];
  readonly rounds: readonly { readonly seconds: number; readonly happenings: readonly Happening[] }[];
  /** Of one environment after the other, action by action. */
  readonly faults: readonly (readonly (Fault | undefined)[])[];
}

const on = fc.nat(2);
const readings: fc.Arbitrary<Reading> = fc.record({
  age: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 6, 8, 12, -1),
  from: fc.constantFrom('now' as const, 'newest' as const),
  value: fc.constantFrom(4, 4, 4, 9, 9, 11, 6, 1),
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: fc.constant('event' as const), on },
      readings: fc.array(readings, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), on }) },
);
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('refused' as const, 'lost' as const, 'crashed' as const) },
);
const plans = (maxRounds: number): fc.Arbitrary<Plan> =>
  fc.record({
    rules: fc.subarray([...plain, ...others], { minLength: 1 }),
    rounds: fc.array(
      fc.record({
        seconds: fc.constantFrom(0, 5, 10, 10, 30, 70, 75),
        happenings: fc.array(happening, { minLength: 1, maxLength: 2 }),
      }),
      { minLength: 2, maxLength: maxRounds, size: 'max' },
    ),
    faults: fc.array(fc.array(fault, { maxLength: 40 }), { maxLength: 6 }),
  });

/** Environments that are replaced when they crash; an event that failed is repeated until it is done. */
async function play(
  world: AlertWorld,
  { rounds, faults }: Plan,
  settle: (all: Promise<void>) => Promise<void>,
): Promise<void> {
  const environments: Environment[] = [];
  const failed: (() => Promise<void>)[] = [];
  let [started, names, newest] = [0, 0, 0];
  const environment = (index: number): Environment => {
    const known = environments[index];
    if (known && !known.hasCrashed()) return known;
    const own = faults[started] ?? [];
    started += 1;
    return (environments[index] = world.environment((n) => own[n - 1], { calmFor: 10_000 }));
  };
  const happen = async (each: Happening): Promise<void> => {
    const name = `${each.kind}-${(names += 1)}`;
    if (each.kind === 'sweep') {
      await environment(each.on)
        .sweep(name)
        .catch(() => {}); // the next one does what this one could not
      return;
    }
    const current = Math.floor((world.clock.time - START) / 1000 / WINDOW_SECONDS);
    const measured = each.readings.map(({ age, from, value }) => {
      const n = (from === 'now' ? current : newest) - age;
      return { n: Math.min(current + 1, Math.max(0, n)), value };
    });
    newest = Math.max(newest, ...measured.map(({ n }) => n));
    const handle = async (): Promise<void> => {
      const windows = new Map<number, Window>();
      for (const { n, value } of measured) windows.set(n, await world.measure(n, value));
      await environment(each.on).judge([...windows.values()], name);
    };
    await handle().catch(() => failed.push(handle));
  };
  world.clock.time = START + MINUTE;
  for (const { seconds, happenings } of rounds) {
    world.clock.time += seconds * 1000;
    await settle(Promise.all(happenings.map(happen)).then(() => {}));
  }
  while (failed.length > 0) {
    const [again] = failed.splice(0, 1);
    await settle(again!().catch(() => void failed.push(again!)));
  }
  const last = world.environment();
  for (let n = 1; n <= 3; n += 1) {
    world.clock.time += 2 * MINUTE;
    await settle(last.sweep(`last-${n}`));
  }
}

test('with any order of windows and any failures, each alert ends in the state of the newest stored window', async () => {
  const property = fc.asyncProperty(plans(9), fc.scheduler(), async (plan, scheduler) => {
    const turn = async () => scheduler.schedule(Promise.resolve());
    const world = createAlertWorld({ rules: plan.rules, turn });
    await play(world, plan, async (all) => scheduler.waitFor(all));
    await assertAnnounced(world);
    await assertJudged(world);
  });
  await fc.assert(property, runsOf(4201, 600));
});

test('the same over the tables', async () => {
  const property = fc.asyncProperty(plans(5), async (plan) => {
    const tables = await openTables();
    try {
      const world = createAlertWorld({ services: servicesOn(tables), rules: plan.rules });
      await play(world, plan, async (all) => all);
      await assertAnnounced(world);
      await assertJudged(world);
    } finally {
      await tables.close();
    }
  });
  await fc.assert(property, runsOf(4202, 3));
});
