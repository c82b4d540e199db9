// The live connection: MQTT over WebSocket. The URL is signed again for each attempt because its credentials expire.

import { signal } from '@preact/signals';
import { AwsV4Signer } from 'aws4fetch';
import type { MqttClient } from 'mqtt';
import type { PageConfig } from '../model/config.ts';
import { scoped } from '../model/topic.ts';
import type { Session } from './session.ts';

export type OnMessage = (topic: string, payload: Uint8Array, at: number) => void;

/** `since` and `nextTry` are epoch milliseconds. */
export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly since: number }
  | { readonly kind: 'off'; readonly since: number; readonly nextTry: number; readonly reason: string };

const LONGEST_PAUSE_MS = 30_000;
const SHORTEST_PAUSE_MS = 1000;

async function signedAddress(config: PageConfig, session: Session) {
  const credentials = await session.mqttCredentials();
  const address = new URL(config.mqtt, location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  const signer = new AwsV4Signer({
    ...credentials,
    url: address.href.replace(/^ws/, 'http'),
    service: 'iotdevicegateway',
    region: config.region,
    signQuery: true,
  });
  const { url } = await signer.sign();
  const { identityId, sites } = credentials;
  return { url: url.href.replace(/^http/, 'ws'), identityId, sites };
}

export interface Live {
  readonly state: { readonly value: LiveState };
  /** Messages in the last second. */
  readonly rate: { readonly value: number };
  /**
   * Calls `run` after each new connection, since messages may have been missed before it. Returns a function that stops
   * this.
   */
  readonly onConnect: (run: () => void) => () => void;
  readonly listen: (onMessage: OnMessage) => () => void;
  readonly subscribe: (filter: string) => () => void;
  readonly publish: (topic: string, payload: string) => Promise<void>;
  /** Opens the first connection. Call it after the first paint, since loading the MQTT client would delay that. */
  readonly begin: () => void;
  readonly tryNow: () => void;
}

type Mqtt = (typeof import('mqtt'))['default'];

function connect(mqtt: Mqtt, { url, identityId }: Awaited<ReturnType<typeof signedAddress>>): MqttClient {
  const tab = Math.random().toString(36).slice(2, 10);
  const clientId = `dashboard-${identityId}-${tab}`;
  return mqtt.connect(url, {
    ...{ clientId, reconnectPeriod: 0, connectTimeout: 10_000, keepalive: 30 },
    writeCache: false, // the cache of all 65,536 packet numbers takes 11 MiB
    timerVariant: 'native', // the other variant starts a worker from a blob, which the page's policy forbids
  });
}

/** Functions to call. Adding one returns a function that removes it. */
function createCallbacks<T extends (...args: never[]) => void>() {
  const all = new Set<T>();
  return {
    all,
    add(each: T): () => void {
      all.add(each);
      return () => void all.delete(each);
    },
  };
}

/** The filters of all views. A filter of two views is subscribed once. */
function createSubscriptions(
  client: () => MqttClient | undefined,
  sites: () => readonly string[] | undefined,
) {
  const filters = new Map<string, number>();
  return {
    /** Subscribes again over a new connection. */
    renew(): void {
      for (const filter of filters.keys()) client()?.subscribe(scoped(filter, sites()), { qos: 1 });
    },
    add(filter: string): () => void {
      const count = filters.get(filter) ?? 0;
      filters.set(filter, count + 1);
      if (count === 0 && client()?.connected) client()?.subscribe(scoped(filter, sites()), { qos: 1 });
      return () => {
        const left = (filters.get(filter) ?? 1) - 1;
        if (left > 0) filters.set(filter, left);
        else {
          filters.delete(filter);
          if (client()?.connected) client()?.unsubscribe(scoped(filter, sites()));
        }
      };
    },
  };
}

/** Messages a second, counted once a second. */
function createRate() {
  const rate = signal(0);
  let received = 0;
  setInterval(() => {
    rate.value = received;
    received = 0;
  }, 1000);
  return {
    rate,
    count: () => {
      received += 1;
    },
  };
}

function discard(client: MqttClient | undefined): void {
  client?.removeAllListeners();
  client?.on('error', () => {});
  client?.end(true);
}

interface ConnectionEvents {
  readonly connected: () => void;
  readonly message: OnMessage;
}

/** One connection at a time. After a loss it connects again, each time after a longer pause, with fresh credentials. */
function createConnection(config: PageConfig, session: Session, on: ConnectionEvents) {
  const state = signal<LiveState>({ kind: 'connecting' });
  let client: MqttClient | undefined;
  let sites: readonly string[] | undefined;
  let pause = SHORTEST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lostAt: number | undefined;

  function lose(reason: string): void {
    discard(client);
    client = undefined;
    lostAt ??= Date.now();
    state.value = { kind: 'off', since: lostAt, nextTry: Date.now() + pause, reason };
    clearTimeout(timer);
    timer = setTimeout(() => void open(), pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    session.forget(); // the next attempt uses fresh credentials, whatever the reason
  }

  function connected(): void {
    pause = SHORTEST_PAUSE_MS;
    lostAt = undefined;
    on.connected();
  }

  async function open(): Promise<void> {
    clearTimeout(timer);
    try {
      const [{ default: mqtt }, signed] = await Promise.all([import('mqtt'), signedAddress(config, session)]);
      sites = signed.sites;
      client = connect(mqtt, signed);
    } catch (error) {
      return lose((error as Error).message);
    }
    client.on('connect', connected);
    client.on('message', (topic, payload) => on.message(topic, payload, Date.now()));
    client.on('error', (error) => lose(error.message));
    client.on('close', () => lose('the connection ended'));
  }

  return { state, open, client: () => client, sites: () => sites };
}

export function createLive(config: PageConfig, session: Session): Live {
  const { rate, count } = createRate();
  const listeners = createCallbacks<OnMessage>();
  const runs = createCallbacks<() => void>();
  const { state, open, client, sites } = createConnection(config, session, {
    connected() {
      subscriptions.renew();
      state.value = { kind: 'live', since: Date.now() };
      for (const run of runs.all) run();
    },
    message(...message) {
      count();
      for (const each of listeners.all) each(...message);
    },
  });
  const subscriptions = createSubscriptions(client, sites);
  let hasBegun = false;
  const begin = () => {
    if (!hasBegun) void open();
    hasBegun = true;
  };
  return {
    ...{ state, rate, begin },
    onConnect: (run) => runs.add(run),
    listen: (each) => listeners.add(each),
    subscribe: (filter) => subscriptions.add(filter),
    async publish(topic, payload) {
      const connected = client();
      if (!connected?.connected)
        throw new Error('There is no connection to publish over. Try again when the page is live.');
      await connected.publishAsync(topic, payload, { qos: 1 });
    },
    tryNow: () => void open(),
  };
}
