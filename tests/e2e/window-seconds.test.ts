// Windows of other lengths than ten seconds, on the real program: only a parameter changes, in both ingest modes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import path from 'node:path';
import { callApi } from '../../packages/local-cloud/tests/http-api/call-api.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectDevice, createDevice, queryWindows, startTidegate } from './tidegate.ts';

const SECOND = 1000;
const folder = temporaryFolder();

for (const [windowSeconds, mode] of [
  [1, 'direct'],
  [7, 'stream'],
  [60, 'stream'],
  [3600, 'direct'],
] as const) {
  test(`WindowSeconds=${windowSeconds} in ${mode} mode gives windows of that length, also over HTTP`, async () => {
    const certs = path.join(folder, `certs-${windowSeconds}`);
    const tidegate = await startTidegate(path.join(folder, `data-${windowSeconds}`), [
      '--no-demo',
      '--parameter-overrides',
      `WindowSeconds=${windowSeconds}`,
      `IngestMode=${mode}`,
      'StreamBatchingSeconds=1',
    ]);
    await createDevice(tidegate, 'ruler', certs);
    const client = await connectDevice(tidegate, 'ruler', certs);
    const size = windowSeconds * SECOND;
    const start = Math.floor(Date.now() / size) * size - 2 * size;
    const times = [start - 1, start, start + size - 1, start + size, start + 2 * size - 1];
    await Promise.all(
      times.map((timestamp, n) =>
        client.publishAsync('telemetry/seattle/ruler', JSON.stringify({ timestamp, temperature: n }), {
          qos: 1,
        }),
      ),
    );
    const windows = await eventually(
      'five readings in three windows',
      async () => {
        const items = await queryWindows(tidegate, 'ruler');
        return items.reduce((sum, item) => sum + Number(item['readings']?.N), 0) === times.length && items;
      },
      60_000,
    );
    const figures = ['windowStart', 'readings', 'temperature.sum', 'firstReadingAt', 'lastReadingAt'];
    assert.deepEqual(
      windows.map((item) => figures.map((name) => Number(item[name]?.N))),
      [
        [start - size, 1, 0, start - 1, start - 1],
        [start, 2, 3, start, start + size - 1],
        [start + size, 2, 7, start + size, start + 2 * size - 1],
      ],
    );
    await client.endAsync();

    const query = { from: String(start - size), to: String(start + 2 * size) };
    const ask = (more: Record<string, string>) =>
      callApi(tidegate.endpoints.outputs['ApiUrl']!, {
        path: '/devices/ruler/windows',
        query: { ...query, ...more },
      });
    const stored = JSON.parse((await ask({})).body) as {
      windowSeconds: number;
      windows: { start: number }[];
    };
    assert.equal(stored.windowSeconds, windowSeconds);
    assert.deepEqual(
      stored.windows.map((window) => window.start),
      [start - size, start, start + size],
    );
    const hours = await ask({ resolution: '1h' });
    if (3600 % windowSeconds > 0) {
      assert.equal(hours.status, 400);
    } else {
      const { windows } = JSON.parse(hours.body) as { windows: { readings: number }[] };
      assert.equal(
        windows.reduce((sum, { readings }) => sum + readings, 0),
        times.length,
      );
    }
    assert.equal(await tidegate.stop(), 0);
  });
}

test('another WindowSeconds for a data directory is refused with the remedy, and the same one is accepted', async () => {
  const dataDir = path.join(folder, 'lasting');
  const overrides = (seconds: number) => ['--no-demo', '--parameter-overrides', `WindowSeconds=${seconds}`];
  await (await startTidegate(dataDir, overrides(60))).stop();
  await assert.rejects(startTidegate(dataDir, overrides(10)), (error: Error) => {
    assert.match(
      error.message,
      /\nWindowSeconds is 10, but \S+lasting was made with 60: windows of two lengths/,
    );
    assert.match(
      error.message,
      /Start with --parameter-overrides WindowSeconds=60, or name a new folder with --data-dir/,
    );
    return true;
  });
  await (await startTidegate(dataDir, overrides(60))).stop();
});
