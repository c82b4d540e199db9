// Units from the message to the user: through the ingest function into the device's record, an alert and the API.

import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

type Json = Record<string, unknown>;

const START = 1_790_000_000_000;
const sns = mockClient(SNSClient);
let tables: Tables;
let ingest: (event: unknown) => Promise<void>;
let api: (event: unknown) => Promise<{ readonly statusCode: number; readonly body: string }>;

beforeAll(async () => {
  tables = await openTables();
  startLambda({ ...tableVariables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint });
  await putMapping('us', { match: { device: 'mapped-*' }, celsius: true });
  await putMapping('vendor', { match: { device: 'vendor-*' }, units: { temperature: 'Cel' } });
  const [ingesting, answering] = [
    await import('../../functions/ingest.ts'),
    await import('../../functions/api.ts'),
  ];
  ingest = (event) => ingesting.handler(event as never, contextOf('ingest'));
  api = (event) => answering.handler(event as never, contextOf('api')) as ReturnType<typeof api>;
});
afterAll(() => tables.close());
beforeEach(() => {
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: 'm1' });
});

async function putMapping(id: string, mapping: object): Promise<void> {
  const Item = { id: { S: `mapping#${id}#${START - 1e6}` }, mapping: { S: JSON.stringify(mapping) } };
  await tables.client.send(new PutItemCommand({ TableName: 'rules', Item }));
}

let messages = 0;
async function publish(deviceId: string, payload: object, second = 0): Promise<void> {
  const context = { deviceId, site: 'lab', receivedAt: START + second * 1000, clientId: deviceId };
  await ingest({ ...payload, ...context, traceId: `unit-${(messages += 1)}` });
}

async function get(path: string, query = ''): Promise<Json> {
  const event = sampleEvent('api-devices') as { requestContext: { http: object } };
  const requestContext = { ...event.requestContext, http: { ...event.requestContext.http, path } };
  const { statusCode, body } = await api({ ...event, rawPath: path, rawQueryString: query, requestContext });
  assert.equal(statusCode, 200, body);
  return JSON.parse(body) as Json;
}

const notified = () => {
  const [call] = sns.commandCalls(PublishCommand);
  const { Subject, Message } = call!.args[0].input;
  return { subject: Subject, texts: JSON.parse(Message!) as { email: string; sms: string } };
};

const tasmota = (temperature: number, unit: string) => ({
  ...{ Time: '2026-11-29T14:44:00', BME280: { Temperature: temperature }, TempUnit: unit },
});

test('an alert has the unit and the metric in email, text message, API and history', async () => {
  await publish('tasmota-c', tasmota(9.1, 'C'));
  const { subject, texts } = notified();
  assert.match(String(subject), /^ALARM critical: BME280_Temperature 9\.1 C above 8 C at lab\/tasmota-c$/);
  assert.match(texts.email, /^ALARM: BME280_Temperature 9\.1 °C above 8 °C at /m);
  assert.match(texts.sms, /^ALARM BME280_Temperature 9\.1 C above 8 C, /);
  assert.deepEqual((await get('/devices/tasmota-c'))['units'], { BME280_Temperature: '°C' });
  const windows = await get('/devices/tasmota-c/windows', `from=${START}&to=${START + 10_000}`);
  assert.deepEqual(windows['units'], { BME280_Temperature: '°C' });
  const [alert] = (await get('/devices/tasmota-c/alerts'))['alerts'] as Json[];
  assert.deepEqual([alert?.['value'], alert?.['unit']], ['9.1', '°C']);
  const to = Date.now() + 1000;
  const history = await get('/devices/tasmota-c/alerts/history', `from=${to - 60_000}&to=${to}`);
  const [entry] = history['entries'] as Json[];
  assert.deepEqual([entry?.['limit'], entry?.['unit']], ['8', '°C']);
});

test('Fahrenheit is not compared with limits in Celsius, unless a mapping converts it', async () => {
  await publish('tasmota-f', tasmota(48.2, 'F'));
  assert.equal(sns.commandCalls(PublishCommand).length, 0);
  assert.deepEqual((await get('/devices/tasmota-f'))['units'], { BME280_Temperature_F: '°F' });
  await publish('mapped-f', tasmota(48.2, 'F'));
  assert.match(notified().texts.email, /^ALARM: BME280_Temperature 9 °C above 8 °C at /m);
  assert.deepEqual((await get('/devices/mapped-f'))['units'], { BME280_Temperature: '°C' });
});

test('a mapping gives a unit that no message has', async () => {
  await publish('vendor-1', { temperature: 9 });
  assert.match(notified().texts.email, /^ALARM: temperature 9 °C above 8 °C at /m);
});

test('without a source, a metric has no unit', async () => {
  await publish('plain', { temperature: 9 });
  assert.match(notified().texts.email, /^ALARM: temperature 9 above 8 at /m);
  assert.equal((await get('/devices/plain'))['units'], undefined);
  const windows = await get('/devices/plain/windows', `from=${START}&to=${START + 10_000}`);
  assert.deepEqual(windows['units'], {});
});

test('the registry counts more than the messages', async () => {
  await tables.client.send(
    new UpdateItemCommand({
      TableName: 'devices',
      Key: { deviceId: { S: 'registered' } },
      UpdateExpression: 'SET #a = :a, #g = :g',
      ExpressionAttributeNames: { '#a': 'attributes', '#g': 'groups' },
      ExpressionAttributeValues: {
        ':a': { M: { units: { S: 'temperature:Cel' } } },
        ':g': { SS: ['lab'] },
      },
    }),
  );
  await publish('registered', { temperature: '9 °' });
  assert.match(notified().texts.email, /^ALARM: temperature 9 °C above 8 °C at /m);
  assert.deepEqual((await get('/devices/registered'))['units'], { temperature: '°C' });
});

test('a device that changes its unit has the new one and the previous one', async () => {
  await publish('changing', { pressure: '990 hPa' });
  await publish('changing', { pressure: '99 kPa' }, 70);
  const { units, previousUnits } = await get('/devices/changing');
  assert.deepEqual([units, previousUnits], [{ pressure: 'kPa' }, { pressure: 'hPa' }]);
});

test('a sensor behind a gateway has its own units', async () => {
  await ingest({
    ...{ rawPayload: Buffer.from('[{"bn":"urn:dev:ow:10e2/","n":"t","u":"Cel","v":4}]').toString('base64') },
    ...{ deviceId: 'gw', site: 'lab', receivedAt: START, traceId: 'senml-1' },
  });
  assert.deepEqual((await get('/devices/gw:urn:dev:ow:10e2'))['units'], { t: '°C' });
});
