// A mosquitto bridge with its own settings: refused once for its bridge bit, as by AWS IoT, it connects again without losing QoS 1.

import { afterEach } from '@jest/globals';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { isInstalled, testIf } from '../../../../tests/support/conditions.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { type Harness, startHarness } from './harness.ts';

let harness: Harness;
let mosquitto: ChildProcess | undefined;
afterEach(async () => {
  mosquitto?.kill('SIGKILL');
  await harness?.stop();
});
const testWithMosquitto = testIf(isInstalled('mosquitto'), 'mosquitto is not installed');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Starts a mosquitto that passes on `dev/...` as `site/...`, and gives the port for its own clients. */
async function startBridge(...more: string[]): Promise<number> {
  harness = await startHarness();
  const dir = temporaryFolder();
  const port = await freePort();
  const gateway = await harness.authority.issue('gateway');
  for (const [name, text] of Object.entries({ ...gateway, ca: harness.authority.ca }))
    writeFileSync(join(dir, name), text, { mode: 0o644 });
  const settings = [
    ...['user root', `listener ${port} 127.0.0.1`, 'allow_anonymous true', 'connection cloud'],
    ...[`address localhost:${harness.broker.port}`, 'remote_clientid gateway', 'restart_timeout 1'],
    ...[`bridge_cafile ${join(dir, 'ca')}`, `bridge_certfile ${join(dir, 'cert')}`],
    ...[`bridge_keyfile ${join(dir, 'key')}`, 'notifications false', 'topic # out 1 dev/ site/', ...more],
  ];
  writeFileSync(join(dir, 'mosquitto.conf'), settings.join('\n'));
  mosquitto = spawn('mosquitto', ['-c', join(dir, 'mosquitto.conf')], { stdio: 'ignore' });
  return port;
}

async function publishAll(port: number, qos: 0 | 1): Promise<string[]> {
  const client = await eventually('mosquitto listens', () =>
    connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }).catch(() => undefined),
  );
  const topics = Array.from({ length: 50 }, (_, i) => `${qos}/${i}`);
  for (const topic of topics) await client.publishAsync(`dev/${topic}`, 'x', { qos });
  await client.endAsync();
  return topics.map((topic) => `site/${topic}`).sort();
}
const arrived = () => {
  const topics = harness.matched.filter(({ topic }) => topic.startsWith('site/')).map(({ topic }) => topic);
  return [...new Set(topics)].sort();
};

testWithMosquitto(
  'with try_private left on, all of QoS 1 arrives, and the log names the remedy',
  async () => {
    const sent = await publishAll(await startBridge(), 1);
    await eventually('all arrived', () => arrived().length === sent.length, 60_000);
    assert.deepEqual(arrived(), sent);
    assert.ok(harness.log.some(({ reason }) => String(reason).includes('set "try_private false"')));
  },
);

for (const version of ['mqttv311', 'mqttv50']) {
  testWithMosquitto(
    `with try_private false (${version}) nothing is refused, and QoS 0 arrives as well`,
    async () => {
      const port = await startBridge('try_private false', `bridge_protocol_version ${version}`);
      await eventually('it is connected', () => harness.counters.get('mqtt.connections') === 1);
      const sent = await publishAll(port, 0);
      await eventually('all arrived', () => arrived().length === sent.length, 60_000);
      assert.equal(harness.counters.get('mqtt.refused'), 0);
    },
  );
}
