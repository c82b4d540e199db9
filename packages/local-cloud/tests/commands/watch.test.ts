// `local-cloud --watch`: sources and template are changed under a running stack, as editors change them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { IoTClient } from '@aws-sdk/client-iot';
import { connectAsync } from 'mqtt';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { makeDevice } from '../iot/device-fixture.ts';
import { clientSettings, cli, startProgram, type RunningStack } from './running-stack.ts';

const functionOf = (id: string, file: string, more = '') => `
  ${id}:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: esbuild, BuildProperties: { EntryPoints: [${file}.js] } }
    Properties: { CodeUri: ./, Handler: ${file}.handler, Runtime: nodejs24.x${more} }`;

const template = (more: string) => `Transform: AWS::Serverless-2016-10-31
Resources:
  Store: { Type: AWS::S3::Bucket }
  Anything:
    Type: AWS::IoT::Policy
    Properties:
      PolicyName: Anything
      PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 'iot:*', Resource: '*' }] }
  Keep:
    Type: AWS::IoT::TopicRule
    Properties:
      RuleName: Keep
      TopicRulePayload:
        AwsIotSqlVersion: '2016-03-23'
        Sql: SELECT * FROM 'readings/+'
        Actions: [{ S3: { BucketName: !Ref Store, Key: '\${topic(2)}.json', RoleArn: 'arn:aws:iam::000000000000:role/r' } }]
${more}
`;

/** Two functions that share a module, of which one has a word of its own. */
function project() {
  const cwd = path.join(temporaryFolder(), 'shop');
  mkdirSync(path.join(cwd, 'lib'), { recursive: true });
  return { cwd, write: (file: string, text: string) => writeFileSync(path.join(cwd, file), text) };
}

const handlerOf = (word: string) =>
  `import { greet } from './lib/greet.js';\nexport const handler = async () => greet('${word}');\n`;

async function start() {
  const { cwd, write } = project();
  write('lib/greet.js', `export const greet = (who) => 'hello ' + who;\n`);
  write('one.js', handlerOf('one'));
  write('two.js', handlerOf('two'));
  write('template.yaml', template(functionOf('One', 'one') + functionOf('Two', 'two')));
  const stack = await startProgram([cli, '--watch'], { cwd });
  return { write, stack, cwd };
}

async function invoke(stack: RunningStack, id: string): Promise<unknown> {
  const lambda = new LambdaClient(clientSettings(stack));
  try {
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: `shop-${id}` }));
    return JSON.parse(Buffer.from(Payload!).toString()) as unknown;
  } finally {
    lambda.destroy();
  }
}

const linesOf = (stack: RunningStack) =>
  stack
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(
      (line) => JSON.parse(line) as { level: string; message: string; function?: string; reason?: string },
    );

const rebuilt = (stack: RunningStack) =>
  linesOf(stack).flatMap((line) => (line.message === 'function rebuilt' ? [line.function!] : []));

test('runs the new code of a function, and of all that import what changed, without a restart', async () => {
  const { write, stack, cwd } = await start();
  assert.equal(await invoke(stack, 'One'), 'hello one');
  write('one.js', handlerOf('first'));
  await eventually('One is rebuilt', () => rebuilt(stack).length === 1);
  assert.equal(await invoke(stack, 'One'), 'hello first');

  // As vim and many others save: a new file takes the place of the old one.
  write('lib/greet.js~new', `export const greet = (who) => 'good day ' + who;\n`);
  renameSync(path.join(cwd, 'lib/greet.js~new'), path.join(cwd, 'lib/greet.js'));
  await eventually('both are rebuilt', () => rebuilt(stack).length === 3);
  assert.deepEqual(rebuilt(stack), ['One', 'One', 'Two']);
  assert.equal(await invoke(stack, 'One'), 'good day first');
  assert.equal(await invoke(stack, 'Two'), 'good day two');
  assert.equal(await stack.stop(), 0);
});

test('goes on with the last code while a source does not build or cannot be imported, and says where', async () => {
  const { write, stack, cwd } = await start();
  const errors = () => linesOf(stack).filter(({ level }) => level === 'error');
  write('lib/greet.js', `export const greet = (who) =>\n  'hello ' + ;\n`);
  const [broken] = await eventually('the error', () => errors().length > 0 && errors());
  assert.equal(broken!.reason, 'lib/greet.js:2: Unexpected ";"');
  assert.equal(broken!.function, 'One, Two');
  assert.equal(await invoke(stack, 'One'), 'hello one');

  write('lib/greet.js', `throw new Error('no');\nexport const greet = () => 'x';\n`);
  await eventually('the errors of both imports', () => errors().length === 3);
  assert.match(errors()[1]!.reason!, /^template\.yaml:\d+: One cannot be started: Error: no$/);
  assert.equal(await invoke(stack, 'Two'), 'hello two');

  write(
    'lib/greet.js',
    `import { word } from './later/word.js';\nexport const greet = (who) => word + who;\n`,
  );
  await eventually('the missing import', () => errors().length === 4);
  mkdirSync(path.join(cwd, 'lib/later'));
  write('lib/later/word.js', `export const word = 'at last ';\n`);
  await eventually('both are rebuilt', () => rebuilt(stack).length === 2);
  assert.equal(await invoke(stack, 'One'), 'at last one');
  assert.equal(await stack.stop(), 0);
});

test('restarts for another template in order, on the same ports and data, and refuses one with problems', async () => {
  const { write, stack, cwd } = await start();
  const iot = new IoTClient(clientSettings(stack));
  const { keyPem, certificatePem } = await makeDevice(iot, { thing: 'sensor-1', policy: 'Anything' });
  iot.destroy();
  const ca = readFileSync(stack.endpoints.ca);
  const device = await connectAsync(stack.endpoints.mqtt, {
    ...{ clientId: 'sensor-1', ca, cert: certificatePem, key: keyPem, reconnectPeriod: 50 },
  });
  device.on('error', () => {});
  await device.publishAsync('readings/before', '{}', { qos: 1 });

  const both = functionOf('One', 'one') + functionOf('Two', 'two');
  write(
    'template.yaml',
    template(`${both}${functionOf('Three', 'three')}\n  Queue: { Type: AWS::Batch::JobQueue }`),
  );
  await eventually('the warning', () => linesOf(stack).some(({ level }) => level === 'warn'));
  const problems = linesOf(stack).filter(({ level }) => level === 'error');
  assert.deepEqual(
    [/entry point three\.js does not exist/, /AWS::Batch::JobQueue/].map((problem, index) =>
      problem.test(problems[index]!.message),
    ),
    [true, true],
    'all of them, by their lines',
  );
  assert.equal(await invoke(stack, 'One'), 'hello one', 'the old stack goes on');
  assert.equal(device.connected, true);

  write('three.js', `export const handler = async () => 'three';\n`);
  write('template.yaml', template(both + functionOf('Three', 'three')));
  await eventually(
    'the restart',
    () => linesOf(stack).some(({ message }) => message === 'stack restarted'),
    60_000,
  );
  assert.equal(await invoke(stack, 'Three'), 'three', 'at the port of before');
  await eventually('the device is connected again', () => device.connected);
  await device.publishAsync('readings/after', '{}', { qos: 1 });
  const object = (name: string) => path.join(cwd, '.local-cloud/s3/shop-store', name);
  await eventually('what came before and after', () =>
    ['before.json', 'after.json'].every((name) => existsSync(object(name))),
  );

  write('three.js', `export const handler = async () => 'drei';\n`);
  await eventually('Three is rebuilt', () => rebuilt(stack).includes('Three'));
  assert.equal(await invoke(stack, 'Three'), 'drei');
  await device.endAsync();
  assert.equal(await stack.stop(), 0);
});
