// An environment ends, or an answer is lost, at any action: nothing is lost, and only unrecorded notifications are sent twice.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { RuleData } from '../../core/rule-data.ts';
import { servicesInMemory } from '../http-api/alert-services.ts';
import type { AlertStore } from '../../pipeline/ports.ts';
import type { Environment, Fault } from './alert-environment.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START, type AlertWorld } from './alert-world.ts';

/** What the event of this minute does; done again, a minute later and by another environment, if that failed. */
type Step = (world: AlertWorld, environment: Environment) => Promise<void>;

interface Scenario {
  readonly rules: readonly Omit<RuleData, 'id'>[];
  readonly perMinute?: number;
  readonly steps: readonly Step[];
  /** The transitions that exist, whatever crashes. */
  readonly decided: readonly string[];
}

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;
const sweep: Step = async (_world, environment) => environment.sweep('sweep');
const report =
  (n: number, ...temperatures: number[]): Step =>
  async (world, environment) => {
    const windows = [];
    for (const [index, temperature] of temperatures.entries())
      windows.push(await world.measure(n + index, temperature));
    await environment.judge(windows, `event-${n}`);
  };
/** Three devices over the limit, of which one is announced individually. */
const storm: Step = async (world, environment) => {
  for (const name of ['a', 'b', 'c'])
    await environment.judge([await world.measure(0, 9, name)], `event-${name}`);
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'an excursion in three messages': {
    rules: [high],
    steps: [report(0, 9), report(1, 4), report(2, 4)],
    decided: ['raised', 'cleared'],
  },
  'an excursion in one message': {
    rules: [high],
    steps: [report(0, 9, 4, 9, 4, 4)],
    decided: ['raised', 'cleared', 'raised', 'cleared'],
  },
  'two rules that one message breaches': {
    rules: [high, { ...high, stat: 'mean', forWindows: 2 }],
    steps: [report(0, 9, 9, 9)],
    decided: ['raised', 'raised'],
  },
  'a last window that only time closes': {
    rules: [high],
    steps: [report(0, 9), report(1, 4), sweep, sweep],
    decided: ['raised', 'cleared'],
  },
  'a silent device': {
    rules: [{ noDataFor: '2m' }],
    steps: [report(0, 4), sweep, sweep, sweep, sweep],
    decided: ['raised'],
  },
  'a rule that is removed': {
    rules: [high],
    steps: [
      report(0, 9),
      async (world, environment) => {
        world.rules.data = [];
        await environment.sweep('sweep');
      },
    ],
    decided: ['raised', 'ended'],
  },
  'a storm and its digest': {
    rules: [high],
    perMinute: 1,
    steps: [storm, sweep, sweep],
    decided: ['raised', 'raised', 'raised'],
  },
};

/** Runs the scenario in an environment with this fault at its n-th action; gives how many actions it took. */
async function run({ steps, decided, ...options }: Scenario, n: number, fault: Fault) {
  const world = createAlertWorld(options);
  const failing = world.environment((action) => (action === n ? fault : undefined));
  let environment = failing;
  for (const step of steps) {
    const tried = await step(world, environment).then(
      () => true,
      () => false,
    );
    world.clock.time += MINUTE + 1000;
    if (tried) continue;
    environment = world.environment();
    await step(world, environment);
    world.clock.time += MINUTE;
  }
  const last = world.environment();
  for (let minute = 0; minute < 3; minute += 1) {
    await last.sweep(`last-${minute}`);
    world.clock.time += MINUTE;
  }
  await assertAnnounced(world);
  const what = world.decided.map(({ entry }) => entry.what);
  assert.deepEqual(what, decided);
  return { actions: failing.actions(), doubled: world.sent.length - decided.length };
}

for (const [title, scenario] of Object.entries(scenarios)) {
  for (const fault of ['crashed', 'refused', 'lost'] as const) {
    test(`${title}, and any action ${fault}: nothing is lost, and only a notification that was sent but not recorded is sent twice`, async () => {
      const { actions, doubled } = await run(scenario, 0, fault);
      assert.equal(doubled, 0);
      const doubles: number[] = [];
      for (let n = 1; n <= actions; n += 1) doubles.push((await run(scenario, n, fault)).doubled);
      assert.ok(doubles.some((count) => count > 0) && doubles.some((count) => count === 0), doubles.join());
    });
  }
}

test('a publish whose answer is lost is repeated with the same alert ID', async () => {
  const world = createAlertWorld({ rules: [high] });
  const environment = world.environment((_n, action) =>
    action === 'publish' && world.sent.length === 0 ? 'lost' : undefined,
  );
  const windows = [await world.measure(0, 9)];
  await assert.rejects(environment.judge(windows, 'event'), /publish [0-9]+: lost/);
  await environment.judge(windows, 'event');
  const [first, second] = world.sent.map(({ notification }) => notification.alertId);
  assert.deepEqual([world.sent.length, first], [2, second]);
  assert.equal(world.clock.time, START);
});

for (const inDigest of [false, true]) {
  const what = inDigest ? 'a digest' : 'a notification';
  test(`an environment that was stopped for a minute while it held ${what} does not send what another one sent meanwhile`, async () => {
    const services = servicesInMemory();
    const [stopped, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let claims = 0;
    const transition: AlertStore['transition'] = async (previous, next) => {
      const isWritten = await services.alerts.transition(previous, next);
      if (next.pending.some(({ sender }) => sender !== '') && (claims += 1) === 1) {
        stopped.resolve();
        await goesOn.promise;
      }
      return isWritten;
    };
    const stopping = { ...services, alerts: { ...services.alerts, transition } };
    const world = createAlertWorld({ rules: [high], services: stopping, ...(inDigest && { perMinute: 1 }) });
    const environment = world.environment();
    if (inDigest) {
      claims = -Infinity;
      for (const device of ['first', 'second'])
        await environment.judge([await world.measure(0, 9, device)], `event-${device}`);
      claims = 0;
      world.clock.time += MINUTE;
    }
    const isSent = world.sent.length;
    const stoppedRun = inDigest
      ? environment.sweep('sweep-1')
      : environment.judge([await world.measure(0, 9)], 'event');
    await stopped.promise;
    world.clock.time += MINUTE;
    await world.environment().sweep('sweep-2');
    assert.equal(world.sent.length, isSent + 1);
    goesOn.resolve();
    await assert.rejects(stoppedRun, /claim on the notifications expired/);
    await assertAnnounced(world);
  });
}
