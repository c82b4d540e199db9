// The end of the broker does not wait for clients: neither for one that is still connecting, nor for one that keeps sending.

import { expect, test } from '@jest/globals';
import { generate } from 'mqtt-packet';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { eventually } from '../../../../tests/support/waiting.ts';
import { diskFiles, type JournalFiles } from '../../journal/files.ts';
import { startHarness } from './harness.ts';

test('ends a connection whose handshake was under way', async () => {
  const harness = await startHarness();
  const own = await harness.authority.issue('sensor-1');
  const { port } = harness.broker;
  const early = connectTcp(port, '127.0.0.1');
  await once(early, 'connect');
  // Connections are accepted in turn: once this one is, the other is too.
  const later = connectTls({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ...own,
    ca: harness.authority.ca,
  });
  await once(later, 'secureConnect');
  later.on('error', () => {});
  const stopped = harness.stop();
  const secured = connectTls({ socket: early, servername: 'localhost', ...own, ca: harness.authority.ca });
  const client = { clientId: 'sensor-1', protocolVersion: 4, protocolId: 'MQTT', clean: true, keepalive: 0 };
  secured
    .on('error', () => {})
    .on('secureConnect', () => {
      secured.write(generate({ cmd: 'connect', ...client } as Parameters<typeof generate>[0]));
    });
  await once(secured, 'close');
  await stopped;
  expect(harness.log.map(({ message }) => message)).not.toContain('connected');
}, 9_000);

test('ends while messages go on coming, each before the one that came first is on disk', async () => {
  const files: JournalFiles = {
    ...diskFiles,
    async create(path) {
      const file = await diskFiles.create(path);
      return { ...file, sync: () => setTimeout(20).then(() => file.sync()) }; // a slow disk
    },
  };
  const harness = await startHarness({ files, rules: { match: () => [{ id: 'r/0', run: async () => {} }] } });
  const { hub } = harness.mqtt;
  const publishing: Promise<void>[] = [];
  const message = { topic: 'telemetry/s/d', qos: 1, retain: false, clientId: 'd', principal: 'd' } as const;
  const more = { sourceIp: '127.0.0.1', receivedAt: 0, traceId: 't', payload: Buffer.from('{}') };
  const timer = setInterval(() => publishing.push(hub.publish({ ...message, ...more })), 4);
  await eventually('some messages', () => publishing.length > 10);
  await harness.broker.close();
  const before = publishing.length;
  clearInterval(timer);
  await Promise.all(publishing);
  await hub.drain();
  await harness.mqtt.close();
  await harness.journal.close();
  expect(before).toBeGreaterThan(100); // it went on all the while
}, 9_000);
