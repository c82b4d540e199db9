// The audit on the real program: compares a fleet's messages, the archive and the windows.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Checked } from '../../core/archive-check.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  queryWindows,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const device = 'audited-1';
const start = Math.floor(Date.now() / 10_000) * 10_000 - 1_200_000;

const readingsIn = async (tidegate: Tidegate) =>
  (await queryWindows(tidegate, device)).reduce((sum, { readings }) => sum + Number(readings!.N), 0);

test('finds a lost window, repairs it from the archive, and then agrees', async () => {
  const [dataDir, certs] = [temporaryFolder(), temporaryFolder()];
  let tidegate = await startTidegate(dataDir);
  await createDevice(tidegate, device, certs);
  const client = await connectDevice(tidegate, device, certs);
  const publish = (payload: object) =>
    client.publishAsync(`telemetry/seattle/${device}`, JSON.stringify(payload), { qos: 1 });
  for (let n = 0; n < 60; n += 1) await publish({ timestamp: start + n * 700, temperature: (n % 9) / 10 });
  await publish({ timestamp: start, temperature: 0 });
  await publish({ temperature: 'none' });
  await client.endAsync();
  await eventually('60 readings in the windows', async () => (await readingsIn(tidegate)) === 60);
  // The archive is written when the program ends.
  assert.equal(await tidegate.stop(), 0);
  tidegate = await startTidegate(dataDir);

  const audit = (...more: string[]) =>
    runScript('audit/main.ts', ['--local', '--data-dir', dataDir, ...more]);
  const whole = await audit();
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /^62 lines in \d+ files: 61 readings, 1 rejected: no-metrics$/m);
  assert.match(whole.stdout, /^5 windows compared, 0 differ; devices: 1$/m);
  assert.match(whole.stdout, /^recorded for the reports of 1 device, until /m);
  // Where the readings lie on both sides of a month's end, its report has some of the windows.
  const month = new Date(start).toISOString().slice(0, 7);
  const checks = async (...more: string[]) => {
    const report = ['--device', device, '--month', month, '--data-dir', dataDir];
    const out = path.join(dataDir, 'report.json');
    const { code, stderr } = await runScript('commands/report.ts', [...report, ...more, '--out', out]);
    assert.deepEqual([code, stderr], [0, '']);
    const { devices } = JSON.parse(readFileSync(out, 'utf8')) as { devices: { audit: Checked }[] };
    return devices[0]!.audit.checked.map(({ windows, differing }) => [windows, differing]);
  };
  const [[compared] = []] = await checks();
  assert.ok(compared! >= 1 && compared! <= 5);
  const dynamodb = new DynamoDBClient(clientSettings(tidegate));
  await dynamodb.send(
    new DeleteItemCommand({
      TableName: tidegate.endpoints.outputs['WindowsTable']!,
      Key: { deviceId: { S: device }, windowStart: { N: String(start + 10_000) } },
    }),
  );
  dynamodb.destroy();
  const lost = await audit();
  assert.equal(lost.code, 1);
  assert.match(lost.stdout, /^audited-1 .*: 0 readings in the table, 14 in the archive$/m);
  assert.deepEqual(await checks(), [[compared, 1]]);
  const repaired = await audit('--repair', '--retention-days', '90');
  assert.match(repaired.stdout, /^14 readings counted that the table lacked\n5 windows compared, 0 differ/m);
  assert.equal(repaired.code, 0);
  assert.deepEqual(await checks(), [[compared, 0]]);
  // The audit that the report runs itself is of the month alone.
  assert.deepEqual(await checks('--audit'), [[compared, 0]]);
  assert.equal(await readingsIn(tidegate), 60);
  assert.equal(await tidegate.stop(), 0);
  const { code, stderr } = await audit();
  assert.equal(code, 2);
  assert.match(stderr, /Tidegate is not running in .*: run npm start first/);
});
