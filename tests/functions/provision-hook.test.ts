// The pre-provisioning hook on its sample event: which devices it admits, and its metrics.

import { afterAll, beforeAll, beforeEach, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand, ScanCommand, DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeThingCommand, IoTClient, ResourceNotFoundException } from '@aws-sdk/client-iot';
import { mockClient } from 'aws-sdk-client-mock';
import { allowedKey } from '../../adapters/registration-store.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

type Hook = (event: unknown) => Promise<{ allowProvisioning: boolean }>;

const iot = mockClient(IoTClient);
let tables: Tables;
let written: string[];
const context = contextOf('provision-hook');
const sample = sampleEvent('provision-hook') as object;
const eventOf = (SerialNumber: string) => ({ ...sample, parameters: { SerialNumber } });

const variables = {
  SERIAL_NUMBER_PATTERN: 'tg-[a-z0-9]{4,32}',
  REGISTRATIONS_TABLE: 'registrations',
  REGISTRATIONS_PER_HOUR: '3',
  REQUIRE_LISTED_SERIALS: 'false',
};

/** The function with these variables, as a cold start makes it. */
async function open(more: Partial<typeof variables> = {}): Promise<Hook> {
  Object.assign(process.env, variables, more);
  const url = new URL(
    `../../functions/provision-hook.ts?${new URLSearchParams(more).toString()}`,
    import.meta.url,
  );
  const { handler } = (await import(url.href)) as {
    handler: (event: never, given: typeof context) => ReturnType<Hook>;
  };
  return (event) => handler(event as never, context);
}

let hook: Hook;

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({ ...variables, AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint }));
  // An hour that does not end while the test runs.
  jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 10, 30, 20, 15));
  hook = await open();
});
afterAll(() => tables.close());

beforeEach(async () => {
  written.length = 0;
  iot.reset();
  iot
    .on(DescribeThingCommand)
    .rejects(new ResourceNotFoundException({ message: 'no such thing', $metadata: {} }));
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'registrations' }));
  for (const { id } of Items)
    await tables.client.send(new DeleteItemCommand({ TableName: 'registrations', Key: { id: id! } }));
});

const metrics = () =>
  written.flatMap((line) => (line.includes('"_aws"') ? [JSON.parse(line) as Record<string, unknown>] : []));
const metric = (name: string) => metrics().find((each) => each['reason'] === undefined)?.[name];
const reasonsOf = (name: string) =>
  metrics().flatMap((each) => (each['reason'] !== undefined && name in each ? [each['reason']] : []));

test('lets a new device in', async () => {
  assert.deepEqual(await hook(sample), { allowProvisioning: true });
  assert.deepEqual(
    iot.commandCalls(DescribeThingCommand).map(({ args }) => args[0].input),
    [{ thingName: 'tg-000042' }],
  );
  assert.equal(metric('DevicesProvisioned'), 1);
});

test('refuses the name of a thing that exists', async () => {
  iot.on(DescribeThingCommand).resolves({ thingName: 'tg-000042' });
  assert.deepEqual(await hook(sample), { allowProvisioning: false });
  assert.equal(metric('DevicesRefused'), 1);
  assert.equal(metric('RegistrationsRefused'), undefined);
  assert.match(written.join('\n'), /a thing of this name exists already/);
});

test('refuses a serial number in a wrong format without any calls', async () => {
  assert.deepEqual(await hook(eventOf('store-sensor-seattle1')), { allowProvisioning: false });
  assert.equal(iot.calls().length, 0);
});

test('fails when the registry does not answer, so no device is admitted', async () => {
  iot.on(DescribeThingCommand).rejects(new Error('the network is down'));
  await assert.rejects(hook(sample), /the network is down/);
  assert.match(written.join('\n'), /the network is down/);
});

test('beyond the hourly limit devices are refused, with a log line and a metric; an admitted one may repeat its request', async () => {
  for (const serial of ['tg-0001', 'tg-0002', 'tg-0001', 'tg-0001', 'tg-0003'])
    assert.deepEqual(await hook(eventOf(serial)), { allowProvisioning: true });
  written.length = 0;
  assert.deepEqual(await hook(eventOf('tg-0004')), { allowProvisioning: false });
  assert.match(written.join('\n'), /3 devices were registered in this hour already/);
  assert.match(written.join('\n'), /"serialNumber":\s*"tg-0004"/);
  assert.deepEqual([metric('RegistrationsRefused'), metric('DevicesRefused')], [1, 1]);
  assert.deepEqual(reasonsOf('RegistrationsRefused'), ['hourly-limit']);
  assert.deepEqual(await hook(eventOf('tg-0002')), { allowProvisioning: true });
});

test('a device that is refused for another reason does not count towards the hourly limit', async () => {
  iot.on(DescribeThingCommand).resolves({ thingName: 'x' });
  for (const serial of ['tg-0001', 'tg-0002', 'tg-0003', 'tg-0004']) await hook(eventOf(serial));
  iot.reset();
  iot
    .on(DescribeThingCommand)
    .rejects(new ResourceNotFoundException({ message: 'no such thing', $metadata: {} }));
  assert.deepEqual(await hook(eventOf('tg-0005')), { allowProvisioning: true });
});

test('a limit of 0 means no limit', async () => {
  const unlimited = await open({ REGISTRATIONS_PER_HOUR: '0' });
  for (const serial of ['tg-0001', 'tg-0002', 'tg-0003', 'tg-0004', 'tg-0005'])
    assert.deepEqual(await unlimited(eventOf(serial)), { allowProvisioning: true });
});

test('if the list is required, only listed serial numbers are admitted', async () => {
  const listing = await open({ REQUIRE_LISTED_SERIALS: 'true' });
  await tables.client.send(
    new PutItemCommand({ TableName: 'registrations', Item: { id: { S: allowedKey('tg-000042') } } }),
  );
  assert.deepEqual(await listing(sample), { allowProvisioning: true });
  written.length = 0;
  assert.deepEqual(await listing(eventOf('tg-000043')), { allowProvisioning: false });
  assert.match(written.join('\n'), /the serial number is not on the list/);
  assert.deepEqual(reasonsOf('RegistrationsRefused'), ['not-listed']);
});

test('fails when the table does not answer, so no device is admitted, and names the service', async () => {
  const lost = await open({ REGISTRATIONS_TABLE: 'no-such-table' });
  await assert.rejects(lost(sample), { name: 'ResourceNotFoundException' });
  assert.match(written.join('\n'), /ResourceNotFoundException/);
});

for (const [name, value, message] of [
  ['REGISTRATIONS_PER_HOUR', '2001', /REGISTRATIONS_PER_HOUR must be a whole number from 0 to 2000/],
  ['REQUIRE_LISTED_SERIALS', 'yes', /REQUIRE_LISTED_SERIALS must be true or false/],
  ['REGISTRATIONS_TABLE', '', /REGISTRATIONS_TABLE is missing/],
] as const) {
  test(`does not start with ${name} ${JSON.stringify(value)}`, async () => {
    await assert.rejects(open({ [name]: value }), message);
  });
}
