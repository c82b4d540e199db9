// The AWS IoT device SDK against the real program, with certificates and over WebSocket.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  IoTClient,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot';
import { DeleteConnectionCommand, IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import { connectSdk, type SdkOptions, type Way } from './device-sdk.ts';
import { clientSettings, createDevice, queryWindows, startTidegate, type Tidegate } from './tidegate.ts';

const certs = temporaryFolder();
let tidegate: Tidegate;

/** What a device may do beyond the template's policy, so that clients can talk to each other. */
async function widen(name: string): Promise<void> {
  const iot = new IoTClient(clientSettings(tidegate));
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
  });
  await iot.send(new CreatePolicyCommand({ policyName: `Wide-${name}`, policyDocument }));
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName: name }));
  await iot.send(new AttachPolicyCommand({ policyName: `Wide-${name}`, target: principals[0] }));
  iot.destroy();
}

async function cutOff(clientId: string): Promise<void> {
  const data = new IoTDataPlaneClient(clientSettings(tidegate));
  await data.send(new DeleteConnectionCommand({ clientId }));
  data.destroy();
}

beforeAll(async () => {
  tidegate = await startTidegate(temporaryFolder());
  await createDevice(tidegate, 'sdk-1', certs);
  await createDevice(tidegate, 'sdk-strict', certs);
  await widen('sdk-1');
});

afterAll(async () => {
  await tidegate.stop();
});

for (const version of [4, 5] as const) {
  const name = version === 4 ? 'MQTT 3.1.1' : 'MQTT 5';
  const connect = (way: Way, options: Omit<SdkOptions, 'version' | 'url' | 'way'>) => {
    const { mqtt, web } = tidegate.endpoints;
    return connectSdk({ version, url: way.kind === 'certificate' ? mqtt : web, way, ...options });
  };
  const sensor: Way = { kind: 'certificate', name: 'sdk-1', folder: certs };
  const strict: Way = { kind: 'certificate', name: 'sdk-strict', folder: certs };

  test(`the device SDK over ${name} publishes readings that become a window`, async () => {
    const client = await connect(strict, { clientId: 'sdk-strict' });
    const counted = async () =>
      (await queryWindows(tidegate, 'sdk-strict')).reduce(
        (sum, item) => sum + Number(item['readings']?.N),
        0,
      );
    const before = await counted();
    await client.publish('telemetry/seattle/sdk-strict', '{"temperature":4}');
    await client.publish('telemetry/seattle/sdk-strict', '{"temperature":5}');
    await eventually('both readings', async () => (await counted()) === before + 2);
    await client.leave();
  });

  test(`the device SDK over ${name} receives messages of its subscriptions, and missed ones in a persistent session`, async () => {
    const who = { clientId: `sdk-reader-${version}`, keepSession: 600 };
    const reader = await connect(sensor, who);
    assert.equal(reader.sessionPresent, false);
    await reader.subscribe('news/+');
    const writer = await connect(sensor, { clientId: 'sdk-writer' });
    await writer.publish('news/a', 'one');
    await eventually('the message', () => reader.received.includes('news/a one'));
    await reader.leave();
    for (const text of ['two', 'three']) await writer.publish('news/b', text);
    const again = await connect(sensor, who);
    assert.equal(again.sessionPresent, true);
    await eventually('what was missed', () => again.received.length === 2);
    assert.deepEqual(again.received, ['news/b two', 'news/b three']);
    await again.leave();
    await writer.leave();
  });

  test(`the device SDK over ${name}: its will is sent when its process is killed, and not when it disconnects`, async () => {
    const watcher = await connect(sensor, { clientId: 'sdk-watcher' });
    await watcher.subscribe('wills/#');
    const mortal = (payload: string) =>
      connect(sensor, { clientId: 'sdk-mortal', will: { topic: 'wills/sdk', payload } });
    await (await mortal('left')).leave();
    await (await mortal('died')).die();
    await eventually('the will', () => watcher.received.length > 0);
    assert.deepEqual(watcher.received, ['wills/sdk died']);
    await watcher.leave();
  });

  test(`the device SDK over ${name} reconnects automatically after an operator disconnects it`, async () => {
    const client = await connect(sensor, { clientId: 'sdk-back', keepSession: 600 });
    await client.subscribe('back/+');
    await cutOff('sdk-back');
    await client.publish('back/again', 'here');
    await eventually('its own message', () => client.received.includes('back/again here'));
    await client.leave();
  });

  test(`the device SDK over ${name} is refused under a name that is not its thing's`, async () => {
    await assert.rejects(
      connect(strict, { clientId: 'somebody' }),
      /PROTOCOL_ERROR|CONNACK_CONNECTION_REFUSED/,
    );
    await eventually('the reason', () => /refused.*iot:Connect.*client\/somebody/.test(tidegate.output()));
  });

  test(`the device SDK over ${name} and WebSocket, signed with AWS credentials, publishes and receives`, async () => {
    const client = await connect({ kind: 'webSocket' }, { clientId: `sdk-web-${version}` });
    await client.subscribe('web/sdk');
    await client.publish('web/sdk', name);
    await eventually('its own message', () => client.received.includes(`web/sdk ${name}`));
    await client.leave();
  });
}
