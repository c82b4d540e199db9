// A device of the world, with an outbox: it sends each message until the broker has acknowledged it, over every lost connection.

import { connect } from '../packages/local-cloud/world/network.ts';
import { later, world } from '../packages/local-cloud/world/runtime.ts';
import type { Message } from './messages.ts';
import { openMqttSession, type MqttSession, type SessionEvents } from './mqtt-session.ts';

/** What a device did and heard, for the oracle. Times are milliseconds of the world. */
export interface Diary {
  /** Keys of the messages that the broker acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  readonly acknowledgedAt: readonly number[];
  /** The messages that came to it; `key` is in their payload. */
  readonly heard: readonly { readonly topic: string; readonly key: string; readonly at: number }[];
  /** When a connection lived, from CONNACK until it ended or went silent. */
  readonly connected: readonly { readonly from: number; readonly to: number }[];
  readonly counts: { sent: number; resent: number; connections: number };
}

export interface Device extends Diary {
  readonly name: string;
  waiting(): number;
  send(message: Message): void;
  /** The connection breaks, and both ends learn of it. */
  cut(): void;
  /** Opens a second connection under the same client ID, and leaves the first one to the broker. */
  connectAgain(): void;
  /** Nothing comes through any more, and only time tells. */
  silence(): void;
}

interface Entry {
  readonly message: Message;
  wasSent: boolean;
}

const MQTT_PORT = 8883;
const RETRY_MS = 700;
const MOST_IN_FLIGHT = 20;

export interface DeviceOptions {
  readonly name: string;
  /** DER. */
  readonly certificate: Buffer;
  readonly address: string;
  readonly isCleanSession: boolean;
  readonly topics: readonly string[];
}

const KEY = /o:[\w-]+:\d+/;

function createDiary() {
  const connected: { from: number; to: number }[] = [];
  const diary = {
    ...{ acknowledged: new Set<string>(), acknowledgedAt: [] as number[], connected },
    heard: [] as { topic: string; key: string; at: number }[],
    counts: { sent: 0, resent: 0, connections: 0 },
  };
  return {
    diary,
    connects(): void {
      diary.counts.connections += 1;
      connected.push({ from: world.elapsed(), to: Infinity });
    },
    ends(): void {
      const last = connected.at(-1);
      if (last?.to === Infinity) last.to = world.elapsed();
    },
    acknowledges(key: string | undefined): void {
      if (key !== undefined) diary.acknowledged.add(key);
      diary.acknowledgedAt.push(world.elapsed());
    },
    hears(topic: string, payload: string): void {
      diary.heard.push({ topic, key: KEY.exec(payload)?.[0] ?? payload, at: world.elapsed() });
    },
  };
}

/** Messages that the broker has not acknowledged, and which of them this connection has sent. */
function createOutbox(counts: Diary['counts']) {
  const entries = new Set<Entry>();
  let inFlight = new Map<number, Entry>();
  return {
    waiting: () => entries.size,
    add(message: Message): void {
      counts.sent += 1;
      entries.add({ message, wasSent: false });
    },
    /** A message that was sent before has DUP set [MQTT-3.3.1-1]. */
    publish(session: MqttSession | undefined): void {
      if (!session?.isReady()) return;
      const flying = new Set(inFlight.values());
      for (const entry of entries) {
        if (inFlight.size >= MOST_IN_FLIGHT) return;
        if (flying.has(entry)) continue;
        if (entry.wasSent) counts.resent += 1;
        const { topic, payload } = entry.message;
        inFlight.set(session.publish(topic, payload, entry.wasSent), entry);
        entry.wasSent = true;
      }
    },
    /** @returns the message, if it waited for this */
    acknowledged(id: number): Message | undefined {
      const entry = inFlight.get(id);
      inFlight.delete(id);
      if (entry) entries.delete(entry);
      return entry?.message;
    },
    disconnected: () => void (inFlight = new Map()),
  };
}

type Notes = Omit<ReturnType<typeof createDiary>, 'diary'>;
type Outbox = ReturnType<typeof createOutbox>;

interface Reactions {
  readonly session: () => MqttSession | undefined;
  readonly lost: () => void;
}

/** What happens on one connection; nothing of it counts once there is a newer one. */
function eventsOf(
  isCurrent: () => boolean,
  notes: Notes,
  outbox: Outbox,
  { session, lost }: Reactions,
): SessionEvents {
  return {
    ready() {
      if (!isCurrent()) return;
      notes.connects();
      outbox.publish(session());
    },
    acknowledged(id) {
      if (!isCurrent()) return;
      const message = outbox.acknowledged(id);
      if (message) notes.acknowledges(message.key);
      outbox.publish(session());
    },
    heard: (topic, payload) => notes.hears(topic, payload),
    lost() {
      if (isCurrent()) lost();
    },
  };
}

/** Connects, and connects again whenever the connection is lost. */
function createConnections(options: DeviceOptions, notes: Notes, outbox: Outbox) {
  const { name: clientId, certificate, address, isCleanSession, topics } = options;
  let session: MqttSession | undefined;

  function leave(): void {
    notes.ends();
    session = undefined;
    outbox.disconnected();
  }

  function lost(): void {
    leave();
    later(RETRY_MS, open);
  }

  function open(): void {
    const link = connect(MQTT_PORT, certificate, address);
    if (!link) {
      later(RETRY_MS, open);
      return;
    }
    const settings = { clientId, isCleanSession, topics };
    const events = eventsOf(() => session === opened, notes, outbox, { session: () => session, lost });
    const opened: MqttSession = openMqttSession(link, settings, events);
    session = opened;
  }

  return { session: () => session, open, leave };
}

export function createDevice(options: DeviceOptions): Device {
  const { diary, ...notes } = createDiary();
  const outbox = createOutbox(diary.counts);
  const { session, open, leave } = createConnections(options, notes, outbox);
  later(0, open);
  return {
    name: options.name,
    ...diary,
    waiting: outbox.waiting,
    send(message) {
      outbox.add(message);
      outbox.publish(session());
    },
    cut: () => session()?.link.cut(),
    connectAgain() {
      if (!session()) return; // it is about to connect
      leave();
      open();
    },
    silence() {
      notes.ends();
      session()?.link.silence();
    },
  };
}
