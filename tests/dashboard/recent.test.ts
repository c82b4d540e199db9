// What the page keeps in memory for a large fleet: ten minutes of visible devices, little of the others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createRecent, type Reads } from '../../dashboard/data/recent.ts';
import { createTracks, type LiveMessages } from '../../dashboard/data/tracks.ts';
import { laterThan, type StoredWindow } from '../../dashboard/model/windows.ts';
import { eventually } from '../support/waiting.ts';

const SIZE = 10_000;
const MINUTE = 60_000;

const windowAt = (start: number, readings = 10): StoredWindow => ({
  start,
  readings,
  lastReadingAt: start + readings * 900,
  metrics: { temperature: { min: 4, max: 5, sum: 4.5 * readings, count: readings, last: 4.5 } },
});

/** Tracks with a broker and an API that the test controls. */
function openTracks(stored: Readonly<Record<string, readonly StoredWindow[]>> = {}) {
  const asked: string[][] = [];
  let heard: Parameters<LiveMessages['listen']>[0] = () => assert.fail('nobody listens');
  const live: LiveMessages = {
    listen(each) {
      heard = each;
      return () => {};
    },
  };
  const api: Reads = {
    get<T>(_path: string, { device }: Parameters<Reads['get']>[1]): Promise<T> {
      const ids = device as string[];
      asked.push(ids);
      const series = ids.map((deviceId) => ({ deviceId, windows: stored[deviceId] ?? [] }));
      return Promise.resolve({ series } as T);
    },
  };
  const tracks = createTracks(api, live, SIZE);
  const hear = (deviceId: string, at: number) =>
    heard(
      `telemetry/seattle/${deviceId}`,
      new TextEncoder().encode(`{"timestamp":${at},"temperature":4}`),
      at,
    );
  return { tracks, asked, hear };
}

test('a visible device keeps eleven minutes of live readings, others two', async () => {
  const { tracks, asked, hear } = openTracks();
  tracks.look('seen');
  await eventually('the look to load', () => asked.length === 1);
  const began = 1_790_000_000_000;
  let now = began;
  for (; now < began + 20 * MINUTE; now += 1000) {
    for (const deviceId of ['seen', 'unseen']) hear(deviceId, now);
    tracks.flush(now);
  }
  const minutes = (deviceId: string) => {
    const { windows, live } = tracks.track(deviceId);
    assert.ok(live.length <= 26, `${live.length} single readings`);
    return Math.round((windows.size * SIZE) / MINUTE);
  };
  assert.deepEqual([minutes('seen'), minutes('unseen')], [11, 2]);
});

test('readings received while the stored windows load are kept', async () => {
  const start = 1_790_000_000_000;
  const { tracks, hear } = openTracks({ fridge: [windowAt(start - SIZE)] });
  for (let at = start; at < start + 40_000; at += 1000) hear('fridge', at);
  tracks.flush(start + 40_000);
  tracks.look('fridge');
  const track = tracks.track('fridge');
  await eventually('the stored windows', () => track.windows.has(start - SIZE));
  assert.deepEqual(
    [...track.windows.keys()],
    [-1, 0, 1, 2, 3].map((window) => start + window * SIZE),
  );
  assert.deepEqual(
    [...track.windows.values()].map(({ readings }) => readings),
    [10, 10, 10, 10, 10],
  );
});

test('devices that become visible together are loaded together, each once', async () => {
  const calls: (readonly string[])[] = [];
  const recent = createRecent((deviceIds) => Promise.resolve(void calls.push(deviceIds)));
  const ids = Array.from({ length: 30 }, (_, index) => `d-${index}`);
  for (const id of [...ids, ...ids]) recent.look(id);
  await eventually('all to be requested', () => calls.flat().length === 30);
  assert.deepEqual(
    calls.map(({ length }) => length),
    [20, 10],
  );
});

test('devices visible before the connection are loaded once, and again after a reconnect', async () => {
  const calls: (readonly string[])[] = [];
  const recent = createRecent((deviceIds) => Promise.resolve(void calls.push(deviceIds)));
  recent.look('fridge');
  recent.connected();
  await eventually('the call', () => calls.length > 0);
  recent.look('freezer');
  await eventually('the other call', () => calls.length > 1);
  recent.connected();
  await eventually('both again', () => calls.length > 2);
  assert.deepEqual(calls, [['fridge'], ['freezer'], ['fridge', 'freezer']]);
});

test('visible devices and the last two hundred out of sight are kept', async () => {
  const calls: (readonly string[])[] = [];
  const recent = createRecent((deviceIds) => Promise.resolve(void calls.push(deviceIds)));
  const leaveTwice = ['twice', 'twice'].map((id) => recent.look(id));
  leaveTwice[0]!();
  const ids = Array.from({ length: 250 }, (_, index) => `d-${index}`);
  for (const id of ids) recent.look(id)();
  assert.deepEqual(
    ids.filter((id) => recent.isKept(id)),
    ids.slice(50),
  );
  assert.ok(recent.isKept('twice'));
  await eventually('the kept ones to be requested', () => calls.flat().length === 201);
  recent.look('d-0');
  await eventually('a dropped one to be requested', () => calls.flat().includes('d-0'));
});

test('a device whose call failed is loaded when it is next visible', async () => {
  let isDown = true;
  const calls: (readonly string[])[] = [];
  const recent = createRecent((deviceIds) => {
    calls.push(deviceIds);
    return isDown ? Promise.reject(new Error('down')) : Promise.resolve();
  });
  const leave = recent.look('fridge');
  await eventually('the call to fail', () => calls.length === 1 && !recent.isKept('fridge'));
  isDown = false;
  leave();
  recent.look('fridge');
  await eventually('the second call', () => calls.length === 2);
  assert.ok(recent.isKept('fridge'));
});

const [stored, later] = [windowAt(10_000), windowAt(20_000)];
const cases: readonly {
  readonly title: string;
  readonly newest: StoredWindow | undefined;
  readonly heard: readonly StoredWindow[];
  readonly kept: readonly StoredWindow[];
}[] = [
  { title: 'all if nothing is stored', newest: undefined, heard: [stored], kept: [stored] },
  { title: 'none that are stored', newest: stored, heard: [windowAt(0), stored], kept: [] },
  { title: 'later ones', newest: stored, heard: [stored, later], kept: [later] },
  {
    title: 'a window with more live readings than stored ones',
    newest: windowAt(10_000, 3),
    heard: [stored],
    kept: [stored],
  },
];
for (const { title, newest, heard, kept } of cases) {
  test(`live windows kept beside the stored ones: ${title}`, () => {
    const own = new Map(heard.map((window) => [window.start, window]));
    assert.deepEqual(
      laterThan(newest, own).map(([, window]) => window),
      kept,
    );
  });
}
