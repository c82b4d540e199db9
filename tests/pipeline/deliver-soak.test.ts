// Random concurrent events and failures: everything is announced in order, and only unrecorded notifications are sent twice.

import { test } from '@jest/globals';
import * as fc from 'fast-check';
import type { RuleData } from '../../core/rule-data.ts';
import type { Window } from '../../core/window.ts';
import { runsOf } from '../../packages/local-cloud/tests/fuzzing.ts';
import { servicesOn } from '../http-api/alert-services.ts';
import type { Environment, Fault } from './alert-environment.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START, WINDOW_SECONDS, type AlertWorld } from './alert-world.ts';
import { openTables } from '../adapters/tables.ts';

const ENVIRONMENTS = 3;
const DEVICES = ['north', 'south', 'west'];

const temperature = { metric: 'temperature' } as const;
const rules: readonly Omit<RuleData, 'id'>[] = [
  { ...temperature, stat: 'max', above: 8, clearBelow: 7, repeatEvery: '2m', escalateAfter: '3m' },
  {
    ...{ ...temperature, stat: 'mean', forWindows: 2 },
    levels: [
      { severity: 'warning', above: 5 },
      { severity: 'critical', above: 9 },
    ],
  },
  { noDataFor: '1m', channels: ['sms'], repeatEvery: '3m' },
  // From seven minutes after the start.
  { ...temperature, above: 6, quietHours: { from: '14:20', to: '14:40', timeZone: 'UTC' } },
  { ...temperature, below: 2, clearAfter: 2, channels: ['sms'], escalateAfter: '1m' },
];

/** What happens at the same time as others of its round. */
type Happening =
  | {
      readonly kind: 'report';
      readonly device: number;
      readonly on: number;
      readonly age: number;
      readonly values: readonly number[];
      /** AWS IoT may deliver twice, to two environments. */
      readonly isDoubled: boolean;
    }
  | { readonly kind: 'sweep' | 'repeat'; readonly on: number }
  | { readonly kind: 'snooze'; readonly device: number; readonly minutes: number }
  | { readonly kind: 'acknowledge'; readonly device: number }
  | { readonly kind: 'switch'; readonly rule: number };

interface Plan {
  readonly rules: readonly Omit<RuleData, 'id'>[];
  readonly perMinute: number | undefined;
  readonly rounds: readonly { readonly seconds: number; readonly happenings: readonly Happening[] }[];
  /** Of one environment after the other, action by action. */
  readonly faults: readonly (readonly (Fault | undefined)[])[];
  readonly skews: readonly number[];
}

const device = fc.nat(DEVICES.length - 1);
const on = fc.nat(ENVIRONMENTS - 1);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ kind: fc.constant('report' as const), device, on, age: fc.nat(3) },
      values: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }),
      isDoubled: fc.integer({ min: 0, max: 3 }).map((n) => n === 3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('sweep' as const, 'repeat' as const), on }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('snooze' as const),
      device,
      minutes: fc.constantFrom(0, 2, 10),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), device }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('switch' as const), rule: fc.nat(rules.length - 1) }),
  },
);
const fault: fc.Arbitrary<Fault | undefined> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('refused' as const, 'lost' as const, 'crashed' as const) },
);
const plans = (maxRounds: number): fc.Arbitrary<Plan> =>
  fc.record({
    rules: fc.subarray([...rules], { minLength: 1 }),
    perMinute: fc.constantFrom(undefined, 1, 3),
    rounds: fc.array(
      fc.record({
        // Hours back and forth are clocks that step; the rest is time that goes by.
        seconds: fc.constantFrom(1, 5, 10, 30, 61, 61, 130, 600, 7200, -40, -3600),
        happenings: fc.array(happening, { minLength: 1, maxLength: 5 }),
      }),
      { minLength: 1, maxLength: maxRounds },
    ),
    faults: fc.array(fc.array(fault, { maxLength: 40 }), { minLength: 1, maxLength: 6 }),
    skews: fc.array(fc.integer({ min: -20_000, max: 20_000 }), { minLength: 1, maxLength: 3 }),
  });

/** Environments that are replaced when they crash, as Lambda does, and the events that are to be repeated. */
function createFleet(world: AlertWorld, { faults, skews }: Plan) {
  const environments: Environment[] = [];
  const failed: (() => Promise<void>)[] = [];
  let started = 0;
  let events = 0;

  function environment(on: number): Environment {
    const known = environments[on];
    if (known && !known.hasCrashed()) return known;
    const own = faults[started] ?? [];
    started += 1;
    const skew = skews[on % skews.length]!;
    return (environments[on] = world.environment((n) => own[n - 1], { skew, calmFor: 10_000 }));
  }

  const happen: {
    readonly [Kind in Happening['kind']]: (how: Extract<Happening, { kind: Kind }>) => Promise<void>;
  } = {
    async report({ device, on, age, values, isDoubled }) {
      const newest = Math.floor((world.clock.time - START) / 1000 / WINDOW_SECONDS) - age;
      const windows: Window[] = [];
      for (const [n, value] of values.entries())
        windows.push(await world.measure(newest - values.length + n, value, DEVICES[device]));
      const name = `event-${(events += 1)}`;
      const judge = async () => environment(on).judge(windows, name);
      const copy = isDoubled ? environment((on + 1) % ENVIRONMENTS).judge(windows, name) : undefined;
      await Promise.all([judge().catch(() => failed.push(judge)), copy?.catch(ignore)]);
    },
    async sweep({ on }) {
      await environment(on)
        .sweep(`sweep-${(events += 1)}`)
        .catch(ignore);
    },
    async repeat() {
      await failed.shift()?.().catch(ignore);
    },
    async snooze({ device, minutes }) {
      const snooze = { by: 'ann', until: world.clock.time + minutes * MINUTE };
      await world.services.alerts.snooze(DEVICES[device]!, minutes > 0 ? snooze : undefined);
    },
    acknowledge: async ({ device }) => world.acknowledge(DEVICES[device]!),
    async switch({ rule }) {
      const { data } = world.rules;
      world.rules.data = data.map((each, n) =>
        n === rule ? { ...each, enabled: !(each.enabled ?? true) } : each,
      );
    },
  };
  return async (round: readonly Happening[]) => {
    await Promise.all(round.map(async (each) => happen[each.kind](each as never)));
  };
}

/** Failures here are intended: the sweeps at the end show whether they did harm. */
const ignore = () => {};

/** `settle` lets all that began come to its end. */
async function soak(
  world: AlertWorld,
  plan: Plan,
  settle: (all: Promise<void>) => Promise<void>,
): Promise<void> {
  const happen = createFleet(world, plan);
  for (const { seconds, happenings } of plan.rounds) {
    world.clock.time += seconds * 1000;
    await settle(happen(happenings));
  }
  // Nothing fails any more, and nobody is reminded.
  const calmly = { repeatEvery: undefined, escalateAfter: undefined };
  world.rules.data = world.rules.data.map((rule) => ({ ...rule, ...calmly }));
  const last = world.environment();
  // Longer than all steps back of the clock are together, and snoozes; and then than quiet hours, should they have begun.
  for (const minutes of [2, 2, 14 * 60, 30, 2]) {
    world.clock.time += minutes * MINUTE;
    await settle(last.sweep(`last-${minutes}`));
  }
  await assertAnnounced(world);
}

test('with any concurrent actions, order, failures and crashes', async () => {
  const property = fc.asyncProperty(plans(12), fc.scheduler(), async (plan, scheduler) => {
    const turn = async () => scheduler.schedule(Promise.resolve());
    const world = createAlertWorld({ rules: plan.rules, perMinute: plan.perMinute, turn });
    await soak(world, plan, async (all) => scheduler.waitFor(all));
  });
  await fc.assert(property, runsOf(4101, 80));
});

test('the same over the tables, with real concurrent writes', async () => {
  const property = fc.asyncProperty(plans(5), async (plan) => {
    const tables = await openTables();
    try {
      const { rules, perMinute } = plan;
      const world = createAlertWorld({ services: servicesOn(tables), rules, perMinute });
      await soak(world, plan, async (all) => all);
    } finally {
      await tables.close();
    }
  });
  await fc.assert(property, runsOf(4102, 4));
});
