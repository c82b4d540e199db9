// One MQTT connection of a device, from CONNECT to its end, by the codec alone.

import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { Link } from '../packages/local-cloud/world/network.ts';
import { later } from '../packages/local-cloud/world/runtime.ts';

export interface MqttSession {
  readonly link: Link;
  isReady(): boolean;
  /** Sends with QoS 1. @returns the packet identifier */
  publish(topic: string, payload: string | Buffer, dup: boolean): number;
  disconnect(): void;
  close(): void;
}

export interface SessionEvents {
  ready(): void;
  acknowledged(id: number): void;
  heard(topic: string, payload: string): void;
  /** Once, for whatever reason. */
  lost(): void;
}

export interface SessionOptions {
  readonly clientId: string;
  readonly isCleanSession: boolean;
  readonly topics: readonly string[];
}

const KEEP_ALIVE_SECONDS = 15;
/** A broker that says nothing for so long is gone. */
const ANSWER_MS = 20_000;
const MOST_IDS = 65_534;
const SUBSCRIBE_ID = 65_535;

type Receive = Partial<Record<Packet['cmd'], (packet: never) => void>>;

/** What is done with the packets that a broker sends. */
const receiver = (
  events: SessionEvents,
  topics: readonly string[],
  write: (packet: Packet) => void,
): Receive => ({
  connack() {
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }));
    if (subscriptions.length > 0) write({ cmd: 'subscribe', messageId: SUBSCRIBE_ID, subscriptions });
    events.ready();
  },
  puback: ({ messageId }: { messageId: number }) => events.acknowledged(messageId),
  publish({
    topic,
    payload,
    qos,
    messageId,
  }: Pick<IPublishPacket, 'topic' | 'payload' | 'qos' | 'messageId'>) {
    events.heard(topic, payload.toString());
    if (qos === 1) write({ cmd: 'puback', messageId });
  },
});

/** Ends a connection once: when it closes, or when the broker has said nothing for too long. */
function createEnd(link: Link, lost: () => void) {
  let isLost = false;
  let cancel = () => {};
  function lose(): void {
    if (isLost) return;
    isLost = true;
    cancel();
    link.stream.destroy();
    lost();
  }
  return {
    lose,
    isLost: () => isLost,
    /** Something came. */
    watch(): void {
      cancel();
      cancel = later(ANSWER_MS, lose);
    },
  };
}

/** Sends a PINGREQ twice per keep-alive, until the connection ends. */
function keepAlive(write: (packet: Packet) => void, isLost: () => boolean): void {
  later((KEEP_ALIVE_SECONDS * 1000) / 2, () => {
    if (isLost()) return;
    write({ cmd: 'pingreq' });
    keepAlive(write, isLost);
  });
}

export function openMqttSession(
  link: Link,
  { clientId, isCleanSession, topics }: SessionOptions,
  events: SessionEvents,
): MqttSession {
  let [isReady, lastId] = [false, 0];
  const write = (packet: Packet) => void link.stream.write(generate(packet));
  const end = createEnd(link, () => events.lost());

  const receive = receiver(events, topics, write);
  const packets = parser({ protocolVersion: 4 });
  packets.on('packet', (packet: Packet) => {
    end.watch();
    if (packet.cmd === 'connack') isReady = true;
    receive[packet.cmd]?.(packet as never);
  });
  link.stream.on('data', (chunk: Buffer) => void packets.parse(chunk));
  link.stream.on('close', end.lose);
  link.stream.on('end', end.lose);
  write({
    ...{ cmd: 'connect', clientId, clean: isCleanSession, keepalive: KEEP_ALIVE_SECONDS },
    ...{ protocolId: 'MQTT', protocolVersion: 4 },
  });
  end.watch();
  keepAlive(write, end.isLost);
  return {
    link,
    isReady: () => isReady,
    publish(topic, payload, dup) {
      lastId = (lastId % MOST_IDS) + 1;
      write({ cmd: 'publish', messageId: lastId, topic, payload, qos: 1, dup, retain: false });
      return lastId;
    },
    disconnect: () => write({ cmd: 'disconnect' }),
    close: end.lose,
  };
}
