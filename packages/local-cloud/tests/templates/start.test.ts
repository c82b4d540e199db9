// Templates as strangers write them start as they are, and a message goes all the way through each.

import 'reflect-metadata';
import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { connectAsync } from 'mqtt';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { StartError } from '../../start-error.ts';
import { credentials, startSample, type Running, type Sample } from './stack.ts';

/** The items of a table, once there are any. */
async function itemsOf({ stack }: Running, TableName: string) {
  const client = new DynamoDBClient({ region: 'us-east-1', endpoint: stack.endpoints.aws, credentials });
  try {
    return await eventually(`an item in ${TableName}`, async () => {
      const { Items = [] } = await client.send(new ScanCommand({ TableName }));
      return Items.length > 0 && Items;
    });
  } finally {
    client.destroy();
  }
}

/** The messages of a queue. */
async function receive({ stack }: Running, queue: string) {
  const response = await fetch(stack.endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.ReceiveMessage',
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sqs/aws4_request',
    },
    body: JSON.stringify({ QueueUrl: `${stack.endpoints.aws}/000000000000/${queue}` }),
  });
  return (await response.json()) as { Messages?: { Body: string }[] };
}

const objectsOf = (
  running: Running,
  bucket: string,
  isEnough = (found: object) => Object.keys(found).length > 0,
) =>
  eventually(`objects in ${bucket}`, () => {
    const found = running.objects(bucket);
    return isEnough(found) && found;
  });

const logged = (running: Running, logicalId: string, text: string) =>
  eventually(`${text} in the log of ${logicalId}`, () => running.logOf(logicalId).includes(text));

interface Case extends Sample {
  readonly title: string;
  readonly pass: (running: Running) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    title: 'an event of type IoTRule, a topic with its subscriber, and CommonJS without a build',
    folder: 'motion-alert',
    async pass(running) {
      await running.publish('sensors/hall/motion', { event: 'quiet' });
      await running.publish('sensors/hall/motion', { event: 'motion' });
      const mail = await eventually('a mail', () => {
        const [file] = readdirSync(path.join(running.dataDir, 'mail')).filter((name) =>
          name.endsWith('.eml'),
        );
        return file && readFileSync(path.join(running.dataDir, 'mail', file), 'utf8');
      });
      assert.match(mail, /To: ops@example\.com/);
      assert.match(mail, /motion at hall/);
    },
  },
  {
    title: 'a rule without AwsIotSqlVersion that writes objects, in JSON',
    folder: 'archive-rule',
    file: 'template.json',
    async pass(running) {
      await running.publish('plant/p1/data', { level: 3 });
      const found = await objectsOf(running, running.stack.endpoints.outputs['Bucket']!);
      assert.match(Object.keys(found)[0]!, /^p1\/\d+\.json$/);
      assert.deepEqual(Object.values(found), ['{"level":3}']);
    },
  },
  {
    title: 'SimpleTable and the first DynamoDB action',
    folder: 'latest-value',
    async pass(running) {
      await running.publish('climate/attic', { temperature: 21.5, humidity: 40 });
      assert.deepEqual(await itemsOf(running, 'sample-Latest'), [
        { device: { S: 'attic' }, reading: { M: { temperature: { N: '21.5' }, humidity: { N: '40' } } } },
      ]);
    },
  },
  {
    title: 'an event of type Kinesis with FilterCriteria, to an ES module without a build',
    folder: 'filtered-stream',
    async pass(running) {
      await running.publish('ovens/o1', { temperature: 20 });
      await running.publish('ovens/o2', { temperature: 250 });
      assert.deepEqual(await itemsOf(running, 'sample-Hot'), [
        { id: { S: 'o2' }, temperature: { N: '250' } },
      ]);
      assert.equal(running.counters.all()['kinesis.filtered'], 1);
    },
  },
  {
    title: 'an event of type DynamoDB, whose batches are filtered, halved and given up',
    folder: 'table-stream',
    async pass(running) {
      for (const [id, temperature] of [
        ['k1', 900],
        ['quiet', 20],
        ['broken', 1],
        ['k1', 950],
      ] as const)
        await running.publish(`kilns/${id}`, { temperature });
      await eventually('both changes', async () => {
        const items = await itemsOf(running, 'sample-Seen');
        const ids = items.map(({ id }) => id!.S!).sort();
        return ids.join() === 'k1 INSERT nothing 900,k1 MODIFY 900 950';
      });
      const [record] = await eventually('what failed', async () => {
        const { Messages = [] } = await receive(running, 'sample-Failed');
        return Messages.length > 0 && Messages;
      });
      const { DDBStreamBatchInfo: info } = JSON.parse(record!.Body) as {
        DDBStreamBatchInfo: Record<string, unknown>;
      };
      assert.equal(info['batchSize'], 1);
      assert.match(String(info['streamArn']), /:table\/sample-States\/stream\/20/);
      const { counters, log } = running;
      const failure = log.lines.findIndex(({ level }) => level === 'error');
      assert.equal(log.lines.splice(failure, 1)[0]!.fields!['condition'], 'RetryAttemptsExhausted');
      assert.deepEqual([counters.get('tableStreams.filtered'), counters.get('tableStreams.givenUp')], [1, 1]);
    },
  },
  {
    title: 'a delivery stream with a function, partitions from JSON keys and a time zone',
    folder: 'partitioned-lake',
    async pass(running) {
      await running.publish('plants/north/readings', { value: 1 });
      await running.publish('plants/south/readings', { value: 2 });
      await running.publish('plants/south/readings', { note: 'nothing' });
      const found = await objectsOf(running, 'sample-lake', (each) => Object.keys(each).length === 2);
      const bySite = Object.entries(found).map(([key, text]) => [/^site=(\w+)\/20/.exec(key)![1]!, text]);
      assert.deepEqual(Object.fromEntries(bySite), {
        north: '{"value":1,"site":"north","unit":"C"}\n',
        south: '{"value":2,"site":"south","unit":"C"}\n',
      });
      await eventually('the record that was dropped', () => running.counters.all()['firehose.dropped'] === 1);
    },
  },
  {
    title: 'the HTTP API that SAM makes by itself, with methods in small letters',
    folder: 'web-api',
    async pass(running) {
      await running.publish('trackers/t1/status', { battery: 87 });
      await itemsOf(running, 'sample-Devices');
      const url = running.stack.endpoints.outputs['Url']!;
      assert.deepEqual(await (await fetch(`${url}/devices/t1`)).json(), { battery: 87 });
      const missing = await fetch(`${url}/elsewhere`, { headers: { origin: 'https://page.example' } });
      assert.equal(missing.status, 404);
      assert.equal(missing.headers.get('access-control-allow-origin'), 'https://page.example');
    },
  },
  {
    title: 'an event of type SQS with FilterCriteria, and a handler in a folder',
    folder: 'queue-buffer',
    async pass(running) {
      await running.publish('jobs/a', { kind: 'scan', id: '1' });
      await running.publish('jobs/b', { kind: 'print', id: '2' });
      assert.deepEqual(await objectsOf(running, 'sample-done'), { 'done/2': '{"kind":"print","id":"2"}' });
      await eventually('the message that is left out', () => running.counters.all()['sqs.filtered'] === 1);
    },
  },
  {
    title: 'events of types S3, SNS, Schedule and ScheduleV2',
    folder: 'uploads',
    async pass(running) {
      await running.publish('cameras/c 1/pictures', 'not really a picture');
      await logged(running, 'Note', 'seen in/c+1.jpg');
    },
  },
  {
    title: 'packages of a layer, required and imported',
    folder: 'layered',
    prepare: (root) =>
      cpSync(path.join(root, 'units'), path.join(root, 'layer/nodejs/node_modules/units'), {
        recursive: true,
      }),
    async pass(running) {
      await running.publish('probes/p1', { celsius: 100 });
      await logged(running, 'Convert', 'p1 has 212 F');
      await logged(running, 'Imported', 'imported 212 F');
    },
  },
];

for (const { title, pass, ...sample } of cases) {
  test(`runs ${title}`, async () => {
    const running = await startSample(sample);
    cleanup(() => running.stop());
    await pass(running);
    assert.deepEqual(
      running.log.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });
}

test('runs an Http action that posts to a server of this machine', async () => {
  const got: string[] = [];
  const server = createServer((req, res) => {
    void req
      .setEncoding('utf8')
      .toArray()
      .then((body) => {
        got.push(`${req.method} ${req.url} ${String(req.headers['x-source'])} ${body.join('')}`);
        res.end();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup(() => server.close());
  const Endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const running = await startSample({ folder: 'webhook', overrides: { Endpoint } });
  cleanup(() => running.stop());
  await running.publish('doors/front', { open: true });
  await eventually('the post', () => got.length > 0);
  assert.deepEqual(got, ['POST /doors/front iot {"open":true,"door":"front"}']);
});

test('does not start with an Http action that would post elsewhere', async () => {
  await assert.rejects(
    startSample({ folder: 'webhook', overrides: { Endpoint: 'https://hooks.example.com' } }),
    {
      name: 'StartError',
      message:
        /posting to hooks\.example\.com is not allowed: start with HTTP_ACTION_HOSTS=hooks\.example\.com/,
    },
  );
});

/** A key, and a request for its certificate. */
async function requestCertificate() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { subtle } = webcrypto;
  const importKey = async (format: 'pkcs8' | 'spki', der: Buffer, usage: 'sign' | 'verify') =>
    subtle.importKey(format, der, algorithm, true, [usage]);
  const keys = {
    privateKey: await importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), 'sign'),
    publicKey: await importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), 'verify'),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    ...{ name: 'CN=garden-1', keys, signingAlgorithm: algorithm },
  });
  return { csr: request.toString('pem'), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

test('runs a thing whose certificate the template declares, and inline code of the template', async () => {
  const { csr, key } = await requestCertificate();
  const running = await startSample({ folder: 'device-and-inline', overrides: { Csr: csr } });
  cleanup(() => running.stop());
  const { mqtt, ca, aws } = running.stack.endpoints;
  const { IoTClient, ListThingPrincipalsCommand, DescribeCertificateCommand } =
    await import('@aws-sdk/client-iot');
  const iot = new IoTClient({ region: 'us-east-1', endpoint: aws, credentials });
  cleanup(() => iot.destroy());
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'garden-1' }));
  const certificateId = principals[0]!.split('/')[1]!;
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
  const device = await connectAsync(mqtt, {
    ...{ clientId: 'garden-1', key: Buffer.from(key), cert: certificateDescription!.certificatePem! },
    ca: readFileSync(ca),
  });
  cleanup(() => device.endAsync());
  await device.publishAsync('garden/bed-1', '{"moisture":12}', { qos: 1 });
  await logged(running, 'Show', 'moisture 12 of bed-1');
});

test('lists all that does not run on one machine at once, each with its line and what to write instead', async () => {
  const error: unknown = await startSample({ folder: 'beyond' }).catch((reason: unknown) => reason);
  assert.ok(error instanceof StartError);
  const problems = error.problems.map((problem) => problem.replace(/^.*template\.yaml:/, ''));
  assert.deepEqual(problems, [
    '6: Series: resource type AWS::Timestream::Database is not supported by the local cloud: remove it, or run this template on AWS',
    '12: Python: Runtime is python3.12, which the local cloud does not support: use nodejs24.x or nodejs22.x or nodejs20.x or nodejs18.x',
    '14: Python: event Web is of type Api, which is not supported: a REST API does not run here; use an event of type HttpApi',
    '15: Python: event Changes is of type EventBridgeRule, which is not supported: there is no event bus here; use Schedule for a time, or an AWS::IoT::TopicRule for messages',
    "20: Old: SQL 1:14: SELECT VALUE is of SQL version 2016-03-23, and this rule has 2015-10-08, which AWS takes where AwsIotSqlVersion is left out: set AwsIotSqlVersion: '2016-03-23'",
    '21: Old: the action Timestream is not supported by the local cloud: use Lambda, Firehose, Kinesis, S3, Sns, Sqs, Republish, DynamoDB, Http, DynamoDBv2, CloudwatchLogs',
    "26: Nested: SQL 1:8: a nested query is of SQL version 2016-03-23, and this rule has 2015-10-08, which AWS takes where AwsIotSqlVersion is left out: set AwsIotSqlVersion: '2016-03-23'",
  ]);
});
