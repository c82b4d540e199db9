// A device of the world, with an outbox: it sends each message until the broker has acknowledged it, over every lost connection.

import type { Message } from '../bench/chaos/payloads.ts';
import { connect } from '../packages/local-cloud/world/network.ts';
import { later } from '../packages/local-cloud/world/runtime.ts';
import { openMqttSession, type MqttSession } from './mqtt-session.ts';

export interface Device {
  readonly name: string;
  /** Keys of the messages that the broker acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Topics of the messages that came to it. */
  readonly heard: readonly string[];
  readonly counts: { sent: number; resent: number; connections: number };
  waiting(): number;
  send(message: Message): void;
  /** The connection breaks, and both ends learn of it. */
  cut(): void;
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

export function createDevice(options: DeviceOptions): Device {
  const { name, certificate, address, isCleanSession, topics } = options;
  const acknowledged = new Set<string>();
  const heard: string[] = [];
  const counts = { sent: 0, resent: 0, connections: 0 };
  const outbox = new Set<Entry>();
  let inFlight = new Map<number, Entry>();
  let session: MqttSession | undefined;

  /** A message that was sent before has DUP set [MQTT-3.3.1-1]. */
  function publish(): void {
    if (!session?.isReady()) return;
    const flying = new Set(inFlight.values());
    for (const entry of outbox) {
      if (inFlight.size >= MOST_IN_FLIGHT) return;
      if (flying.has(entry)) continue;
      if (entry.wasSent) counts.resent += 1;
      const { topic, payload } = entry.message;
      inFlight.set(session.publish(topic, payload, entry.wasSent), entry);
      entry.wasSent = true;
    }
  }

  const events = {
    ready() {
      counts.connections += 1;
      publish();
    },
    acknowledged(id: number) {
      const entry = inFlight.get(id);
      inFlight.delete(id);
      if (entry) {
        outbox.delete(entry);
        acknowledged.add(entry.message.key);
      }
      publish();
    },
    heard: (topic: string) => void heard.push(topic),
    lost() {
      session = undefined;
      inFlight = new Map();
      later(RETRY_MS, open);
    },
  };

  function open(): void {
    const link = connect(MQTT_PORT, certificate, address);
    if (link) session = openMqttSession(link, { clientId: name, isCleanSession, topics }, events);
    else later(RETRY_MS, open);
  }
  later(0, open);

  return {
    name,
    acknowledged,
    heard,
    counts,
    waiting: () => outbox.size,
    send(message) {
      counts.sent += 1;
      outbox.add({ message, wasSent: false });
      publish();
    },
    cut: () => session?.link.cut(),
    silence: () => session?.link.silence(),
  };
}
