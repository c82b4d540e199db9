// The story of README with the programs that a new user runs: a reading results in an object, a window and an email.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ListSubscriptionsCommand, SNSClient } from '@aws-sdk/client-sns';
import { isInstalled, testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  archivedMessages,
  clientSettings,
  connectDevice,
  createDevice,
  filesOf,
  queryWindows,
  runScript,
  startTidegate,
  type Tidegate,
} from './tidegate.ts';

const run = promisify(execFile);
const device = 'store-sensor-seattle1';
const topic = `telemetry/seattle/${device}`;
const dataDir = temporaryFolder();
const certs = temporaryFolder();
const windowStart = Math.floor(Date.now() / 10_000) * 10_000 - 60_000;
let tidegate: Tidegate;

beforeAll(async () => {
  tidegate = await startTidegate(dataDir);
  await createDevice(tidegate, device, certs);
});

afterAll(async () => {
  await tidegate.stop();
});

async function publish(messages: readonly object[]): Promise<void> {
  const client = await connectDevice(tidegate, device, certs);
  for (const message of messages) await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  await client.endAsync();
}

const windowAt = async (start: number) =>
  (await queryWindows(tidegate, device)).find((item) => item['windowStart']?.N === String(start));

test('prints ready and the three addresses as the last line of the start', () => {
  const { mqtt, aws, web } = tidegate.endpoints;
  assert.match(tidegate.output(), new RegExp(`^ready ${mqtt} ${aws} ${web}$`, 'm'));
});

test('keeps the private key to its owner', () => {
  assert.equal(statSync(path.join(certs, `${device}.key.pem`)).mode & 0o777, 0o600);
});

test('folds readings into an exact window, resent ones included once', async () => {
  const readings = [
    { id: 'r1', timestamp: windowStart, temperature: 0.1, humidity: 51 },
    { id: 'r2', timestamp: windowStart + 9_999, temperature: 0.2, humidity: 50 },
    { id: 'r3', timestamp: windowStart + 10_000, temperature: 3 },
  ];
  await publish([...readings, ...readings]);
  const first = await eventually('both readings of the first window', async () => {
    const item = await windowAt(windowStart);
    return item?.['readings']?.N === '2' && item['temperature.max']?.N === '0.2' && item;
  });
  assert.equal(first['temperature.sum']?.N, '0.3');
  assert.equal(first['temperature.min']?.N, '0.1');
  assert.equal(first['temperature.count']?.N, '2');
  assert.equal(first['humidity.min']?.N, '50');
  assert.equal(first['site']?.S, 'seattle');
  const second = await eventually('the second window', () => windowAt(windowStart + 10_000));
  assert.equal(second['readings']?.N, '1');
});

test('mails and texts when a limit is crossed, once', async () => {
  await publish(
    [1, 2, 3].map((n) => ({ id: `hot${n}`, timestamp: windowStart + 20_000 + n, temperature: 8 + n })),
  );
  const folder = (name: string) => path.join(dataDir, name);
  const mails = await eventually('an email', () => {
    const files = existsSync(folder('mail')) ? readdirSync(folder('mail')) : [];
    return files.length > 0 && files;
  });
  const mail = readFileSync(path.join(folder('mail'), mails[0]!), 'utf8').replaceAll(/\r\n(?=[ \t])/g, '');
  assert.match(mails[0]!, /\.eml$/);
  assert.match(mail, /^To: .*alerts@example\.com/m);
  assert.match(mail, /^Subject: .*store-sensor-seattle1/m);
  const texts = await eventually('an SMS', () => {
    const files = existsSync(folder('sms')) ? readdirSync(folder('sms')) : [];
    return files.length > 0 && files;
  });
  assert.match(readFileSync(path.join(folder('sms'), texts[0]!), 'utf8'), /store-sensor-seattle1/);
  const hot = await eventually('all three hot readings', async () => {
    const item = await windowAt(windowStart + 20_000);
    return item?.['readings']?.N === '3' && item['temperature.max']?.N === '11' && item;
  });
  assert.equal(hot['temperature.count']?.N, '3');
  assert.equal(readdirSync(folder('mail')).length, 1);
});

test('lists the subscriptions of the template', async () => {
  const client = new SNSClient(clientSettings(tidegate));
  const { Subscriptions = [] } = await client.send(new ListSubscriptionsCommand({}));
  client.destroy();
  const nameOf = (arn = '') => arn.split(':').at(-1);
  const shown = Subscriptions.map((each) => `${nameOf(each.TopicArn)} ${each.Protocol} ${each.Endpoint}`);
  assert.deepEqual(shown.sort(), [
    'tidegate-AlarmsTopic email alerts@example.com',
    'tidegate-AlarmsTopic sms +12065550100',
    'tidegate-AlertsTopic email alerts@example.com',
    'tidegate-AlertsTopic sms +12065550100',
  ]);
});

test('invokes the function with a sample event', async () => {
  const { code, stdout, stderr } = await runScript('local.ts', [
    'invoke',
    'IngestFunction',
    'events/ingest.json',
    '--data-dir',
    dataDir,
  ]);
  assert.equal(code, 0, stderr);
  assert.doesNotThrow(() => JSON.parse(stdout), stdout);
});

testIf(isInstalled('mosquitto_pub'), 'mosquitto_pub is not installed')(
  'takes a reading from mosquitto_pub',
  async () => {
    const port = new URL(tidegate.endpoints.mqtt).port;
    const files = ['--cafile', 'ca.pem', '--cert', `${device}.cert.pem`, '--key', `${device}.key.pem`];
    const message = JSON.stringify({ timestamp: windowStart + 30_000, temperature: 4.2 });
    await run(
      'mosquitto_pub',
      ['-h', 'localhost', '-p', port, '-i', device, '-q', '1', '-t', topic, '-m', message, ...files],
      { cwd: certs, timeout: 20_000 },
    );
    const item = await eventually('its window', () => windowAt(windowStart + 30_000));
    assert.equal(item['temperature.max']?.N, '4.2');
  },
);

testIf(isInstalled('aws'), 'the AWS CLI is not installed')('answers the AWS CLI', async () => {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'us-east-1',
  };
  const aws = async (...args: string[]) =>
    (await run('aws', ['--endpoint-url', tidegate.endpoints.aws, '--output', 'json', ...args], { env }))
      .stdout;
  const { WindowsTable = '', RawBucket = '' } = tidegate.endpoints.outputs;
  const query = JSON.parse(
    await aws(
      ...['dynamodb', 'query', '--table-name', WindowsTable, '--key-condition-expression', 'deviceId = :d'],
      ...['--expression-attribute-values', JSON.stringify({ ':d': { S: device } })],
    ),
  ) as { Count: number };
  assert.ok(query.Count >= 3);
  assert.match(await aws('sns', 'list-subscriptions'), /alerts@example\.com/);
  assert.match(await aws('s3', 'ls'), new RegExp(RawBucket));
});

test('archives buffered messages on stop, and has everything after the next start', async () => {
  const before = await queryWindows(tidegate, device);
  assert.equal(await tidegate.stop('SIGTERM'), 0, tidegate.output());
  const messages = archivedMessages(tidegate);
  assert.ok(messages.length >= 9, `${messages.length} messages in the archive`);
  assert.equal(messages.filter(({ id }) => id === 'r1').length, 2, 'the archive keeps what came, twice');
  assert.equal(messages[0]!['deviceId'], device);
  assert.equal(messages[0]!['site'], 'seattle');
  assert.match(filesOf(tidegate, 'RawBucket')[0]!, /\/\d{4}\/\d{2}\/\d{2}\//);

  tidegate = await startTidegate(dataDir);
  assert.deepEqual(await queryWindows(tidegate, device), before);
  await publish([{ timestamp: windowStart + 40_000, temperature: 5 }]);
  await eventually('a window from the same certificate', () => windowAt(windowStart + 40_000));
});
