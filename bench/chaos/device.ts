// A device with an outbox: sends each message until it is acknowledged, across reconnects, and records the acknowledged ones.

import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import type { Message } from './payloads.ts';

export interface Credentials {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Device {
  readonly name: string;
  /** Keys of the messages that the broker acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Messages in total, and those still waiting. */
  readonly sent: () => number;
  readonly waiting: () => number;
  /** PUBLISH packets sent with DUP. */
  readonly resent: () => number;
  readonly connections: () => number;
  send(message: Message): void;
  /** Breaks the connection without a close, like a lost radio link. */
  cut(): void;
  /** Pauses and resumes reading from its socket. */
  pause(): void;
  resume(): void;
  subscribe(topic: string): void;
  end(): Promise<void>;
}

interface Entry {
  readonly message: Message;
  /** Whether it was sent on an earlier connection. */
  wasSent: boolean;
}

export interface Place {
  readonly ca: string;
  /** Called for each connect, since the stack's port may change. A rejection counts as a failed attempt. */
  readonly port: () => number | Promise<number>;
  readonly isCleanSession: boolean;
  /** The host name for SNI and for verifying the certificate; the address if absent. */
  readonly servername?: string;
  /** The pause in milliseconds after this number of failed attempts in a row; 300 if absent. */
  readonly backoff?: (failures: number) => number;
  /** Called with the port and the number of waiting messages, before the first one is sent. */
  readonly onConnect?: (port: number, waiting: number) => void;
  /** Called with the error that prevented or ended a connection. */
  readonly onError?: (error: Error) => void;
}

const RECONNECT_MS = 300;
const CONNECT_LIMIT_MS = 20_000;

function createClient(
  name: string,
  { certificatePem, keyPem }: Credentials,
  { ca, servername, isCleanSession }: Place,
  port: number,
): MqttClient {
  return new MqttClient(
    () => connectTls({ host: '127.0.0.1', port, ca, servername, cert: certificatePem, key: keyPem }),
    {
      ...{ clientId: name, clean: isCleanSession, protocolVersion: 4, protocolId: 'MQTT' },
      ...{ keepalive: 15, connectTimeout: CONNECT_LIMIT_MS, reconnectPeriod: 0, queueQoSZero: false },
    },
  );
}

/** Undefined if the stack's port is unknown, which counts as a failed attempt. */
async function portOf(place: Place): Promise<number | undefined> {
  try {
    return await place.port();
  } catch (error) {
    place.onError?.(error as Error);
    return undefined;
  }
}

/** Keeps the device connected, with a pause before each attempt to connect again. */
function keepConnected(
  name: string,
  credentials: Credentials,
  place: Place,
  onConnect: (client: MqttClient, port: number) => void,
) {
  let failures = 0;
  let isEnding = false;
  let client: MqttClient | undefined;

  function again(): void {
    failures += 1;
    if (!isEnding) setTimeout(() => void open(), place.backoff?.(failures) ?? RECONNECT_MS);
  }

  async function open(): Promise<void> {
    const port = await portOf(place);
    if (port === undefined) again();
    else if (!isEnding) client = connect(port);
  }

  function connect(port: number): MqttClient {
    const opened = createClient(name, credentials, place, port);
    opened.on('error', (error) => place.onError?.(error)); // the connection closes then, and the outbox waits for the next
    opened.once('connect', () => {
      failures = 0;
      onConnect(opened, port);
    });
    opened.once('close', () => {
      opened.end(true);
      again();
    });
    return opened;
  }

  void open();
  return {
    client: () => client,
    async end(): Promise<void> {
      isEnding = true;
      await client?.endAsync(true);
    },
  };
}

/** Messages in the order in which they were created, until they are acknowledged. */
function createOutbox() {
  const acknowledged = new Set<string>();
  const entries = new Set<Entry>();
  let resent = 0;
  return {
    acknowledged,
    entries,
    resent: () => resent,
    /** A message that was sent before has DUP set [MQTT-3.3.1-1]. */
    publish(to: MqttClient, entry: Entry): void {
      const { topic, payload, key } = entry.message;
      if (entry.wasSent) resent += 1;
      to.publish(topic, payload, { qos: 1, dup: entry.wasSent }, (error) => {
        if (error) return; // the connection is lost, and the message stays in the outbox
        entries.delete(entry);
        acknowledged.add(key);
      });
      entry.wasSent = true;
    },
  };
}

export function createDevice(name: string, credentials: Credentials, place: Place): Device {
  const outbox = createOutbox();
  const topics = new Set<string>();
  let [sent, connections] = [0, 0];
  const connection = keepConnected(name, credentials, place, (client, port) => {
    connections += 1;
    place.onConnect?.(port, outbox.entries.size);
    for (const topic of topics) client.subscribe(topic, { qos: 1 }, () => {});
    for (const entry of outbox.entries) outbox.publish(client, entry);
  });

  return {
    name,
    acknowledged: outbox.acknowledged,
    sent: () => sent,
    waiting: () => outbox.entries.size,
    resent: outbox.resent,
    connections: () => connections,
    send(message) {
      sent += 1;
      const entry = { message, wasSent: false };
      outbox.entries.add(entry);
      const client = connection.client();
      if (client?.connected) outbox.publish(client, entry);
    },
    cut: () => void connection.client()?.stream.destroy(),
    pause: () => void connection.client()?.stream.pause(),
    resume: () => void connection.client()?.stream.resume(),
    subscribe(topic) {
      topics.add(topic);
      const client = connection.client();
      if (client?.connected) client.subscribe(topic, { qos: 1 }, () => {});
    },
    end: async () => connection.end(),
  };
}
