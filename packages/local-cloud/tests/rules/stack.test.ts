// Rules that ask, republish, log and substitute, in a stack of their own template.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { IoTDataPlaneClient, PublishCommand, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { CreateThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { systemClock } from '../../clock.ts';
import { createCounters } from '../../counters.ts';
import { silentLog } from '../../log.ts';
import { startStack } from '../../stack.ts';
import { sourceOf } from '../../stack-source.ts';

const rule = (name: string, sql: string, ...actions: object[]) => ({
  Type: 'AWS::IoT::TopicRule',
  Properties: {
    RuleName: name,
    TopicRulePayload: { AwsIotSqlVersion: '2016-03-23', Sql: sql, Actions: actions },
  },
});
const RoleArn = 'arn:aws:iam::000000000000:role/rules';
const keep = (Key: string) => ({ S3: { BucketName: { Ref: 'Bucket' }, Key, RoleArn } });

const template = {
  Transform: 'AWS::Serverless-2016-10-31',
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'kept' } },
    Lines: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/devices/lines' } },
    Double: {
      Type: 'AWS::Serverless::Function',
      Metadata: { BuildMethod: 'esbuild', BuildProperties: { EntryPoints: ['double.ts'] } },
      Properties: { CodeUri: './', Handler: 'double.handler', Runtime: 'nodejs24.x' },
    },
    Ask: rule(
      'Ask',
      `SELECT aws_lambda('arn:aws:lambda:us-east-1:000000000000:function:tidegate-Double', {'n': n}).twice AS twice,
        get_registry_data('DescribeThing', topic(2), 'role').attributes.room AS room,
        get_thing_shadow(topic(2), 'role').state.desired.limit AS level,
        get_or_default(get_thing_shadow('nobody', 'role'), 'none') AS nobody FROM 'ask/+'`,
      keep('asked/${topic(2)}.json'),
    ),
    First: rule('First', "SET @id = get(parts, 1) SELECT n + 1 AS n FROM 'first/+'", {
      Republish: {
        Topic: 'second/${@id}',
        RoleArn,
        Qos: 1,
        Headers: { ContentType: 'application/json', UserProperties: [{ Key: 'from', Value: '${topic()}' }] },
      },
    }),
    Second: rule(
      'Second',
      `SELECT *, get_mqtt_property('content_type') AS type, get_user_properties('from') AS came FROM 'second/+'`,
      keep('second/${topic(2)}.json'),
      { CloudwatchLogs: { LogGroupName: { Ref: 'Lines' }, RoleArn } },
    ),
    Loop: rule(
      'Loop',
      "SELECT n + 1 AS n FROM 'loop'",
      { Republish: { Topic: 'loop', RoleArn } },
      keep('loop/${n}'),
    ),
  },
};

async function start() {
  const [root, dataDir] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(path.join(root, 'template.yaml'), JSON.stringify(template));
  writeFileSync(
    path.join(root, 'double.ts'),
    'export const handler = async ({ n }) => ({ twice: 2 * n });\n',
  );
  const ports = { mqttPort: 0, awsPort: 0, webPort: 0 };
  const counters = createCounters();
  const stack = await startStack({
    source: sourceOf({ template: path.join(root, 'template.yaml'), 'stack-name': 'tidegate' }),
    title: 'Rules',
    startCommand: 'local-cloud start',
    dnsCommand: 'local-cloud dns',
    dataDir,
    ...ports,
    overrides: {},
    clock: systemClock,
    log: silentLog,
    counters,
  });
  const settings = {
    endpoint: stack.endpoints.aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const data = new IoTDataPlaneClient(settings);
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const iot = new IoTClient(settings);
  cleanup(async () => {
    for (const client of [data, s3, iot]) client.destroy();
    await stack.stop();
  });
  return {
    dataDir,
    data,
    iot,
    counters,
    publish: (topic: string, payload: object) =>
      data.send(new PublishCommand({ topic, qos: 1, payload: Buffer.from(JSON.stringify(payload)) })),
    keys: async () =>
      ((await s3.send(new ListObjectsV2Command({ Bucket: 'kept' }))).Contents ?? []).map(({ Key }) => Key!),
    object: async (Key: string): Promise<unknown> => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'kept', Key }));
      return JSON.parse(await Body!.transformToString());
    },
  };
}

test('rules ask functions, the registry and shadows, feed one another with headers, log, and cannot loop for ever', async () => {
  const { dataDir, data, iot, counters, publish, keys, object } = await start();
  const arrived = (key: string) => eventually(key, async () => (await keys()).includes(key));

  await iot.send(
    new CreateThingCommand({ thingName: 's1', attributePayload: { attributes: { room: 'cellar' } } }),
  );
  const shadow = Buffer.from('{"state":{"desired":{"limit":8}}}');
  await data.send(new UpdateThingShadowCommand({ thingName: 's1', payload: shadow }));
  await publish('ask/s1', { n: 21 });
  await arrived('asked/s1.json');
  assert.deepEqual(await object('asked/s1.json'), { twice: 42, room: 'cellar', level: 8, nobody: 'none' });

  await publish('first/a', { n: 1, parts: ['x', 'y'] });
  await arrived('second/y.json');
  assert.deepEqual(await object('second/y.json'), { n: 2, type: 'application/json', came: ['first/a'] });
  const file = path.join(dataDir, 'logs/groups/%2Fdevices%2Flines.log');
  const line = await eventually(
    'the line',
    () => readFileSync(file, { encoding: 'utf8', flag: 'a+' }) || undefined,
  );
  assert.equal(
    (JSON.parse(line) as { message: string }).message,
    '{"n":2,"type":"application/json","came":["first/a"]}',
  );

  await publish('loop', { n: 0 });
  await eventually('the end of the loop', () => counters.get('actionFailures') === 1);
  const loop = () => keys().then((all) => all.filter((key) => key.startsWith('loop/')));
  await eventually('what the loop kept', async () => (await loop()).length === 9);
  assert.deepEqual(
    await loop(),
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => `loop/${n}`),
  );
});
