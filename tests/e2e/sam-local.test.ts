// `npm run env` gives `sam local invoke` everything that a function needs to work on the running stack.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { functionsOf } from '../../packages/local-cloud/template/functions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { samVariables } from '../template/sam-resolver.ts';
import { loadTidegate } from '../template/tidegate-template.ts';
import { root, startTidegate, queryWindows, type Tidegate } from './tidegate.ts';

type Variables = Record<string, string>;

const folder = temporaryFolder();
const file = path.join(folder, 'env.json');
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
});

afterAll(async () => {
  await tidegate.stop();
});

function env(...args: string[]) {
  const { AWS_PROFILE: _, ...rest } = process.env;
  return spawnSync(process.execPath, [path.join(root, 'commands/env.ts'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...{ ...rest, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: folder },
      ...{ AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' },
    },
  });
}

/** The program of a container: imports the handler as Lambda's runtime does, and hands it the event. */
const CONTAINER = `
  const [file, event] = process.argv.slice(1);
  const { handler } = await import(file);
  const context = { awsRequestId: 'r1', functionName: 'IngestFunction', memoryLimitInMB: '512', getRemainingTimeInMillis: () => 30_000 };
  console.log(JSON.stringify(await handler(JSON.parse(event), context)));
`;

/** What the SAM CLI puts into the container: its own, and of the file no variable but those that the template declares. */
function invokeAsSam(overrides: Variables, event: string) {
  const declared = samVariables(readFileSync(path.join(root, 'template.yaml'), 'utf8')).get(
    'IngestFunction',
  )!;
  const variables = Object.entries(declared).map(([name, value]) => [name, overrides[name] ?? value]);
  const bundle = path.join(tidegate.dataDir, 'build/IngestFunction/ingest.mjs');
  return spawnSync(process.execPath, ['--input-type=module', '-e', CONTAINER, bundle, event], {
    encoding: 'utf8',
    env: {
      ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
      AWS_LAMBDA_FUNCTION_NAME: 'IngestFunction',
      ...(Object.fromEntries(variables) as Variables),
    },
  });
}

test('a function that runs with the file counts a reading in the tables of the running stack', async () => {
  const { status, stdout, stderr } = env('--data-dir', tidegate.dataDir);
  assert.deepEqual([status, stderr], [0, '']);
  const functions = functionsOf(loadTidegate()).length;
  assert.ok(
    stdout.startsWith(
      `env.json has the variables of ${functions} functions. Next, while the local cloud runs:\n`,
    ),
    stdout,
  );
  assert.match(stdout, /sam local invoke IngestFunction .*--env-vars env\.json --docker-network host\n$/);
  const variables = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Variables>;
  const event = { timestamp: 1_790_000_000_123, temperature: 4.2, deviceId: 'sam-1', site: 'seattle' };
  const received = { ...event, receivedAt: event.timestamp + 40, clientId: 'sam-1' };
  const run = invokeAsSam(variables['IngestFunction']!, JSON.stringify(received));
  assert.equal(run.status, 0, run.stdout + run.stderr);
  const [window] = await queryWindows(tidegate, 'sam-1');
  assert.equal(window?.['temperature.max']?.N, '4.2');
  // What is rejected goes to the errors bucket, by the same one address.
  const late = JSON.stringify({ ...received, timestamp: 1_600_000_000_000 });
  const rejecting = invokeAsSam(variables['IngestFunction']!, late);
  assert.equal(rejecting.status, 0, rejecting.stdout + rejecting.stderr);
  assert.ok(existsSync(path.join(tidegate.dataDir, 's3/tidegate-errorsbucket/rejected/sam-1')));
});

const broken = temporaryFolder();
writeFileSync(path.join(broken, 'endpoints.json'), '{"aws": ');

const faults: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['--data-dir', 'nowhere'], /^Tidegate is not running in nowhere: run npm start first.*--stack-name\n$/],
  [
    ['--data-dir', broken],
    /endpoints\.json cannot be used \(.+\): run npm start again; for AWS give --stack-name\n$/,
  ],
  [['--stack-name', 'none'], /: check --stack-name, the AWS credentials and the region\n$/],
  [['surplus'], /^usage: npm run env -- /],
];
for (const [args, message] of faults) {
  test(`npm run env -- ${args.join(' ').replace(broken, 'BROKEN')} reports the problem and does not change the file`, () => {
    const before = existsSync(file) && readFileSync(file, 'utf8');
    const { status, stdout, stderr } = env(...args);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, message);
    assert.equal(existsSync(file) && readFileSync(file, 'utf8'), before);
  });
}
