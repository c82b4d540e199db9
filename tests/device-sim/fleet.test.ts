// A fleet against a broker that the test controls: messages in flight, lost connections, clean stops.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import { reconnectDelay } from '../../device-sim/connection.ts';
import { type Device, type FleetOptions, startFleet } from '../../device-sim/fleet.ts';
import { findIdentities } from '../../device-sim/identities.ts';
import { createProgress, progressLine, summaryLines } from '../../device-sim/progress.ts';
import { createStatistics } from '../../device-sim/statistics.ts';
import { cleanup } from '../support/cleanup.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/waiting.ts';

interface Received {
  readonly clientId: string;
  readonly packet: IPublishPacket;
}

interface Broker {
  readonly url: string;
  readonly received: Received[];
  readonly connects: string[];
  readonly goodbyes: string[];
  /** Acknowledges what came and comes, or holds it back. */
  acknowledge(yes: boolean): void;
  /** Cuts every connection off. */
  cut(): void;
}

async function startBroker(): Promise<Broker> {
  const sockets = new Set<Socket>();
  const received: Received[] = [];
  const connects: string[] = [];
  const goodbyes: string[] = [];
  let acknowledging = true;
  let heldBack: (() => void)[] = [];
  const answer = (socket: Socket, packet: Packet) => socket.write(mqttPacket.generate(packet));

  const server = createServer((socket) => {
    let clientId = '';
    const parser = mqttPacket.parser();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // cut off by the test
    socket.on('data', (chunk) => parser.parse(chunk));
    parser.on('packet', (packet) => {
      if (packet.cmd === 'connect') {
        clientId = packet.clientId;
        connects.push(clientId);
        answer(socket, { cmd: 'connack', returnCode: 0, sessionPresent: false });
      } else if (packet.cmd === 'publish') {
        received.push({ clientId, packet });
        const puback = () => answer(socket, { cmd: 'puback', messageId: packet.messageId! });
        if (packet.qos === 0) return;
        if (acknowledging) puback();
        else heldBack.push(puback);
      } else if (packet.cmd === 'disconnect') {
        goodbyes.push(clientId);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanup(() => {
    cut();
    server.close();
  });
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connects,
    goodbyes,
    acknowledge(yes) {
      acknowledging = yes;
      for (const puback of yes ? heldBack : []) puback();
      heldBack = [];
    },
    cut,
  };
}

function device(name: string, messages: number, interval = 0): Device {
  return {
    identity: { name, certificatePem: '', keyPem: '' },
    topic: `telemetry/test/${name}`,
    plan: Array.from({ length: messages }, (_, i) => ({
      due: i * interval,
      payload: `${name} ${i}`,
      readings: 2,
      duplicate: false,
    })),
  };
}

function start(broker: Broker, devices: Device[], options: Partial<FleetOptions> = {}) {
  const statistics = createStatistics();
  const fleet = startFleet({
    url: broker.url,
    ca: undefined,
    devices,
    qos: 1,
    start: Date.now(),
    connectsPerSecond: 1_000,
    statistics,
    random: () => 0,
    ...options,
  });
  return { fleet, statistics };
}

test('publishes every plan to its end, in order, and disconnects', async () => {
  const broker = await startBroker();
  const { fleet, statistics } = start(broker, [device('a', 50), device('b', 50)]);
  await fleet.done;
  for (const name of ['a', 'b']) {
    const own = broker.received.filter(({ clientId }) => clientId === name).map(({ packet }) => packet);
    assert.deepEqual(
      own.map(({ payload }) => payload.toString()),
      Array.from({ length: 50 }, (_, i) => `${name} ${i}`),
    );
    assert.ok(own.every(({ topic, qos }) => topic === `telemetry/test/${name}` && qos === 1));
  }
  assert.deepEqual(broker.goodbyes.toSorted(), ['a', 'b']);
  const { sent, readings, acknowledged, failed, reconnects } = statistics;
  assert.deepEqual([sent, readings, acknowledged, failed, reconnects], [100, 200, 100, 0, 0]);
  assert.equal(fleet.connected(), 2);
});

test('publishes with QoS 0 without waiting for acknowledgements', async () => {
  const broker = await startBroker();
  const { fleet, statistics } = start(broker, [device('a', 50)], { qos: 0 });
  await fleet.done;
  await eventually('all messages', () => broker.received.length === 50);
  assert.equal(statistics.acknowledged, 50);
});

test('keeps at most the allowed number of messages in flight while acknowledgements are held back', async () => {
  const broker = await startBroker();
  broker.acknowledge(false);
  const { fleet, statistics } = start(broker, [device('a', 30)], { inFlight: 5 });
  await eventually('five messages', () => broker.received.length === 5);
  await sleep(50);
  assert.equal(broker.received.length, 5);
  broker.acknowledge(true);
  await fleet.done;
  assert.equal(statistics.acknowledged, 30);
});

test('sends messages in flight again with DUP after a reconnect', async () => {
  const broker = await startBroker();
  broker.acknowledge(false);
  const { fleet, statistics } = start(broker, [device('a', 10)], { inFlight: 3 });
  await eventually('three messages', () => broker.received.length === 3);
  broker.cut();
  broker.acknowledge(true);
  await fleet.done;
  const dups = broker.received
    .filter(({ packet }) => packet.dup)
    .map(({ packet }) => packet.payload.toString());
  assert.deepEqual(dups.toSorted(), ['a 0', 'a 1', 'a 2']);
  assert.equal(statistics.acknowledged, 10);
  assert.equal(statistics.failed, 0);
  assert.ok(statistics.reconnects >= 1);
});

test('stops after messages in flight are acknowledged, and starts nothing new', async () => {
  const broker = await startBroker();
  broker.acknowledge(false);
  const { fleet, statistics } = start(broker, [device('a', 1_000, 1)], { inFlight: 4 });
  await eventually('four messages', () => broker.received.length === 4);
  fleet.stop();
  await sleep(20);
  broker.acknowledge(true);
  await fleet.done;
  assert.equal(statistics.sent, 4);
  assert.equal(statistics.acknowledged, 4);
  assert.deepEqual(broker.goodbyes, ['a']);
});

test('stops at once while it waits for the next reading, for a connection, or for its turn to connect', async () => {
  const broker = await startBroker();
  const waiting = start(broker, [device('a', 2, 3_600_000)]);
  const offline = start({ ...broker, url: 'mqtt://127.0.0.1:1' }, [device('b', 5)]);
  const queued = start(broker, [device('c', 0), device('d', 5)], { connectsPerSecond: 0.001 });
  await eventually('the first message', () => broker.received.length === 1);
  await eventually('a refused connection', () => offline.statistics.lastError !== '');
  const begun = performance.now();
  for (const { fleet } of [waiting, offline, queued]) fleet.stop();
  await Promise.all([waiting.fleet.done, offline.fleet.done, queued.fleet.done]);
  assert.ok(performance.now() - begun < 2_000);
  assert.equal(offline.statistics.sent, 0);
  assert.equal(offline.statistics.lastError, 'nothing listens there');
  assert.equal(broker.connects.includes('d'), false);
});

test('waits longer before each new attempt, up to half a minute, and never in step', () => {
  const delays = [0, 1, 2, 3, 10, 1_000].map((attempt) => [
    reconnectDelay(attempt, () => 0),
    reconnectDelay(attempt, () => 1),
  ]);
  assert.deepEqual(delays, [
    [250, 500],
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 4_000],
    [15_000, 30_000],
    [15_000, 30_000],
  ]);
});

test('gives latencies within 5 % in bounded memory', () => {
  const statistics = createStatistics();
  assert.equal(statistics.latency(), undefined);
  for (let i = 1; i <= 10_000; i += 1) statistics.record(i / 100);
  const { median, p99, highest } = statistics.latency()!;
  assert.ok(Math.abs(median / 50 - 1) < 0.05, String(median));
  assert.ok(Math.abs(p99 / 99 - 1) < 0.05, String(p99));
  assert.equal(highest, 100);
  statistics.record(1e12);
  assert.equal(statistics.latency()!.highest, 1e12);
});

test('makes a certificate once and uses it again, the key readable by its owner only', async () => {
  const folder = path.join(temporaryFolder(), 'sim');
  const made: string[] = [];
  const source = {
    folder,
    create: async (name: string) => {
      made.push(name);
      return { certificatePem: `certificate of ${name}`, keyPem: `key of ${name}` };
    },
    onCreated() {},
  };
  const names = Array.from({ length: 20 }, (_, i) => `sim-${i + 1}`);
  const first = await findIdentities(names.slice(0, 15), source);
  const second = await findIdentities(names, source);
  assert.deepEqual(made.toSorted(), names.toSorted());
  assert.deepEqual(second.slice(0, 15), first);
  assert.deepEqual(second[19], {
    name: 'sim-20',
    certificatePem: 'certificate of sim-20',
    keyPem: 'key of sim-20',
  });
  assert.equal((await stat(path.join(folder, 'sim-1.key.pem'))).mode & 0o777, 0o600);
  assert.equal((await readdir(folder)).filter((file) => file.endsWith('.pem')).length, 40);
});

test('creates a device again if its creation was interrupted before its certificate was saved', async () => {
  const folder = temporaryFolder();
  await writeFile(path.join(folder, 'sim-1.key.pem'), 'old key');
  const create = async () => ({ certificatePem: 'new', keyPem: 'new key' });
  const [identity] = await findIdentities(['sim-1'], { folder, create, onCreated() {} });
  assert.equal(identity!.keyPem, 'new key');
  assert.equal(await readFile(path.join(folder, 'sim-1.cert.pem'), 'utf8'), 'new');
});

test('renews one line on a terminal, and writes every tenth elsewhere', () => {
  const write = (isTTY: boolean) => {
    let text = '';
    const progress = createProgress({ write: (part) => (text += part), isTTY, columns: 20 });
    for (let i = 0; i < 11; i += 1) progress.show(`line ${i} ${'x'.repeat(30)}`);
    progress.say('end\u001B[2J');
    return text;
  };
  const visible = write(true).replaceAll('\r\u001B[2K', '|');
  assert.match(visible, /^line 0 x{12}\|line 1 x{12}\|[^\n]*\|end \[2J\n$/);
  assert.deepEqual(
    write(false)
      .split('\n')
      .map((line) => line.slice(0, 7).trim()),
    ['line 0', 'line 10', 'end [2J', ''],
  );
});

test('sums up sent, acknowledged and lost messages', () => {
  const statistics = createStatistics();
  Object.assign(statistics, { sent: 1_200, readings: 2_400, duplicates: 3, acknowledged: 1_199, failed: 1 });
  statistics.lastError = 'nothing listens there';
  statistics.record(2);
  assert.equal(
    progressLine(statistics, 4, 5, 99.6),
    '4/5 devices · 100 messages/s · sent 1,200 · acknowledged 1,199 · failed 1 · last error: nothing listens there',
  );
  assert.deepEqual(summaryLines(statistics, 12.34), [
    'sent 1,200 messages with 2,400 readings in 12.3 s, 3 of them duplicates',
    'acknowledged 1,199, failed 1, reconnects 0',
    'acknowledged after 2.0 ms in the median, 2.0 ms at the 99th percentile, 2.0 ms at most',
    'last error: nothing listens there',
  ]);
});
