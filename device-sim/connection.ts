// One device's MQTT connection: it reconnects by itself, after a longer and random delay each time.

import { connect, type IClientOptions, type MqttClient, Store } from 'mqtt';
import type { Statistics } from './statistics.ts';

export interface Identity {
  /** Thing name; also the client id. */
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Connection {
  /** Resolves with true when connected, with false if it is not connected and `stopping` is aborted. */
  online(): Promise<boolean>;
  /** Resolves when the broker (QoS 1) or the socket (QoS 0) has the message; rejects if it cannot be sent. */
  publish(topic: string, payload: string, qos: 0 | 1): Promise<void>;
  /** Subscribes on every connect, and calls `ready` each time the subscription is confirmed. */
  listen(
    topics: readonly string[],
    receive: (topic: string, payload: string) => void,
    ready: () => void,
  ): void;
  /** Disconnects, or with `force` cuts the connection; messages in flight then reject. */
  close(force: boolean): Promise<void>;
}

export interface ConnectionOptions {
  /** `mqtts://host:port` */
  readonly url: string;
  /** PEM; by default the system's own list of authorities. */
  readonly ca: string | undefined;
  readonly identity: Identity;
  readonly statistics: Statistics;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly stopping: AbortSignal;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const GOODBYE_MS = 2_000;

/** Milliseconds before the next attempt: doubling, and random in the upper half of that span ("equal jitter"). */
export function reconnectDelay(attempt: number, random: () => number): number {
  const span = Math.min(FIRST_DELAY * 2 ** Math.min(attempt, 20), LONGEST_DELAY);
  return span / 2 + (span / 2) * random();
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the broker closed the connection, so it may not know the certificate',
};

function reasonOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return (typeof code === 'string' ? WORDS[code] : undefined) ?? error.message;
}

/** Delays are reset only after a connection has lasted this long: one that is dropped at once must not reset them. */
const STEADY_MS = 5_000;

/** Messages are read from the store only to send them again, so they are stored as duplicates [MQTT-3.3.1-1]. */
function createOutgoingStore(): Store {
  const store = new Store();
  const put = store.put.bind(store);
  store.put = (packet, done) => put(packet.cmd === 'publish' ? { ...packet, dup: true } : packet, done);
  return store;
}

function clientOptions({ identity, ca, random }: ConnectionOptions): IClientOptions {
  return {
    clientId: identity.name,
    ca,
    cert: identity.certificatePem,
    key: identity.keyPem,
    rejectUnauthorized: true,
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    connectTimeout: 20_000,
    reconnectPeriod: reconnectDelay(0, random),
    reconnectOnConnackError: true,
    queueQoSZero: false,
    resubscribe: false,
    writeCache: false, // or all 65,536 numbers of a packet are made beforehand, in 7 MB
    outgoingStore: createOutgoingStore(),
  };
}

/** Callers that wait until the device is connected, or the fleet stops. */
function createWaiters() {
  let waiters: ((online: boolean) => void)[] = [];
  return {
    add: () => new Promise<boolean>((resolve) => waiters.push(resolve)),
    report(online: boolean): void {
      const waiting = waiters;
      waiters = [];
      for (const resolve of waiting) resolve(online);
    },
  };
}

/** Sets the delay before each attempt to connect again. */
function paceReconnects(
  client: MqttClient,
  { statistics, random }: Pick<ConnectionOptions, 'statistics' | 'random'>,
) {
  let attempt = 0;
  let isClosing = false;
  let steady: NodeJS.Timeout | undefined;

  /** mqtt.js reads its period again whenever a connection ends. */
  function nextDelay(): void {
    if (!isClosing) client.options.reconnectPeriod = reconnectDelay(attempt, random);
  }

  client.on('connect', () => {
    steady = setTimeout(() => {
      attempt = 0;
      nextDelay();
    }, STEADY_MS);
  });
  client.on('reconnect', () => {
    statistics.reconnects += 1;
    attempt += 1;
    nextDelay();
  });
  client.on('close', () => clearTimeout(steady));

  return {
    beginClose(): void {
      isClosing = true;
      client.options.reconnectPeriod = 0; // makes mqtt.js reject messages in flight when the connection is cut
    },
    endClose: () => clearTimeout(steady),
  };
}

/** Opens at once. After a reconnect, QoS 1 messages in flight are sent again, as duplicates. */
export function openConnection(options: ConnectionOptions): Connection {
  const { statistics, stopping } = options;
  const client: MqttClient = connect(options.url, clientOptions(options));
  const reconnects = paceReconnects(client, options);
  const waiters = createWaiters();
  client.on('connect', () => waiters.report(true));
  client.on('error', (error) => (statistics.lastError = reasonOf(error)));
  stopping.addEventListener('abort', () => waiters.report(false));

  return {
    online() {
      if (client.connected) return Promise.resolve(true);
      if (stopping.aborted) return Promise.resolve(false);
      return waiters.add();
    },
    async publish(topic, payload, qos) {
      await client.publishAsync(topic, payload, { qos });
    },
    listen(topics, receive, ready) {
      const subscribe = () => {
        client.subscribe([...topics], { qos: 1 }, (error) => {
          if (error) statistics.lastError = reasonOf(error);
          else ready();
        });
      };
      client.on('message', (topic, payload) => receive(topic, payload.toString()));
      client.on('connect', subscribe);
      if (client.connected) subscribe();
    },
    async close(force) {
      reconnects.beginClose();
      const late = setTimeout(() => client.stream.destroy(), GOODBYE_MS);
      await client.endAsync(force || !client.connected);
      clearTimeout(late);
      reconnects.endClose();
    },
  };
}
