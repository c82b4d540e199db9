// A rebuild that is killed with `kill -9` at any point is completed by the next one, and nothing is counted twice.

import { afterAll, beforeAll, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DeleteItemCommand, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { createRollupStore } from '../../adapters/rollup-store.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { temporaryFolder } from '../support/folders.ts';

const HOUR = 3_600_000;
const START = Math.floor(Date.now() / HOUR) * HOUR - 10 * HOUR;
const PROGRAM = path.resolve(import.meta.dirname, '../../audit/rebuild-main.ts');

let tables: Tables;
let proxy: Server;
/** Called with the number and the operation of each request before it is passed on. */
let onRequest: (n: number, operation: string) => void = () => {};
let requests = 0;
const folder = temporaryFolder();

beforeAll(async () => {
  tables = await openTables();
  const { hostname, port } = new URL(tables.endpoint);
  proxy = createServer((incoming, answer) => {
    onRequest((requests += 1), String(incoming.headers['x-amz-target']).split('.')[1]!);
    const { method, url, headers } = incoming;
    const passed = request({ hostname, port, method, path: url, headers }, (found) => {
      answer.writeHead(found.statusCode!, found.headers);
      found.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    incoming.pipe(passed);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  // Two devices, one of them with more readings in a window than an item has fingerprints of.
  const line = (deviceId: string, timestamp: number, n: number) =>
    `${JSON.stringify({ timestamp, temperature: n / 10, deviceId, site: 's', receivedAt: START + 130_000, traceId: `t${deviceId}${n}` })}\n`;
  const calm = Array.from({ length: 120 }, (_, n) => line('calm', START + n * 1000, n));
  const busy = Array.from({ length: 200 }, (_, n) => line('busy', START + n * 40, n));
  const hour = path.join(folder, 'raw', new Date(START).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/'));
  mkdirSync(hour, { recursive: true });
  writeFileSync(path.join(hour, 'a.ndjson'), [...calm, ...busy].join(''));
  writeFileSync(path.join(hour, 'b.ndjson'), [...busy.slice(100), ...calm.slice(50)].join(''));
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await tables.close();
});

/** Gives the signal that ended it, if one did, and its code. */
async function run(args: readonly string[], killAt = Infinity) {
  const { port } = proxy.address() as AddressInfo;
  const env = {
    ...process.env,
    ...{ AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`, AWS_REGION: 'us-east-1' },
    ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  };
  requests = 0;
  const child = spawn(process.execPath, [PROGRAM, folder, '--retention-days', '90', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onRequest = (n) => {
    if (n === killAt) child.kill('SIGKILL');
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output, requests };
}

async function statisticsOf(table: string): Promise<unknown[]> {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: table }));
  const key = (item: Record<string, AttributeValue>) => `${item['windowStart']?.N}/${item['deviceId']?.S}`;
  // Which of its fingerprints are in the item depends on how many came at a time.
  return Items.map(({ seen: _seen, chunk: _chunk, ...figures }) => figures).sort((a, b) =>
    key(a) < key(b) ? -1 : 1,
  );
}

/** Some of the requests, the first and the last among them. */
const pointsOf = (count: number, most: number) => [
  ...new Set(Array.from({ length: most }, (_, n) => 1 + Math.round((n * (count - 1)) / (most - 1)))),
];

describe('killed at some of its requests, and run again,', () => {
  test('a separate table is the same', async () => {
    const whole = await run(['--table', 'whole']);
    assert.equal(whole.code, 0, whole.output);
    const expected = await statisticsOf('whole');
    assert.equal(expected.length, 13);
    for (const point of pointsOf(whole.requests, 5)) {
      const table = `killed-${point}`;
      assert.equal((await run(['--table', table], point)).signal, 'SIGKILL');
      const again = await run(['--table', table]);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(await statisticsOf(table), expected, `after ${point} requests`);
    }
  }, 120_000);

  test("the stack's table is the same, and its hours are marked", async () => {
    const expected = await statisticsOf('whole');
    const rollups = createRollupStore({
      ...{ client: tables.client, table: 'rollups', retentionDays: 1096, windowRetentionDays: 90 },
      now: () => Date.now(),
    });
    const stack = [
      '--table',
      'windows',
      '--fingerprints-table',
      'fingerprints',
      '--rollups-table',
      'rollups',
    ];
    async function empty(): Promise<void> {
      const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'windows' }));
      for (const { deviceId, windowStart } of Items) {
        const Key = { deviceId: deviceId!, windowStart: windowStart! };
        await tables.client.send(new DeleteItemCommand({ TableName: 'windows', Key }));
      }
    }
    const whole = await run(stack);
    assert.deepEqual([whole.code, await statisticsOf('windows')], [0, expected], whole.output);
    for (const point of pointsOf(whole.requests, 4)) {
      await empty();
      for (const device of ['calm', 'busy'])
        for (const mark of await rollups.marks(device)) await rollups.unmark(device, mark);
      assert.equal((await run(stack, point)).signal, 'SIGKILL');
      const again = await run(stack);
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(await statisticsOf('windows'), expected, `after ${point} requests`);
      assert.equal((await rollups.marks('calm')).length, 1);
    }
  }, 120_000);
});
