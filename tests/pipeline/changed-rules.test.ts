// A new or stricter rule evaluates the last windows of devices that send nothing more, for a few sweeps only.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { changedRules, knownAfter, knownNow } from '../../core/changed-rules.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import { servicesInMemory } from '../http-api/alert-services.ts';
import { assertAnnounced } from './alert-record.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;

/** A fridge at 7 degrees, judged by a limit of 8 for some sweeps. */
async function quietFridge(rules: readonly Omit<RuleData, 'id'>[] = [high]) {
  const services = servicesInMemory();
  let reads = 0;
  const before: typeof services.windows.before = async (...question) => {
    reads += 1;
    return services.windows.before(...question);
  };
  const windows = { ...services.windows, before };
  const world = createAlertWorld({ rules, services: { ...services, windows } });
  const environment = world.environment();
  const sweep = async (minutes = 1) => {
    for (let n = 0; n < minutes; n += 1) {
      world.clock.time += MINUTE;
      await environment.sweep(`sweep-${world.clock.time}`);
    }
  };
  const change = (fields: Partial<RuleData>) => {
    world.rules.data = world.rules.data.map((rule) => ({ ...rule, ...fields }));
  };
  await sweep(4);
  const at = (world.clock.time - START) / 10_000;
  const measure = async (temperature: number, n = 0) => world.measure(at + n, temperature);
  return { world, environment, sweep, change, measure, reads: () => reads };
}

test('a stricter limit raises an alert once for a device that sends nothing more', async () => {
  const { world, environment, sweep, change, measure } = await quietFridge();
  await environment.judge([await measure(7)], 'event');
  await sweep(3);
  assert.deepEqual(world.log(), []);
  change({ above: 6, clearBelow: 5 });
  await sweep(10);
  assert.deepEqual(world.log(), ['raised 7']);
  await assertAnnounced(world);
});

test('a reading that a function evaluated with the old limit after the change counts too', async () => {
  const { world, environment, sweep, change, measure } = await quietFridge();
  await environment.judge([await measure(4)], 'event-1');
  change({ above: 6, clearBelow: 5 });
  world.clock.time += 1000;
  await environment.sweep('sweep-at-once');
  // A function knows a change after 30 seconds: it took the old rule, by which this window is nothing.
  await measure(7, 2);
  await sweep(5);
  assert.deepEqual(world.log(), ['raised 7']);
});

test('several windows in a row are evaluated in order, and the newest decides', async () => {
  const { world, environment, sweep, change, measure } = await quietFridge();
  const windows = [await measure(7, -3), await measure(7, -2), await measure(7, -1)];
  await environment.judge(windows, 'event');
  change({ above: 6, clearBelow: 5, forWindows: 3 });
  await sweep(4);
  assert.deepEqual(world.log(), ['raised 7']);
  const cool = await quietFridge();
  await cool.environment.judge([await cool.measure(7, -30), await cool.measure(4)], 'event');
  cool.change({ above: 6, clearBelow: 5 });
  await cool.sweep(4);
  assert.deepEqual(cool.world.log(), []);
});

test('a rule that is added, or whose schedule begins, evaluates the last windows', async () => {
  for (const first of [
    { enabled: false },
    { match: { device: 'other' } },
    { enabledFrom: START + 6 * MINUTE },
  ]) {
    const { world, environment, sweep, change, measure } = await quietFridge([
      { ...high, above: 6, clearBelow: 5, ...first },
    ]);
    await environment.judge([await measure(7)], 'event');
    change({ enabled: true, match: {} });
    await sweep(8);
    assert.deepEqual(world.log(), ['raised 7'], JSON.stringify(first));
  }
});

test('old readings of a device are not announced', async () => {
  const { world, environment, sweep, change, measure } = await quietFridge();
  await environment.judge([await measure(7)], 'event');
  await sweep(30);
  change({ above: 6, clearBelow: 5 });
  await sweep(5);
  assert.deepEqual(world.log(), []);
});

test('windows are read for a few sweeps after a change, and then no more', async () => {
  const { world, environment, sweep, change, measure, reads } = await quietFridge();
  const readIn = async (minutes: number) => {
    await world.services.devices.noteSeen('device', 'seattle', world.clock.time);
    const before = reads();
    await sweep(minutes);
    return reads() - before;
  };
  await environment.judge([await measure(4)], 'event');
  assert.equal(await readIn(5), 0);
  change({ above: 6, clearBelow: 5 });
  assert.equal(await readIn(5), 3);
  change({ comment: 'call Ann', channels: ['sms'] });
  assert.equal(await readIn(5), 0);
});

test('a rule is forgotten with its removal, and new again after it', () => {
  const rule = compileRule({ id: 'high', ...high });
  const known = knownNow(new Map(), [rule], START);
  assert.deepEqual([...changedRules(known)], ['high']);
  const judged = knownAfter(known, START + 2 * MINUTE, 10_000);
  assert.deepEqual([...changedRules(judged)], []);
  assert.deepEqual(knownNow(judged, [rule], START + 3 * MINUTE), judged);
  const without = knownNow(judged, [], START + 3 * MINUTE);
  assert.deepEqual([...changedRules(knownNow(without, [rule], START + 4 * MINUTE))], ['high']);
  // A clock that stepped back by more than that keeps nobody judging for ever.
  assert.deepEqual([...changedRules(knownAfter(known, START - 5 * MINUTE, 10_000))], []);
});
