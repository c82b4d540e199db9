// `local-cloud` with templates of strangers, which know nothing of this repository.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CreateThingCommand, DeleteThingCommand, IoTClient } from '@aws-sdk/client-iot';
import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { sampleFile } from '../template/fixture.ts';
import { clientSettings, cli, connectDevice, startProgram, type RunningStack } from './running-stack.ts';

const template = `Transform: AWS::Serverless-2016-10-31
Parameters:
  Unit: { Type: String }
Resources:
  Store: { Type: AWS::S3::Bucket }
  Anything:
    Type: AWS::IoT::Policy
    Properties:
      PolicyName: Anything
      PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 'iot:*', Resource: '*' }] }
  Convert:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild, BuildProperties: { EntryPoints: [convert.js] } }
    Properties:
      CodeUri: ./
      Handler: convert.handler
      Runtime: nodejs24.x
      Environment: { Variables: { UNIT: !Ref Unit } }
  Keep:
    Type: AWS::IoT::TopicRule
    Properties:
      RuleName: Keep
      TopicRulePayload:
        AwsIotSqlVersion: '2016-03-23'
        Sql: SELECT aws_lambda('\${Arn}', *) AS converted FROM 'readings/+'
        Actions: [{ S3: { BucketName: !Ref Store, Key: '\${topic(2)}.json', RoleArn: 'arn:aws:iam::000000000000:role/r' } }]
Outputs:
  Store: { Value: !Ref Store }
`.replace('${Arn}', 'arn:aws:lambda:us-east-1:000000000000:function:cold-store-Convert');

/** A folder as a stranger has it. */
function strangersFolder(): string {
  const folder = path.join(temporaryFolder(), 'cold store');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'template.yaml'), template);
  const convert = `export const handler = async ({ t }) => ({ t: t * 1.8 + 32, unit: process.env.UNIT });\n`;
  writeFileSync(path.join(folder, 'convert.js'), convert);
  return folder;
}

const objectOf = ({ endpoints }: RunningStack, cwd: string, key: string): string | undefined => {
  const file = path.join(cwd, '.local-cloud/s3', endpoints.outputs['Store']!, key);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

test('runs a template in a folder of its own: a message goes through the rule and the function', async () => {
  const cwd = strangersFolder();
  const first = await startProgram([cli, '--parameter-overrides', 'Unit=F'], { cwd });
  assert.equal(first.endpoints.outputs['Store'], 'cold-store-store', 'the stack is called after the folder');
  const page = await (await fetch(first.endpoints.web)).text();
  assert.match(page, /<title>cold-store<\/title>/);
  const device = await connectDevice(first, 'sensor-1', 'Anything');
  await device.publishAsync('readings/a', '{"t":10}', { qos: 1 });
  const object = await eventually('the object', () => objectOf(first, cwd, 'a.json'));
  assert.deepEqual(JSON.parse(object), { converted: { t: 50, unit: 'F' } });
  await device.endAsync();
  assert.equal(await first.stop(), 0);
  assert.deepEqual(readdirSync(cwd).sort(), ['.local-cloud', 'convert.js', 'template.yaml']);

  const samconfig = [
    '[default.global.parameters]',
    'stack_name = "cold-store-prod"',
    '[local.deploy.parameters]',
    'parameter_overrides = "Unit=K"',
  ];
  writeFileSync(path.join(cwd, 'samconfig.toml'), samconfig.join('\n'));
  const second = await startProgram([cli, 'start', '--stack-name', 'cold-store'], { cwd });
  assert.equal(objectOf(second, cwd, 'a.json'), object, 'what was kept is still there');
  assert.equal(await second.stop('SIGINT'), 0);
});

test('shadows outlive kill -9 and their thing', async () => {
  const cwd = temporaryFolder();
  const first = await startProgram([cli, '--template', sampleFile], { cwd });
  const [iot, data] = [new IoTClient(clientSettings(first)), new IoTDataPlaneClient(clientSettings(first))];
  const payload = Buffer.from('{"state":{"reported":{"stays":true}}}');
  await iot.send(new CreateThingCommand({ thingName: 'brief' }));
  await data.send(new UpdateThingShadowCommand({ thingName: 'brief', payload }));
  await iot.send(new DeleteThingCommand({ thingName: 'brief' }));
  for (const client of [iot, data]) client.destroy();
  assert.equal(await first.stop('SIGKILL'), 'SIGKILL');

  const second = await startProgram([cli, '--template', sampleFile], { cwd });
  const again = new IoTDataPlaneClient(clientSettings(second));
  const shadow = await again.send(new GetThingShadowCommand({ thingName: 'brief' }));
  again.destroy();
  const { state } = JSON.parse(Buffer.from(shadow.payload!).toString()) as { state: object };
  assert.deepEqual(state, { reported: { stays: true } });
  assert.equal(await second.stop(), 0);
});

const refusals: readonly (readonly [args: string[], line: RegExp])[] = [
  [
    ['--help'],
    /^usage: local-cloud start \[--template FILE\] .*\[--parameter-overrides Key=Value \.\.\.\]\n/s,
  ],
  [
    ['invoke', '--help'],
    /^usage: local-cloud invoke FUNCTION EVENT\.json \[--data-dir \.local-cloud\]\n.*\n$/,
  ],
  [
    ['policy', '-h'],
    /^usage: local-cloud policy explain .*\[--template FILE\]\s.*\n.*as local-cloud start was given/s,
  ],
  [['rule', '-h'], /^usage: local-cloud rule explain RULE .*\[--template FILE\]\s.*\n$/s],
  [[], /^template\.yaml: no such file: start where template\.yaml is, or name one with --template\n$/],
  [['--template', 'other.yaml'], /^other\.yaml: no such file: /],
  [['--samconfig', 'none.toml'], /^--samconfig none\.toml: no such file\n$/],
  [['--stack-name', '1st'], /^stack name 1st: it must begin with a letter and have only letters, digits and/],
  [['--no-demo'], /^Unknown option '--no-demo'; usage: local-cloud start /],
  [['stop'], /^stop: a parameter override is Key=Value; usage: local-cloud start /],
];
for (const [args, line] of refusals) {
  test(`answers ${args.join(' ') || 'a folder without a template'} in one line`, () => {
    const cwd = temporaryFolder();
    const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8' });
    const asksForHelp = args.some((arg) => /^(--help|-h)$/.test(arg));
    assert.equal(status, asksForHelp ? 0 : 1, stderr);
    assert.match(asksForHelp ? stdout : stderr, line);
    assert.equal(asksForHelp ? stderr : stdout, '');
  });
}
