// `policy explain`: the statement that decides, from the data directory alone.

import { beforeAll, describe, it, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreateThingGroupCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { explainPolicy } from '../../iot/explain.ts';
import { parsePolicyOptions } from '../../commands/policy-options.ts';
import { arn, openTestIot, serve } from '../iot/iot-fixture.ts';
import { makeDevice } from '../iot/device-fixture.ts';

const cli = path.resolve(import.meta.dirname, '../../cli.ts');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (...args: string[]) =>
  new Promise<Outcome>((resolve) => {
    execFile(process.execPath, [cli, 'policy', ...args], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

const statements = [
  { Sid: 'Connect', Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/${iot:ClientId}') },
  {
    Effect: 'Allow',
    Action: ['iot:Publish', 'iot:RetainPublish'],
    Resource: arn('topic/t/${iot:Connection.Thing.ThingName}'),
  },
  { Sid: 'NotThere', Effect: 'Deny', Action: 'iot:*', Resource: arn('topic/t/secret') },
];

const document = (...all: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: all });

/** A running registry with the thing s1. `ask` takes the command line, and answers from the registry in memory. */
async function open() {
  const dataDir = temporaryFolder();
  const { iot } = await openTestIot({ dir: path.join(dataDir, 'iot') });
  const { client } = await serve(iot);
  await client.send(new CreatePolicyCommand({ policyName: 'P', policyDocument: document(...statements) }));
  const { certificateId, certificatePem } = await makeDevice(client, { thing: 's1', policy: 'P' });
  const ask = (...args: string[]) =>
    explainPolicy(iot.registry, parsePolicyOptions(['explain', ...args])!).join('\n');
  return { dataDir, client, certificateId, certificatePem, ask };
}

const cases: readonly (readonly [title: string, args: string, answer: RegExp])[] = [
  ['connect', '--action connect', /^ {2}ALLOWED {3}allowed by P statement 1 \(Sid Connect\)$/m],
  ['publish', '--action publish --topic t/s1', /ALLOWED {3}allowed by P statement 2$/m],
  ['retain', '--action retain --topic t/s1', /ALLOWED {3}allowed by P statement 2$/m],
  [
    'an explicit denial',
    '--action publish --topic t/secret',
    /REFUSED {3}denied by P statement 3 \(Sid NotThere\)/,
  ],
  ['a deny of receive', '--action receive --topic t/secret', /REFUSED {3}denied by P statement 3/],
  [
    'the nearest statement where none allows',
    '--action publish --topic t/s2',
    /REFUSED {3}no policy of certificate \w+\.\.\. allows iot:Publish on topic\/t\/s2 \(nearest: P statement 2: another/,
  ],
  ['subscribe, by its filter', '--action subscribe --topic t/#', /allows iot:Subscribe on topicfilter\/t\/#/],
  [
    'a client id that is not a thing',
    '--action publish --topic t/s1 --client-id other',
    /attached to no thing named "other".*\$\{iot:Connection\.Thing\.ThingName\} has no value/,
  ],
];

describe('names the statement that decided, or its absence', () => {
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open();
  });
  for (const [title, args, answer] of cases) {
    it(title, () => assert.match(opened.ask('--thing', 's1', ...args.split(' ')), answer));
  }
});

test('a will and a persistent session are asked about as a CONNECT asks', async () => {
  const { client, ask, certificateId } = await open();
  const given = (Condition: object) => ({ Effect: 'Deny', Action: 'iot:Connect', Resource: '*', Condition });
  const will = given({ ArnEquals: { 'iot:LastWillTopic': arn('topic/bad') } });
  const persistent = given({ 'ForAnyValue:StringEquals': { 'iot:ConnectAttributes': 'PersistentConnect' } });
  const policyDocument = document(will, persistent);
  await client.send(new CreatePolicyCommand({ policyName: 'Q', policyDocument }));
  await client.send(new AttachPolicyCommand({ policyName: 'Q', target: arn(`cert/${certificateId}`) }));
  const connect = (...more: string[]) => ask('--thing', 's1', '--action', 'connect', ...more);
  assert.match(connect('--will', 'good'), /ALLOWED/);
  assert.match(connect('--will', 'bad'), /denied by Q statement 1/);
  assert.match(connect('--persistent'), /denied by Q statement 2/);
});

test('shows the statement as it is written, and which policy came from where', async () => {
  const { client, ask } = await open();
  const name = 'OfGroup';
  await client.send(new CreateThingGroupCommand({ thingGroupName: 'g' }));
  const allow = { Effect: 'Allow', Action: 'iot:Receive', Resource: '*' };
  await client.send(new CreatePolicyCommand({ policyName: name, policyDocument: document(allow) }));
  await client.send(new AttachPolicyCommand({ policyName: name, target: arn('thinggroup/g') }));
  await client.send(new AddThingToThingGroupCommand({ thingName: 's1', thingGroupName: 'g' }));
  const answer = ask('--thing', 's1', '--action', 'receive', '--topic', 'x');
  assert.match(answer, /P version 1 \(of the certificate\), OfGroup version 1 \(of thing group g\)/);
  assert.match(
    answer,
    /allowed by OfGroup statement 1\n +\{"Effect":"Allow","Action":"iot:Receive","Resource":"\*"\}/,
  );
});

test('a certificate that is not active is refused before any policy is asked', async () => {
  const { client, certificateId, ask } = await open();
  await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
  const answer = ask('--thing', 's1', '--action', 'connect');
  assert.match(answer, /REVOKED\n.*\n {2}REFUSED {3}the certificate is REVOKED: policies do not apply/);
});

test('a certificate without a thing can be asked about by its file', async () => {
  const { dataDir, certificatePem, ask } = await open();
  const file = path.join(dataDir, 'cert.pem');
  writeFileSync(file, certificatePem);
  const answer = ask('--certificate', file, '--client-id', 'c', '--action', 'connect');
  assert.match(answer, /as client c from 127\.0\.0\.1\n.*\n.*\n {2}ALLOWED/);
});

test('reads beside a running stack, and leaves every file as it is', async () => {
  const { dataDir, ask } = await open();
  const contents = () =>
    readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(path.join(entry.parentPath, entry.name), 'hex')]);
  const before = contents();
  const question = ['--thing', 's1', '--action', 'publish', '--topic', 't/+'];
  const { code, stdout } = await run('explain', ...question, '--data-dir', dataDir);
  const problem = 'whatever the policies say, the broker refuses a wildcard in a topic name [MQTT-3.3.2-2]';
  assert.deepEqual({ code, stdout }, { code: 0, stdout: `${ask(...question)}\n${problem}\n` });
  assert.deepEqual(contents(), before);
});

test('a will is asked about as a publish too, and refused where nothing takes it', async () => {
  const { dataDir } = await open();
  const connect = async (will: string) => {
    const question = ['--thing', 's1', '--action', 'connect', '--will', will, '--data-dir', dataDir];
    return (await run('explain', ...question)).stdout;
  };
  assert.match(
    await connect('t/s1'),
    /iot:Connect on client\/s1[^]*ALLOWED[^]*iot:Publish on topic\/t\/s1[^]*ALLOWED/,
  );
  assert.doesNotMatch(await connect('$aws/things/s1/shadow/update'), /the broker refuses/);
  assert.match(
    await connect('$aws/things/s1/nothing'),
    /the broker refuses the will: it has a reserved topic/,
  );
});

const mistakes: readonly (readonly [args: string, message: RegExp])[] = [
  ['explane', /^the command is explain or prove$/],
  ['explain --thing s1', /^--action is one of connect, publish, subscribe, receive, retain$/],
  ['explain --thing s1 --action publish', /^publish needs --topic X$/],
  ['explain --thing s1 --action connect --topic x', /^connect takes no --topic$/],
  ['explain --action connect', /^--thing NAME or --identity ID is required$/],
  ['explain --certificate nope --client-id c --action connect', /^--certificate nope: neither a file nor/],
  [
    'explain --thing s1 --action publish --topic x --will y',
    /^--will and --persistent belong to --action connect$/,
  ],
  ['explain --thing s1 --action connect --rubbish', /^Unknown option '--rubbish'$/],
];

test('a mistake on the command line is named', () => {
  for (const [args, message] of mistakes)
    assert.throws(() => parsePolicyOptions(args.split(' ').filter(Boolean)), { name: 'StartError', message });
});

test('a thing or certificate that the registry does not have is named', async () => {
  const { ask } = await open();
  for (const name of ['s9', '__proto__'])
    assert.throws(() => ask('--thing', name, '--action', 'connect'), {
      message: `there is no thing ${name} in the registry, which has s1`,
    });
  const id = 'ab'.repeat(32);
  assert.throws(
    () => ask('--certificate', id, '--client-id', 'c', '--action', 'connect'),
    /no certificate abab/,
  );
});

test('without a registry there is one line with the remedy', async () => {
  const question = ['--thing', 'a', '--action', 'connect', '--data-dir', '/nonexistent'];
  const { code, stderr } = await run('explain', ...question);
  assert.match(stderr, /^local-cloud is not running in \/nonexistent: run local-cloud start first.*\n$/);
  assert.equal(code, 1);
});
