// Environments that wait for events end after some time, the spare ones soon.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import type { IdleLimits } from '../../lambda/idle-environments.ts';
import { createPool } from '../../lambda/pool.ts';
import type { FunctionSpec } from '../../template/functions.ts';

/** Counts its events; those that have a folder wait there for each other. */
const HANDLER = `import { readdirSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
let events = 0;
export const handler = async ({ folder, name }) => {
  events += 1;
  if (folder) writeFileSync(folder + '/' + name, '');
  while (folder && readdirSync(folder).length < 2) await turn();
  return events;
};`;
const spec = {
  ...{ logicalId: 'Fn', name: 'fn', arn: 'arn:aws:lambda:us-east-1:000000000000:function:fn' },
  ...{ handlerName: 'handler', memoryMb: 128, timeoutSeconds: 10 },
} as FunctionSpec;

/** A pool of at most two environments, and how many it has started. */
function open(limits: IdleLimits, code = HANDLER) {
  const file = path.join(temporaryFolder(), 'handler.mjs');
  writeFileSync(file, code);
  let started = 0;
  const settings = () => {
    started += 1;
    return { spec, file, variables: {}, logStream: String(started), onLine() {} };
  };
  const pool = createPool(2, settings, limits);
  cleanup(() => pool.close());
  const run = async (event: object) => {
    const { payload } = await pool.submit({ requestId: 'id', payload: JSON.stringify(event), source: [] });
    return Number(payload);
  };
  const runTwo = () => {
    const folder = temporaryFolder();
    return Promise.all(['a', 'b'].map((name) => run({ folder, name })));
  };
  return { run, runTwo, started: () => started };
}

test('ends the spare environment and keeps the last one', async () => {
  const { runTwo, started } = open({ spare: 20, last: 60_000 });
  assert.deepEqual(await runTwo(), [1, 1]);
  assert.equal(started(), 2);
  const counts = await eventually('one event in a new environment', async () => {
    const [first = 0, second = 0] = await runTwo();
    return started() > 2 && [first, second];
  });
  assert.ok(Math.max(...counts) > 1, 'the other environment has counted on');
  assert.equal(Math.min(...counts), 1);
});

test('ends the last environment once it has waited for longer, and starts one for the next event', async () => {
  const { run, started } = open({ spare: 20, last: 40 });
  assert.equal(await run({}), 1);
  assert.equal(await run({}), 2);
  await eventually('an event that finds no environment', async () => (await run({})) === 1);
  assert.equal(started(), 2);
});

test('an event whose handler cannot be imported starts one environment', async () => {
  const { run, started } = open({ spare: 60_000, last: 60_000 }, 'throw new Error("no");');
  await run({});
  await run({});
  assert.equal(started(), 2);
});
