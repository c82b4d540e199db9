// The cost of a sweep, and devices for which a minute is too short.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { beginLearning } from '../../core/insight/observe.ts';
import { servicesInMemory } from '../http-api/alert-services.ts';
import type { WindowStore } from '../../pipeline/ports.ts';
import { memoryLearned } from '../support/memory-learned.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';

/** Many silent devices, and an environment each of whose actions takes half a second. */
async function slowly(devices: number) {
  const world = createAlertWorld({
    rules: [{ noDataFor: '1m' }],
    turn: async () => void (world.clock.time += 500),
  });
  const names = Array.from({ length: devices }, (_, n) => `device-${String(n).padStart(3, '0')}`);
  for (const name of names) await world.measure(0, 4, name);
  world.clock.time = START + 60 * MINUTE;
  const environment = world.environment();
  const sweep = async (n: number) => {
    const left: number[] = [];
    const begun = world.clock.time;
    const options = { endsAt: begun + MINUTE, onLate: (count: number) => left.push(count) };
    await environment.sweep(`sweep-${n}`, options);
    return { left: left[0] ?? 0, seconds: (world.clock.time - begun) / 1000 };
  };
  return { world, names, sweep };
}

test('a sweep without time for all devices ends in time, logs that, and the next one continues where it stopped', async () => {
  const { world, names, sweep } = await slowly(100);
  const lefts: number[] = [];
  for (let n = 0; n < 20 && lefts.at(-1) !== 0; n += 1) {
    const { left, seconds } = await sweep(n);
    assert.ok(seconds < 60, `${seconds} s`);
    lefts.push(left);
  }
  assert.ok(lefts.length > 3, lefts.join());
  const announced = world.sent.map(({ notification }) => notification.deviceId);
  assert.deepEqual([...announced].sort(), names);
  assert.deepEqual(
    lefts,
    [...lefts].sort((a, b) => b - a),
    'each sweep leaves fewer',
  );
});

test('if the time never suffices, every device is checked in turn', async () => {
  const { world, names, sweep } = await slowly(100);
  for (let n = 0; n < 30; n += 1) {
    assert.ok((await sweep(n)).left > 0);
    world.rules.data = world.rules.data.map((rule) => ({ ...rule, repeatEvery: '10s' }));
  }
  const counts = names.map((name) => world.sent.filter((each) => each.notification.deviceId === name).length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  assert.ok(least >= 2 && most - least <= 1, counts.join());
});

test('remains of a removed rule are removed after the digests, in more than one sweep if necessary', async () => {
  const learned = memoryLearned();
  const world = createAlertWorld({
    ...{ rules: [{ metric: 'temperature', above: 8 }], perMinute: 0 },
    learned: {
      ...learned,
      async remove(key) {
        world.clock.time += 500;
        await learned.remove(key);
      },
    },
  });
  const known = { learned: beginLearning(), until: 0, of: 'unusual temperature' };
  for (let n = 0; n < 300; n += 1) await learned.restart(`device-${n}`, 'gone', known);
  const environment = world.environment();
  const lefts: number[] = [];
  for (let n = 1; n < 20 && lefts.at(-1) !== 0; n += 1) {
    // Each quarter of an hour, with an alert that waits for a digest.
    world.clock.time = Math.ceil(START / (15 * MINUTE)) * 15 * MINUTE + n * 15 * MINUTE;
    await environment.judge([await world.measure(n, 9, `fridge-${n}`)], `event-${n}`);
    const begun = world.clock.time;
    await environment.sweep(`sweep-${n}`, { endsAt: begun + MINUTE });
    const seconds = (world.clock.time - begun) / 1000;
    assert.ok(seconds < 60, `${seconds} s`);
    assert.equal(world.sent.length, n);
    const left: unknown[] = [];
    for await (const key of learned.all()) left.push(key);
    lefts.push(left.length);
  }
  assert.ok(lefts.length > 1 && lefts.at(-1) === 0, lefts.join());
});

/** Services that count how often windows are looked at. */
function countingReads() {
  const services = servicesInMemory();
  let reads = 0;
  const before: WindowStore['before'] = async (...asked) => {
    reads += 1;
    return services.windows.before(...asked);
  };
  return { services: { ...services, windows: { ...services.windows, before } }, reads: () => reads };
}

test('a device that has long been silent costs a sweep no look at its windows or its state', async () => {
  const { services, reads } = countingReads();
  const world = createAlertWorld({ rules: [{ noDataFor: '5m' }], services });
  const environment = world.environment();
  await world.measure(0, 4);
  const counts: (readonly [reads: number, actions: number])[] = [];
  for (let minute = 1; minute <= 30; minute += 1) {
    world.clock.time = START + minute * MINUTE;
    const [readsBefore, actionsBefore] = [reads(), environment.actions()];
    await environment.sweep(`sweep-${minute}`);
    counts.push([reads() - readsBefore, environment.actions() - actionsBefore]);
  }
  assert.deepEqual(world.log(), ['raised 360']);
  // One action lists what is open.
  assert.deepEqual(
    counts.slice(16).filter(([looks, actions]) => looks > 0 || actions > 1),
    [],
  );
  await world.measure(181, 4);
  await environment.sweep('back');
  assert.equal(reads(), counts.reduce((sum, [count]) => sum + count, 0) + 1);
});

test('a device is read once for all rules on closed windows, once more if one may change, and once for each email', async () => {
  const mean = { metric: 'temperature', stat: 'mean' } as const;
  const { services, reads } = countingReads();
  const rules = [
    { ...mean, above: 8 },
    { ...mean, below: 2, forWindows: 5 },
    { stat: 'count', below: 2 } as const,
  ];
  const world = createAlertWorld({ rules, services });
  await world.measure(0, 9);
  world.clock.time += 2 * MINUTE;
  await world.environment().sweep('sweep');
  assert.deepEqual(world.log().sort(), ['raised 1', 'raised 9']);
  assert.equal(reads(), 2 + world.sent.length);
});
