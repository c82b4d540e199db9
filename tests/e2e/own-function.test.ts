// The walkthrough for your own function in CONTRIBUTING, run from the page's blocks in order.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { makeCheckout } from './checkout.ts';
import { plainBlocks } from './document-blocks.ts';
import { startTidegate, type Tidegate } from './tidegate.ts';

/** Those of "A function of your own", after the block of "Set up". */
const blocks = plainBlocks('CONTRIBUTING.md')
  .slice(1)
  .map(({ text }) => text);
const [startCommand = '', source = '', declaration = '', logCommand = '', invokeCommand = ''] = blocks;

const checkout = path.join(temporaryFolder(), 'tidegate');
const at = (file: string) => path.join(checkout, file);
const run = (script: string) =>
  execFileSync(
    'bash',
    [
      '-ec',
      `{ ${script}
} 2>&1`,
    ],
    { cwd: checkout, encoding: 'utf8', timeout: 60_000 },
  );
let tidegate: Tidegate;

beforeAll(async () => {
  makeCheckout(checkout);
  assert.equal(startCommand, 'npm start -- --watch\n');
  tidegate = await startTidegate(at('.tidegate'), ['--watch'], {}, ':', checkout);
});

afterAll(async () => {
  await tidegate.stop();
});

test('every step of the walkthrough works as printed, without a manual restart', async () => {
  assert.equal(existsSync(at('functions/hello.ts')), false);
  writeFileSync(at('functions/hello.ts'), source);
  const template = readFileSync(at('template.yaml'), 'utf8');
  assert.equal(template.match(/^Parameters:$/gm)?.length, 1);
  writeFileSync(
    at('template.yaml'),
    template.replace(/^Parameters:$/m, () => `${declaration}\nParameters:`),
  );
  await eventually('the new template', () => /stack restarted/.test(tidegate.output()), 90_000);

  const said = () => (existsSync(at('.tidegate/logs/HelloFunction.log')) ? run(logCommand) : '');
  await eventually(
    'a reading of the fridge',
    () => /Hello, demo-fridge-1 has -?[\d.]+ degrees/.test(said()),
    30_000,
  );
  assert.match(run(invokeCommand), /"greeting": ?"Hello, my-fridge has 5 degrees"/);

  writeFileSync(at('functions/hello.ts'), source.replace('Hello', 'Good morning'));
  await eventually(
    'the rebuilt function',
    () => /function rebuilt.*HelloFunction/.test(tidegate.output()),
    30_000,
  );
  assert.match(run(invokeCommand), /Good morning, my-fridge/);
});
