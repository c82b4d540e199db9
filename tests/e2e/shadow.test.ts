// Shadows in the running stack: a device over mutual TLS under the template's policy, an app over HTTP, and a crash between.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateThingCommand, DeleteThingCommand, IoTClient } from '@aws-sdk/client-iot';
import {
  GetThingShadowCommand,
  IoTDataPlaneClient,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { MqttClient } from 'mqtt';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';
import {
  clientSettings,
  connectDevice,
  createDevice,
  startTidegate,
  whenClosed,
  type Tidegate,
} from './tidegate.ts';

interface Shadow {
  version: number;
  state: {
    desired?: Record<string, unknown>;
    reported?: Record<string, unknown>;
    delta?: Record<string, unknown>;
  };
}

const openClient = (tidegate: Tidegate) => new IoTDataPlaneClient(clientSettings(tidegate));

async function shadowOf(client: IoTDataPlaneClient, thingName: string, shadowName?: string): Promise<Shadow> {
  const { payload } = await client.send(new GetThingShadowCommand({ thingName, shadowName }));
  return JSON.parse(Buffer.from(payload!).toString()) as Shadow;
}

const own = (name: string, rest: string) => `$aws/things/${name}/shadow/${rest}`;
const shadowNames = ['a', 'b', 'c', 'd', 'e'];
const reported = (value: object) => JSON.stringify({ state: { reported: value } });

async function hear(client: MqttClient, topic: string): Promise<string[]> {
  const messages: string[] = [];
  client.on('message', (_topic, payload) => messages.push(payload.toString()));
  await client.subscribeAsync(topic, { qos: 1 });
  return messages;
}

test('an app sets a desired state, the device receives and reports it, others may not, and it survives kill -9 and the thing', async () => {
  const folder = temporaryFolder();
  const keys = temporaryFolder();
  const first = await startTidegate(folder);
  for (const name of ['s1', 's2']) await createDevice(first, name, keys);
  const app = openClient(first);
  const device = await connectDevice(first, 's1', keys);
  const deltas = await hear(device, own('s1', 'update/delta'));
  const payload = Buffer.from(JSON.stringify({ state: { desired: { sampleRate: 2 } } }));
  await app.send(new UpdateThingShadowCommand({ thingName: 's1', payload }));
  const delta = JSON.parse(await eventually('the delta', () => deltas[0])) as Shadow;
  assert.deepEqual(delta.state, { sampleRate: 2 });
  await device.publishAsync(own('s1', 'update'), reported({ sampleRate: 2 }), { qos: 1 });
  await eventually('agreement', async () => (await shadowOf(app, 's1')).state.delta === undefined);
  await device.publishAsync(own('s1', 'name/config/update'), reported({ a: 1 }), { qos: 1 });

  for (const [what, topic] of [
    ['publish', own('s2', 'update')],
    ['publish', own('s2', 'get')],
    ['subscribe', own('s2', 'update/delta')],
    ['subscribe', own('+', 'update/accepted')],
    ['subscribe', '$aws/things/s1/#'],
  ] as const) {
    const intruder = await connectDevice(first, 's1', keys);
    const closed = whenClosed(intruder);
    if (what === 'publish') intruder.publish(topic, reported({ sampleRate: 9 }), { qos: 1 }, () => {});
    else intruder.subscribe(topic, () => {});
    await closed;
  }
  await assert.rejects(shadowOf(app, 's2'), /No shadow exists with name: 's2'/);

  const writer = await connectDevice(first, 's2', keys);
  const acknowledged = new Map<string, number>(shadowNames.map((name) => [name, 0]));
  const write = async (name: string) => {
    for (let count = 1; ; count += 1) {
      await writer.publishAsync(own('s2', `name/${name}/update`), reported({ count }), { qos: 1 });
      acknowledged.set(name, count);
      await sleep(60); // one shadow takes twenty requests a second
    }
  };
  const writing = Promise.all(shadowNames.map((name) => write(name).catch(() => {}))); // ends with the process
  const total = () => [...acknowledged.values()].reduce((sum, count) => sum + count, 0);
  await eventually('fifty updates', () => total() >= 50);
  await first.stop('SIGKILL');
  writer.end(true);
  await Promise.race([writing, eventually('the end', () => !writer.connected)]);
  app.destroy();

  const second = await startTidegate(folder);
  const client = openClient(second);
  for (const [name, count] of acknowledged) {
    const { state, version } = await eventually('what was acknowledged', async () => {
      const shadow = await shadowOf(client, 's2', name).catch(() => undefined);
      return Number(shadow?.state.reported?.['count']) >= count && shadow;
    });
    assert.equal(version, state.reported!['count'], 'every update counted once');
  }
  assert.deepEqual((await shadowOf(client, 's1')).state.reported, { sampleRate: 2 });

  const iot = new IoTClient(clientSettings(second));
  await iot.send(new CreateThingCommand({ thingName: 'brief' }));
  const state = Buffer.from(reported({ stays: true }));
  await client.send(new UpdateThingShadowCommand({ thingName: 'brief', payload: state }));
  await iot.send(new DeleteThingCommand({ thingName: 'brief' }));
  assert.deepEqual((await shadowOf(client, 'brief')).state.reported, { stays: true }, 'without its thing');
  iot.destroy();
  client.destroy();
  assert.equal(await second.stop(), 0);
});
