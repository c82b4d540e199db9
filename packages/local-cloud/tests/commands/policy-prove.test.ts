// `policy prove`: verdicts and exit code for a policy file, and a counterexample that a running broker confirms.

import { beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  IoTClient,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { sampleFile } from '../template/fixture.ts';
import { cli, clientSettings, startProgram, type RunningStack } from './running-stack.ts';

const dir = temporaryFolder();

const prove = (...args: string[]) =>
  new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, [cli, 'policy', 'prove', ...args], { cwd: dir }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });

const write = (name: string, value: unknown) => {
  writeFileSync(path.join(dir, name), JSON.stringify(value));
  return name;
};

const arn = (resource: string) => `arn:aws:iot:eu-west-1:111122223333:${resource}`;
const policy = (...statements: (readonly [action: string, resource: string])[]) => ({
  Version: '2012-10-17',
  Statement: statements.map(([Action, resource]) => ({ Effect: 'Allow', Action, Resource: arn(resource) })),
});

const thing = '${iot:Connection.Thing.ThingName}';
const narrow = write(
  'narrow.json',
  policy(['iot:Connect', `client/${thing}`], ['iot:Publish', `topic/$aws/things/${thing}/shadow/*`]),
);
const wide = write(
  'wide.json',
  policy(
    ['iot:Connect', `client/${thing}`],
    ['iot:Publish', 'topic/$aws/things/*/shadow/update'],
    ['iot:Subscribe', 'topicfilter/$aws/things/*'],
    ['iot:Receive', 'topic/$aws/things/*'],
    ['iot:GetThingShadow', 'thing/*'],
  ),
);

test('a policy that keeps things apart is proven, and the exit code is 0', async () => {
  const { code, output } = await prove('--policy', narrow);
  assert.match(output, /^PROVEN {6}No holder connects with the client ID of another thing\n {12}3 ways, /);
  assert.match(output, /\n7 claims: 7 proven\n$/);
  assert.equal(code, 0);
});

test('claims of your own name the policy by its file', async () => {
  const claims = write('claims.json', {
    principals: { device: { certificate: ['wide'] } },
    claims: [
      { claim: 'No device publishes telemetry', of: 'device', actions: ['iot:Publish'], on: ['telemetry/#'] },
    ],
  });
  const { code, output } = await prove('--policy', wide, '--claims', claims);
  assert.match(output, /^PROVEN {6}No device publishes telemetry\n/);
  assert.equal(code, 0);
});

const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /^--claims FILE or --policy FILE is required: name what to prove\n$/],
  [['--policy', 'none.json'], /^--policy none\.json: ENOENT/],
  [['--claims', 'none.json'], /^--claims none\.json: no such file\n$/],
  [['--local', '--policy', narrow], /^--local proves the policies of the registry: leave out --policy\n$/],
  [['--local', '--data-dir', 'none'], /^local-cloud is not running in none: /],
  [['--policy', narrow, '--confirm', '--data-dir', 'none'], /^local-cloud is not running in none: /],
  [['--polcy', 'x'], /^Unknown option '--polcy'\n$/],
];

test('an undecided claim is named, and the exit code is 1', async () => {
  for (const [args, message] of refused) {
    const { code, output } = await prove(...args);
    assert.match(output, message);
    assert.equal(code, 1);
  }
  assert.match((await prove('--help')).output, /^usage: local-cloud policy prove /);
});

let stack: RunningStack;
beforeAll(async () => {
  const started = [cli, 'start', '--template', sampleFile, '--stack-name', 'tidegate'];
  stack = await startProgram(started, { cwd: dir });
});

test('the broker confirms the counterexample of the prover, and removes everything that it created', async () => {
  const iot = new IoTClient(clientSettings(stack));
  const count = async () => [
    (await iot.send(new ListThingsCommand())).things!.length,
    (await iot.send(new ListCertificatesCommand())).certificates!.length,
    (await iot.send(new ListPoliciesCommand())).policies!.length,
  ];
  const before = await count();
  const { code, output } = await prove('--policy', wide, '--confirm');
  assert.equal(code, 1);
  const confirmed = [...output.matchAll(/^ {12}the broker (.*)$/gm)].map(([, line]) =>
    line!.replaceAll(/(things\/|on )\w+(?=\/shadow| with)/g, '$1X'),
  );
  assert.deepEqual(confirmed, [
    'confirms it: it acknowledged a message on $aws/things/X/shadow/update',
    'did not try it: the local cloud does not serve jobs', // an asterisk reaches a job that is called shadow
    'confirms it: it delivered a message on $aws/things/X/shadow/update/delta',
    'did not try it: the local cloud does not serve jobs',
    'confirms it: it answered iot:GetThingShadow on X with HTTP 404',
  ]);
  assert.deepEqual(await count(), before);
  iot.destroy();
  await stack.stop();
});
