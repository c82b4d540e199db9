// The pre-provisioning hook on its sample event: whom it lets in, and what it counts.

import { beforeAll, beforeEach, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { DescribeThingCommand, IoTClient, ResourceNotFoundException } from '@aws-sdk/client-iot';
import { mockClient } from 'aws-sdk-client-mock';
import { contextOf, sampleEvent, startLambda } from './lambda.ts';

const iot = mockClient(IoTClient);
let written: string[];
const context = contextOf('provision-hook');
const sample = sampleEvent('provision-hook') as object;

let hook: (event: unknown) => Promise<{ allowProvisioning: boolean }>;

beforeAll(async () => {
  ({ written } = startLambda({
    SERIAL_NUMBER_PATTERN: 'tg-[a-z0-9]{4,32}',
  }));
  const { handler } = await import('../../functions/provision-hook.ts');
  hook = (event) => handler(event as never, context);
});

beforeEach(() => {
  written.length = 0;
  iot.reset();
  iot
    .on(DescribeThingCommand)
    .rejects(new ResourceNotFoundException({ message: 'no such thing', $metadata: {} }));
});

const metric = (name: string) =>
  written.flatMap((line) =>
    line.includes('"_aws"') ? [JSON.parse(line) as Record<string, unknown>] : [],
  )[0]?.[name];

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
  assert.match(written.join('\n'), /there is such a thing already/);
});

test('refuses a serial number of another form without asking anybody', async () => {
  assert.deepEqual(await hook({ ...sample, parameters: { SerialNumber: 'store-sensor-seattle1' } }), {
    allowProvisioning: false,
  });
  assert.equal(iot.calls().length, 0);
});

test('fails when the registry does not answer, so that nobody gets in', async () => {
  iot.on(DescribeThingCommand).rejects(new Error('the network is down'));
  await assert.rejects(hook(sample), /the network is down/);
});
