// The output of `npm start` names devices with rejected messages, and the remedy.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectDevice, createDevice, filesOf, startTidegate, type Tidegate } from './tidegate.ts';

const certs = temporaryFolder();
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  await createDevice(tidegate, 'late-1', certs);
});

afterAll(async () => {
  await tidegate.stop();
});

test('prints device, reason and remedy of a rejected reading once on the terminal', async () => {
  const client = await connectDevice(tidegate, 'late-1', certs);
  const tooOld = () => JSON.stringify({ timestamp: Date.now() - 30 * 86_400_000, temperature: 4 });
  for (let n = 0; n < 20; n += 1) await client.publishAsync('telemetry/seattle/late-1', tooOld(), { qos: 1 });
  const kept = () =>
    filesOf(tidegate, 'ErrorsBucket').filter((file) => /late-1.*too-late/s.test(readFileSync(file, 'utf8')));
  await eventually('all of them in the errors bucket', () => kept().length === 20);
  const lines = () =>
    tidegate
      .output()
      .split('\n')
      .filter((line) => line.includes('late-1'));
  const [line] = await eventually('the line', () => lines().length > 0 && lines());
  const { time, ...shown } = JSON.parse(line!) as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-/);
  assert.deepEqual(shown, {
    level: 'warn',
    message: 'Readings rejected',
    function: 'IngestFunction',
    deviceId: 'late-1',
    reason: 'too-late',
    readings: 1,
    remedy: "set the device's clock, or raise MaxLatenessDays",
  });
  await client.endAsync();
  assert.equal(lines().length, 1);
});
