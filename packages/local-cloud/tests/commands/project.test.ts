// What a repository says of its own stack, from a program of a few lines.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { startProgram } from './running-stack.ts';

const main = pathToFileURL(path.resolve(import.meta.dirname, '../../main.ts')).href;

const program = `import { runLocalCloud } from '${main}';
await runLocalCloud(process.argv.slice(2), {
  root: import.meta.dirname,
  stackName: 'shop',
  title: 'Shop & Co',
  dataDir: '.shop',
  npmScripts: true,
  demo: 'demo.mjs',
  originParameter: 'Origin',
  totals: { till: 'mqtt.received' },
  warnings: [
    { without: 'AWS::SNS::Subscription', message: 'nobody is told' },
    { without: 'AWS::S3::Bucket', message: 'nothing is kept' },
  ],
  faults: ({ Origin }) => (Origin === 'nowhere' ? ['parameter Origin is nowhere: name a place'] : []),
});
`;
const template = `Parameters: { Origin: { Type: String, Default: none } }
Resources: { Store: { Type: AWS::S3::Bucket } }
Outputs: { Store: { Value: !Ref Store }, Origin: { Value: !Ref Origin } }
`;
const demo = `import { writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
const say = (word) => writeFileSync(workerData.dataDir + '/demo.txt', word);
say('running');
parentPort.on('message', (message) => {
  say(message);
  parentPort.close();
});
`;

function ownFolder(): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries({
    'own.mjs': program,
    'template.yaml': template,
    'demo.mjs': demo,
  }))
    writeFileSync(path.join(folder, name), text);
  return folder;
}

test('its name, title, folder, demo and warnings are those of the project', async () => {
  const cwd = ownFolder();
  const stack = await startProgram(['own.mjs'], { cwd, dataDir: '.shop' });
  const { web, ca, outputs } = stack.endpoints;
  assert.deepEqual(
    outputs,
    { Store: 'shop-store', Origin: 'none' },
    'no origin: the port was free to choose',
  );
  const page = await (await fetch(web)).text();
  assert.match(page, /<h1>Shop &amp; Co<\/h1>[^]*is npm start still running\?/);
  assert.match(
    new X509Certificate(readFileSync(ca)).subject,
    /^CN=Shop & Co local CA [0-9a-f]{8}\nO=Shop & Co$/,
  );
  assert.match(stack.output(), /"message":"nobody is told"/);
  assert.doesNotMatch(stack.output(), /nothing is kept/);
  const said = () =>
    existsSync(path.join(cwd, '.shop/demo.txt')) && readFileSync(path.join(cwd, '.shop/demo.txt'), 'utf8');
  await eventually('the demo', () => said() === 'running');
  assert.equal(await stack.stop(), 0);
  assert.equal(said(), 'stop');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a parameter takes the origin of the web port unless it is set, and --no-demo leaves the demo out', async () => {
  const cwd = ownFolder();
  const place = { cwd, dataDir: '.shop', webPort: await freePort() };
  const first = await startProgram(['own.mjs', '--no-demo'], place);
  assert.equal(first.endpoints.outputs['Origin'], `http://localhost:${place.webPort}`);
  assert.equal(await first.stop(), 0);
  const second = await startProgram(['own.mjs', '--no-demo', '--parameter-overrides', 'Origin=mine'], place);
  assert.equal(second.endpoints.outputs['Origin'], 'mine');
  assert.equal(await second.stop(), 0);
  assert.equal(existsSync(path.join(cwd, '.shop/demo.txt')), false);
});

const usages: readonly (readonly [args: string[], line: RegExp])[] = [
  [
    ['-h'],
    /^usage: npm start -- \[--data-dir DIR\] .*\[--no-demo\] \[--watch\]\s+\[--no-enforce-iam\]\s+\[--parameter-overrides Key=Value \.\.\.\]\n/s,
  ],
  [['invoke', '-h'], /^usage: npm run invoke -- FUNCTION EVENT\.json \[--data-dir \.shop\]\n.*\n$/],
  [['policy', '-h'], /^usage: npm run policy -- explain --thing T .*as npm start was given them/s],
  [
    ['rule', '-h'],
    /^usage: npm run rule -- explain RULE MESSAGE_FILE --topic TOPIC\s+\[--client-id ID\]\s.*\n$/s,
  ],
  [['--parameter-overrides', 'Origin=nowhere'], /^parameter Origin is nowhere: name a place$/m],
  [['--template', 'x'], /^Unknown option '--template'; usage: npm start -- /],
  [['invoke', 'F', 'template.yaml'], /^template\.yaml: not JSON: /],
  [
    ['policy', 'explain', '--thing', 't', '--action', 'connect'],
    /^Shop & Co is not running in \.shop: run npm start first, or name/,
  ],
];
for (const [args, line] of usages) {
  test(`${args.join(' ')} speaks of the commands as the project's users type them`, () => {
    const given = { cwd: ownFolder(), encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['own.mjs', ...args], given);
    assert.match(stdout + stderr, line);
  });
}
