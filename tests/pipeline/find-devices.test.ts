// Lists of devices: sorted and complete while they fit into memory, complete beyond that.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { AlertState } from '../../core/alert-state.ts';
import { emptyState } from '../../core/alert-step.ts';
import type { Device } from '../../core/device.ts';
import { UnreadableStateError } from '../../core/unreadable-state.ts';
import { createFindDevices, type DeviceQuestion } from '../../pipeline/find-devices.ts';

/** In the order of a hash table: not of names. */
function fleetOf(count: number): Device[] {
  return Array.from({ length: count }, (_, n) => ({
    deviceId: `d${String((n * 7919) % count).padStart(5, '0')}`,
    site: n % 2 ? 'north' : 'south',
    ...(n % 3 === 0 && { online: n % 6 === 0 }),
  }));
}

function finding(fleet: readonly Device[], states: readonly AlertState[] = [], isBroken = false) {
  const list = async ({ limit, after }: { limit: number; after?: string }) => {
    const first = after === undefined ? 0 : fleet.findIndex(({ deviceId }) => deviceId === after) + 1;
    const devices = fleet.slice(first, first + limit);
    const last = first + limit < fleet.length ? devices.at(-1)!.deviceId : undefined;
    return { devices, ...(last !== undefined && { last }) };
  };
  async function* listOpen() {
    yield* states;
    if (isBroken) throw new UnreadableStateError('one is broken');
  }
  return createFindDevices({ devices: { list }, alerts: { listOpen } });
}

/** All pages, and whether each was sorted. */
async function pages(find: ReturnType<typeof finding>, question: DeviceQuestion) {
  const names: string[] = [];
  const sorted = new Set<boolean>();
  let next: string | undefined;
  do {
    const page = await find({ ...question, next });
    assert.ok(page.devices.length <= question.limit);
    names.push(...page.devices.map(({ deviceId }) => deviceId));
    sorted.add(page.isSorted);
    next = page.next;
  } while (next !== undefined);
  return { names, sorted: [...sorted] };
}

for (const [count, limit] of [
  [0, 50],
  [1, 1],
  [500, 50],
  [1999, 77],
  [2000, 500],
] as const) {
  test(`${count} devices are listed by name, ${limit} per page`, async () => {
    const fleet = fleetOf(count);
    const { names, sorted } = await pages(finding(fleet), { limit });
    assert.deepEqual(names, fleet.map(({ deviceId }) => deviceId).sort());
    assert.deepEqual(sorted, [true]);
  });
}

for (const count of [2001, 2500, 4321]) {
  test(`${count} devices are each returned once, and the answer says that they are not sorted`, async () => {
    const fleet = fleetOf(count);
    const { names, sorted } = await pages(finding(fleet), { limit: 200 });
    assert.deepEqual(sorted, [false]);
    assert.deepEqual(names.sort(), fleet.map(({ deviceId }) => deviceId).sort());
    const north = await pages(finding(fleet), { limit: 200, match: { site: 'n*' } });
    const expected = fleet.filter(({ site }) => site === 'north').map(({ deviceId }) => deviceId);
    assert.deepEqual(north.names.sort(), expected.sort());
  });
}

test('no device is omitted when the table grows beyond the sorting limit between two pages', async () => {
  const fleet = fleetOf(2100);
  const first = await finding(fleet.slice(0, 1900))({ limit: 500 });
  const { names } = await pages(
    (question) => finding(fleet)({ ...question, next: question.next ?? first.next }),
    { limit: 500 },
  );
  const seen = new Set([...first.devices.map(({ deviceId }) => deviceId), ...names]);
  assert.equal(seen.size, 2100);
});

test("online and offline are the broker's last report, and neither matches a device that never connected", async () => {
  const find = finding(fleetOf(12));
  assert.equal((await pages(find, { limit: 5, state: 'online' })).names.length, 2);
  assert.equal((await pages(find, { limit: 5, state: 'offline' })).names.length, 2);
});

const alarmOf = (deviceId: string, announced: object, state: AlertState['state'] = 'alarm') =>
  ({ ...emptyState(deviceId, 'rule'), state, alarm: { announced } }) as unknown as AlertState;

test('alarm matches any active alert, and silent a device that sends nothing, even if some states cannot be read', async () => {
  const find = finding(
    fleetOf(9),
    [
      alarmOf('d00004', { metric: 'temperature' }),
      alarmOf('d00002', { silence: 'silent' }, 'acknowledged'),
      alarmOf('d00003', { silence: 'silent', metric: 'humidity' }),
      alarmOf('d00005', { silence: 'offline' }),
      alarmOf('d00006', {}, 'pending'),
      alarmOf('d00007', {}, 'ok'),
      alarmOf('gone', { silence: 'silent' }),
    ],
    true,
  );
  const active = ['d00002', 'd00003', 'd00004', 'd00005'];
  assert.deepEqual((await pages(find, { limit: 3, state: 'alarm' })).names, active);
  assert.deepEqual((await pages(find, { limit: 3, state: 'silent' })).names, ['d00002']);
});
