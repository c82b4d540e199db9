// A device's history in the page: pages of stored windows, live readings after them, and windows that are read again.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { openHistory, type Sources } from '../../dashboard/data/history.ts';
import type { WindowPage } from '../../dashboard/model/api-types.ts';
import { stepFor } from '../../dashboard/model/ladder.ts';
import type { StoredWindow } from '../../dashboard/model/windows.ts';
import { eventually } from '../support/waiting.ts';

const SIZE = 10_000;
const SPAN = 600_000;

const windowAt = (start: number): StoredWindow => ({
  ...{ start, readings: 1, lastReadingAt: start },
  metrics: { temperature: { min: 4, max: 4, sum: 4, count: 1, last: 4 } },
});

type Query = Readonly<Record<string, unknown>>;

/** A history whose API answers with these pages, one for each request; a failure is thrown. */
function open(pages: (Partial<WindowPage> | Error)[], isLive: boolean) {
  const now = Date.now();
  const asked: Query[] = [];
  let hear: Parameters<Sources['live']['listen']>[0] = () => assert.fail('nobody listens');
  let connect = () => {};
  const api: Sources['api'] = {
    get<T>(_path: string, query: Query): Promise<T> {
      asked.push(query);
      const page = pages.shift() ?? { windows: [] };
      return page instanceof Error ? Promise.reject(page) : Promise.resolve(page as T);
    },
  };
  const live: Sources['live'] = {
    listen(each) {
      hear = each;
      return () => {};
    },
    onConnect(run) {
      connect = run;
      return () => {};
    },
  };
  const from = Math.floor((now - SPAN) / SIZE) * SIZE;
  const step = stepFor({ from, to: now }, now, { windowSeconds: 10, windowDays: 90 });
  const history = openHistory({ api, live }, 'fridge', { from, to: now, isLive, step });
  const publish = (deviceId: string, at: number) =>
    hear(
      `telemetry/seattle/${deviceId}`,
      new TextEncoder().encode(`{"timestamp":${at},"temperature":9}`),
      at,
    );
  return { history, asked, from, publish, connect: () => connect() };
}

const loaded = ({ history }: ReturnType<typeof open>) =>
  eventually('the history', () => history.isLoaded.value);

test('pages are read until the last one, with their units', async () => {
  const opened = open(
    [
      { windows: [windowAt(SIZE)], units: { temperature: '°C' }, next: 'page-2' },
      { windows: [windowAt(2 * SIZE)], sources: [{ source: 'gone' }] as never },
    ],
    false,
  );
  await loaded(opened);
  const { history, asked, from } = opened;
  assert.deepEqual(
    asked.map(({ from: since, next }) => [since, next]),
    [
      [from, undefined],
      [from, 'page-2'],
    ],
  );
  assert.deepEqual(
    history.series().map(({ start }) => start),
    [SIZE, 2 * SIZE],
  );
  assert.deepEqual([history.units(), history.isGone.value], [{ temperature: '°C' }, true]);
  history.close();
});

test("a live history adds the device's own readings, and a past one none", async () => {
  for (const isLive of [true, false]) {
    const opened = open([{ windows: [] }], isLive);
    await loaded(opened);
    const at = Date.now();
    opened.publish('fridge', at);
    opened.publish('other', at);
    assert.deepEqual(
      opened.history.series().map(({ metrics }) => metrics['temperature']!.count),
      isLive ? [1] : [],
    );
    opened.history.close();
  }
});

test('a new connection reads again from the windows that may have been open', async () => {
  const opened = open([{ windows: [windowAt(5 * SIZE)] }], true);
  await loaded(opened);
  opened.connect();
  await eventually('the second request', () => opened.asked.length === 2);
  assert.equal(opened.asked[1]!['from'], 3 * SIZE);
  opened.history.close();
});

test('a failure is shown until a retry succeeds', async () => {
  const opened = open([new Error('no route'), { windows: [windowAt(SIZE)] }], false);
  const { history } = opened;
  await eventually('the failure', () => history.failure.value !== undefined);
  assert.equal(history.failure.value!.message, 'no route');
  assert.equal(history.isLoaded.value, false);
  history.retry();
  await loaded(opened);
  assert.equal(history.failure.value, undefined);
  history.close();
});

test('a closed history takes no page that arrives later', async () => {
  const opened = open([{ windows: [windowAt(SIZE)], next: 'page-2' }], true);
  opened.history.close();
  await loaded(opened);
  assert.deepEqual([opened.history.series(), opened.asked.length], [[], 1]);
});
