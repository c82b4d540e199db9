// Callers restricted to some sites see only these in the fleet, windows and reports.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { foldHours } from '../../core/hour.ts';
import { monthOf } from '../../core/month.ts';
import { NO_SPAN } from '../../core/span.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { fleetRoutes } from '../../http-api/fleet-routes.ts';
import { reportRoutes } from '../../http-api/report-routes.ts';
import type { ApiCaller } from '../../http-api/route.ts';
import { windowRoutes } from '../../http-api/window-routes.ts';
import { createFindDevices } from '../../pipeline/find-devices.ts';

const NOW = Date.UTC(2026, 10, 20);
const now = () => NOW;
const all = [
  { deviceId: 'here', site: 'seattle' },
  { deviceId: 'there', site: 'oslo' },
  { deviceId: 'nowhere' },
];
const alerts = { async *listOpen() {}, async *listSnoozes() {} };
const devices = {
  list: async () => ({ devices: all }),
  load: async (deviceId: string) => all.find((each) => each.deviceId === deviceId),
};
const one = { min: 1n, max: 1n, sum: 1n, count: 1 };
const buckets = foldHours([
  {
    deviceId: '',
    site: '',
    windowStart: NOW - 10_000,
    readings: 1,
    metrics: new Map([['t', one]]),
    ...NO_SPAN,
  },
]);

const serve = createHttpApi([
  ...fleetRoutes({
    readFleet: async () => ({ asOf: NOW, entries: all.map((device) => ({ device })) }),
    alerts,
  }),
  ...windowRoutes({ read: async () => ({ buckets }), devices, windowSeconds: 10, now }),
  ...reportRoutes({
    find: createFindDevices({ devices, alerts }),
    devices,
    rules: { read: async () => ({ rules: [], unreadable: [] }) },
    reportDevice: async (device, { month }) => ({
      ...{ device, month: monthOf(month, 'UTC', NOW), limits: {}, isPredicted: false },
      ...{ audit: { checked: [], unchecked: [] }, sources: [] },
    }),
    readArchiveSeal: async () => ({}),
    now,
  }),
]);

async function ask(path: string, sites?: readonly string[]) {
  const caller: ApiCaller = { id: 'ann', isGuest: false, group: 'viewer', ...(sites && { sites }) };
  const response = await serve(new Request(`https://api.example${path}`), {
    resolve: async () => caller,
    onError: (error) => assert.fail(String(error)),
  });
  return { status: response.status, body: (await response.json()) as Record<string, { deviceId: string }[]> };
}

test('a page of slow reports ends early, and the next page continues after it', async () => {
  let time = NOW;
  const made: string[] = [];
  const slow = createHttpApi(
    reportRoutes({
      find: createFindDevices({ devices, alerts }),
      devices,
      rules: { read: async () => ({ rules: [], unreadable: [] }) },
      readArchiveSeal: async () => ({}),
      async reportDevice(device, { month }) {
        time += 5000;
        made.push(device.deviceId);
        return {
          ...{ device, month: monthOf(month, 'UTC', NOW), limits: {}, isPredicted: false },
          ...{ audit: { checked: [], unchecked: [] }, sources: [] },
        };
      },
      now: () => time,
    }),
  );
  const pages: number[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const request = new Request(`https://api.example/reports?month=2026-11${next && `&next=${next}`}`);
    const served = {
      resolve: async (): Promise<ApiCaller> => ({ id: 'ann', isGuest: false, group: 'viewer' }),
      onError: (error: unknown) => assert.fail(String(error)),
    };
    const body = (await (await slow(request, served)).json()) as { devices: unknown[]; next?: string };
    pages.push(body.devices.length);
    next = body.next;
  }
  assert.deepEqual(pages, [2, 1]);
  assert.deepEqual(made, ['here', 'nowhere', 'there']);
});

const idsIn = (found: readonly { deviceId: string }[] | undefined) => found?.map(({ deviceId }) => deviceId);

test("the fleet and reports have only the devices of the caller's sites", async () => {
  for (const path of ['/fleet', '/reports?month=2026-11']) {
    assert.deepEqual(idsIn((await ask(path)).body['devices'])?.sort(), ['here', 'nowhere', 'there']);
    assert.deepEqual(idsIn((await ask(path, ['seattle'])).body['devices']), ['here']);
    assert.deepEqual((await ask(path, ['lima'])).body['devices'], []);
  }
  assert.equal((await ask('/reports?month=2026-11&device=there', ['seattle'])).status, 404);
  assert.equal((await ask('/reports?month=2026-11&device=here', ['seattle'])).status, 200);
});

test('a device of another site looks like one that does not exist', async () => {
  const { body } = await ask('/windows?device=here&device=there&device=nowhere&device=unknown', ['seattle']);
  const series = body['series'] as unknown as { deviceId: string; windows: unknown[] }[];
  assert.deepEqual(
    series.map(({ deviceId, windows }) => [deviceId, windows.length]),
    [
      ['here', 1],
      ['there', 0],
      ['nowhere', 0],
      ['unknown', 0],
    ],
  );
});

test('a report of a month that has not begun is refused', async () => {
  const { status, body } = await ask('/reports?month=2026-12');
  assert.deepEqual([status, JSON.stringify(body).includes('has not begun in UTC')], [400, true]);
});
