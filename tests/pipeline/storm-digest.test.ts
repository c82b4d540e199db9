// More notifications than the rate limit: the first are sent individually, the others in one digest, each once and in order.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createRateLimit } from '../../adapters/rate-limit.ts';
import { digestText } from '../../core/digest.ts';
import { servicesOn, servicesInMemory } from '../http-api/alert-services.ts';
import type { Action } from './alert-environment.ts';
import { assertAnnounced, type Sent } from './alert-record.ts';
import { createAlertWorld, MINUTE, START } from './alert-world.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

const high = { metric: 'temperature', stat: 'max', above: 8, clearBelow: 7 } as const;
const fridges = Array.from({ length: 100 }, (_, n) => `fridge-${String(n).padStart(3, '0')}`);
const publishesOf = (sent: readonly Sent[]) => [...Map.groupBy(sent, ({ publish }) => publish).values()];
const devicesOf = (sent: readonly Sent[]) => sent.map(({ notification }) => notification.deviceId).sort();

for (const [where, count, services] of [
  ['in memory', 100, servicesInMemory],
  ['over the tables', 30, () => servicesOn(tables)],
] as const) {
  test(`of ${count} devices at once five get their own notification and the others one digest, ${where}`, async () => {
    const world = createAlertWorld({ rules: [high], perMinute: 5, services: services() });
    const environments = [world.environment(), world.environment(), world.environment()];
    await Promise.all(
      fridges.slice(0, count).map(async (fridge, n) => {
        const windows = [await world.measure(0, 9, fridge)];
        await environments[n % 3]!.judge(windows, `event-${n}`);
      }),
    );
    assert.equal(world.sent.length, 5);
    world.clock.time += MINUTE;
    await environments[0]!.sweep('sweep-1');
    const [digest, ...more] = publishesOf(world.sent.filter(({ inDigest }) => inDigest));
    assert.deepEqual([digest?.length, more], [count - 5, []]);
    assert.deepEqual(devicesOf(world.sent), fridges.slice(0, count));
    world.clock.time += MINUTE;
    await environments[1]!.sweep('sweep-2');
    assert.equal(world.sent.length, count);
    await assertAnnounced(world);
  });
}

test('a thousand devices at once are each named in an email soon', async () => {
  const world = createAlertWorld({ rules: [high], perMinute: 20 });
  const environment = world.environment();
  const stores = Array.from({ length: 1000 }, (_, n) => `store-sensor-${n}`);
  for (const store of stores) await environment.judge([await world.measure(0, 9, store)], `event-${store}`);
  world.clock.time += MINUTE;
  await environment.sweep('sweep', { endsAt: world.clock.time + 55_000 });
  assert.deepEqual(devicesOf(world.sent), stores.toSorted());
  const mails = publishesOf(world.sent.filter(({ inDigest }) => inDigest));
  assert.ok(mails.length > 1 && mails.length < 10, `${mails.length} mails`);
  for (const mail of mails) {
    const notifications = mail.map(({ notification }) => notification);
    const { email } = digestText(
      { notifications, channels: ['email'] },
      { page: 'https://dashboard.example.com', timeZone: 'UTC' },
    );
    for (const { deviceId } of notifications)
      assert.ok(email.includes(`seattle/${deviceId}, since `), deviceId);
    assert.ok(Buffer.byteLength(email) < 50_000);
  }
  await assertAnnounced(world);
});

test('a digest email that fails is sent in the next minute, without delaying others', async () => {
  let publishes = 0;
  const world = createAlertWorld({ rules: [high], perMinute: 0 });
  const environment = world.environment((_n, action) =>
    action === 'publish' && (publishes += 1) === 2 ? 'refused' : undefined,
  );
  const stores = Array.from({ length: 1000 }, (_, n) => `store-sensor-${n}`);
  for (const store of stores) await environment.judge([await world.measure(0, 9, store)], `event-${store}`);
  world.clock.time += MINUTE;
  await assert.rejects(environment.sweep('sweep-1'), /publish [0-9]+: refused/);
  const announced = devicesOf(world.sent);
  assert.ok(announced.length > 100 && announced.length < 1000, String(announced.length));
  world.clock.time += MINUTE;
  await environment.sweep('sweep-2');
  assert.deepEqual(devicesOf(world.sent), stores.toSorted());
  await assertAnnounced(world);
});

/** Two devices in alarm: one was announced, the other waits for a digest. */
async function withPending(faultOf?: (n: number, action: Action) => 'refused' | undefined) {
  const world = createAlertWorld({ rules: [high], perMinute: 1 });
  const environment = world.environment(faultOf);
  for (const fridge of ['announced', 'waiting'])
    await environment.judge([await world.measure(0, 9, fridge)], `event-${fridge}`);
  assert.deepEqual(devicesOf(world.sent), ['announced']);
  return { world, environment };
}

test('a recovery is sent with the alarm that waits for a digest, after it', async () => {
  const { world, environment } = await withPending();
  world.clock.time += MINUTE;
  const windows = [await world.measure(1, 4, 'waiting'), await world.measure(2, 4, 'waiting')];
  await environment.judge(windows, 'event-3');
  assert.equal(world.sent.length, 1);
  await environment.sweep('sweep');
  const [, digest] = publishesOf(world.sent);
  assert.deepEqual(
    digest?.map(({ notification }) => notification.transition),
    ['raised', 'cleared'],
  );
  await assertAnnounced(world);
});

test('a digest that SNS refuses is sent a minute later, whole', async () => {
  const sns = { isDown: false };
  const { world, environment } = await withPending((_n, action) =>
    sns.isDown && action === 'publish' ? 'refused' : undefined,
  );
  sns.isDown = true;
  world.clock.time += MINUTE;
  await assert.rejects(environment.sweep('sweep-1'), /publish [0-9]+: refused/);
  assert.equal(world.sent.length, 1);
  sns.isDown = false;
  world.clock.time += MINUTE;
  await environment.sweep('sweep-2');
  assert.deepEqual(devicesOf(world.sent), ['announced', 'waiting']);
  await assertAnnounced(world);
});

test('notifications for other channels get their own digest in the same sweep', async () => {
  const { world, environment } = await withPending();
  world.rules.data = world.rules.data.map((rule) => ({ ...rule, channels: ['pager'] }));
  const windows = [await world.measure(1, 4, 'waiting'), await world.measure(2, 4, 'waiting')];
  await environment.judge(windows, 'event-3');
  world.clock.time += MINUTE;
  await environment.sweep('sweep');
  const channels = publishesOf(world.sent).map(([first]) => first!.notification.channels.join());
  assert.deepEqual(channels, ['email', 'email', 'pager']);
  await assertAnnounced(world);
});

test('states for which the time is too short wait for the next digest', async () => {
  const { world, environment } = await withPending();
  for (const fridge of fridges) await environment.judge([await world.measure(0, 9, fridge)], `e-${fridge}`);
  world.clock.time += MINUTE;
  await environment.sweep('sweep-1', { endsAt: world.clock.time });
  assert.equal(world.sent.length, 1);
  await environment.sweep('sweep-2', { endsAt: world.clock.time + MINUTE });
  assert.equal(world.sent.length, 102);
  await assertAnnounced(world);
});

test('notifications are sent even if the history cannot be written, and it is written with the next event', async () => {
  const world = createAlertWorld({ rules: [high] });
  const failing = world.environment((_n, action) => (action === 'file' ? 'refused' : undefined));
  await assert.rejects(failing.judge([await world.measure(0, 9)], 'event-1'), /file [0-9]+: refused/);
  assert.deepEqual(world.log(), ['raised 9']);
  const span = { deviceId: 'device', from: 0, to: START * 2, limit: 10 };
  assert.deepEqual((await world.services.history.read(span)).entries, []);
  world.clock.time += MINUTE;
  await world.environment().sweep('sweep');
  assert.deepEqual(world.log(), ['raised 9']);
  await assertAnnounced(world);
});

test("once a minute's rate limit is reached, it is not checked again and no more notifications are claimed", async () => {
  const services = servicesInMemory();
  let asked = 0;
  const counting = {
    ...services,
    guarding(perMinute: number, now: () => number) {
      const guard = services.guarding(perMinute, now);
      return { ...guard, admit: async () => ((asked += 1), guard.admit()) };
    },
  };
  const world = createAlertWorld({ rules: [high], perMinute: 1, services: counting });
  const environment = world.environment();
  const writes: number[] = [];
  for (const fridge of fridges.slice(0, 5)) {
    const begun = environment.actions();
    await environment.judge([await world.measure(0, 9, fridge)], `event-${fridge}`);
    writes.push(environment.actions() - begun);
  }
  assert.equal(asked, 2);
  // To read, to raise, to file, and to leave to the digest.
  assert.deepEqual(writes.slice(2), [4, 4, 4]);
});

test('concurrent environments admit as many as the rate limit allows, and remember a full minute', async () => {
  const clock = { time: START };
  const guardOf = () =>
    createRateLimit({ client: tables.client, table: 'alerts', perMinute: 7, now: () => clock.time });
  for (const minute of [100, 101, 50]) {
    clock.time = START + minute * MINUTE;
    const guards = [guardOf(), guardOf(), guardOf()];
    assert.deepEqual(
      guards.map((guard) => guard.isFull()),
      [false, false, false],
    );
    const admitted: boolean[] = [];
    for (let round = 0; round < 4; round += 1)
      admitted.push(...(await Promise.all(guards.map(async (guard) => guard.admit()))));
    assert.equal(admitted.filter(Boolean).length, 7);
    assert.ok(guards.every((guard) => guard.isFull()));
    clock.time += MINUTE;
    assert.ok(guards.every((guard) => !guard.isFull()));
  }
});

test('environments whose clocks differ about the minute share one rate limit', async () => {
  const turn = Math.ceil(START / MINUTE) * MINUTE + 200 * MINUTE;
  const guards = [-20_000, 0].map((skew) => {
    const now = () => turn + 10_000 + skew;
    return createRateLimit({ client: tables.client, table: 'alerts', perMinute: 7, now });
  });
  const admitted: boolean[] = [];
  for (let n = 0; n < 30; n += 1) admitted.push(await guards[n % 2]!.admit());
  // The first one began the minute before.
  assert.deepEqual(admitted.filter(Boolean).length, 8);
});
