// A broker with shadows on a directory of its own, and a real MQTT client on it, for the tests of this room.

import path from 'node:path';
import { duplexPair } from 'node:stream';
import { MqttClient, type IClientOptions } from 'mqtt';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { createManualClock, type ManualClock } from '../../clock.ts';
import { openDataPlane, type OpenedDataPlane } from '../../iot-data/open.ts';
import { openJournal } from '../../journal/journal.ts';
import type { Fields, Log } from '../../log.ts';
import type { AccessRequest } from '../../mqtt/access.ts';
import { openMqtt, type Mqtt } from '../../mqtt/open.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import type { Broker } from '../../mqtt/broker.ts';
import { createAuthority } from '../mqtt/certificates.ts';

export const start = Date.parse('2026-11-20T12:00:00Z');
export const seconds = start / 1000;

export interface Cloud {
  readonly dir: string;
  readonly clock: ManualClock;
  readonly mqtt: Mqtt;
  readonly broker: Broker;
  readonly dataPlane: OpenedDataPlane;
  /** Everything that went through the hub, in order. */
  readonly messages: InboundMessage[];
  readonly log: string[];
  readonly connect: (clientId: string, options?: IClientOptions) => Promise<MqttClient>;
  stop(): Promise<void>;
}

let authority: Promise<{ ca: string; cert: string; key: string }> | undefined;

async function createServerIdentity() {
  const made = await createAuthority('test authority');
  return { ca: made.ca, ...(await made.issue('localhost', 'localhost')) };
}

export interface CloudOptions {
  readonly dir?: string;
  readonly clock?: ManualClock;
  readonly authorize?: (request: AccessRequest) => boolean;
}

export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { dir = temporaryFolder(), clock = createManualClock(start), authorize = () => true } = options;
  authority ??= createServerIdentity();
  const log: string[] = [];
  const write = (message: string, fields?: Fields) =>
    void log.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const logger: Log = { info: write, warn: write, error: write };
  const messages: InboundMessage[] = [];
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  const journal = await openJournal({ dir: path.join(dir, 'journal'), log: logger, clock });
  const mqtt = await openMqtt({
    dir: path.join(dir, 'mqtt'),
    journal,
    rules: {
      match(message) {
        messages.push(message);
        return [];
      },
    },
    authorize: (request) => ({ allowed: authorize(request), reason: 'the test says so' }),
    clock,
    log: logger,
    count: () => {},
  });
  let broker: Broker | undefined;
  const dataPlane = await openDataPlane({
    dir: path.join(dir, 'iot/shadows'),
    hub: mqtt.hub,
    retained: mqtt.retained,
    clients: mqtt.clients,
    authorize: (request) => ({ allowed: authorize(request), reason: 'the test says so' }),
    disconnect: (clientId, how) =>
      broker?.disconnectClient(clientId, 'requested through the API', how) ?? false,
    clock,
    log: logger,
    newId,
    count: () => {},
  });
  await mqtt.hub.recover();
  const { ca, cert, key } = await authority;
  broker = await mqtt.listen({
    tls: { ca, cert, key },
    hosts: ['127.0.0.1'],
    port: 0,
    identify: () => ({ refused: 'tests come another way' }),
  });
  const opened = broker;
  const clients: MqttClient[] = [];
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await Promise.all(clients.map((client) => client.endAsync(true)));
    const closed = opened.close();
    await clock.advance(5_000);
    await closed;
    await mqtt.hub.written();
    await dataPlane.close();
    await mqtt.close();
    await journal.close();
  };
  cleanup(stop);
  return {
    dir,
    clock,
    mqtt,
    broker,
    dataPlane,
    messages,
    log,
    async connect(clientId, given = {}) {
      const [ours, theirs] = duplexPair();
      opened.accept(theirs, { principal: clientId, sourceIp: '127.0.0.1' });
      const client = new MqttClient(() => ours, {
        clientId,
        reconnectPeriod: 0,
        protocolVersion: 4,
        ...given,
      });
      clients.push(client);
      await new Promise((resolve, reject) => {
        client.once('connect', resolve);
        client.once('error', reject);
      });
      return client;
    },
    stop,
  };
}

export interface Heard {
  readonly topic: string;
  readonly payload: Record<string, unknown>;
}

/** Subscribes to all answers of one shadow and collects them; topics without their prefix. */
export async function listen(client: MqttClient, prefix: string): Promise<Heard[]> {
  const heard: Heard[] = [];
  client.on('message', (topic, payload) => {
    if (!topic.startsWith(prefix)) return;
    heard.push({
      topic: topic.slice(prefix.length + 1),
      payload: JSON.parse(payload.toString()) as Record<string, unknown>,
    });
  });
  await client.subscribeAsync([`${prefix}/+/accepted`, `${prefix}/+/rejected`, `${prefix}/update/delta`], {
    qos: 1,
  });
  await client.subscribeAsync(`${prefix}/update/documents`, { qos: 1 });
  return heard;
}
