// A device that tries one thing and reports whether the broker allowed it: over MQTT 3.1.1, where a refusal ends the connection, or over HTTPS.

import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { generate, parser, type Packet } from 'mqtt-packet';

export interface DeviceKeys {
  readonly certificate: string;
  readonly key: string;
  /** The certificate that it trusts. */
  readonly ca: string;
}

export interface Device {
  /** False where the broker closed the connection instead of answering. */
  publish(topic: string, payload: string, retain: boolean): Promise<boolean>;
  subscribe(filter: string): Promise<boolean>;
  /** Waits for a message on the topic; false where none comes in time. */
  hears(topic: string): Promise<boolean>;
  close(): void;
}

const ANSWER_MS = 5_000;

const connectTo = (url: string, keys: DeviceKeys): TLSSocket => {
  const { hostname, port } = new URL(url);
  return connect({
    ...{ host: hostname, port: Number(port), servername: 'localhost' },
    ...{ cert: keys.certificate, key: keys.key, ca: keys.ca },
    checkServerIdentity: () => undefined, // by an address, whose CA is the stack's own
  });
};

type Answer = (fits: (packet: Packet) => boolean) => Promise<Packet | undefined>;

/** @returns a function that waits for the first packet that fits; undefined where the connection or the time ends */
function collectPackets(socket: TLSSocket): Answer {
  const packets: Packet[] = [];
  const waiting = new Set<() => void>();
  let isOpen = true;
  const wake = () => {
    for (const each of waiting) each();
  };
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', (packet: Packet) => {
    packets.push(packet);
    wake();
  });
  socket.on('data', (data: Buffer) => reader.parse(data));
  socket.on('error', () => socket.destroy()); // the closed connection is the refusal
  socket.on('close', () => {
    isOpen = false;
    wake();
  });
  return (fits) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => end(undefined), ANSWER_MS);
      const end = (packet: Packet | undefined) => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve(packet);
      };
      const look = () => {
        const found = packets.find(fits);
        if (found || !isOpen) end(found);
      };
      waiting.add(look);
      look();
    });
}

/** @returns undefined where the broker refused the connection */
export async function connectDevice(
  url: string,
  clientId: string,
  keys: DeviceKeys,
): Promise<Device | undefined> {
  const socket = connectTo(url, keys);
  const answer = collectPackets(socket);
  const send = (packet: Packet) => socket.write(generate(packet, { protocolVersion: 4 }));

  await Promise.race([once(socket, 'secureConnect').catch(() => undefined), once(socket, 'close')]);
  send({ cmd: 'connect', clientId, protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60 });
  const accepted = await answer(({ cmd }) => cmd === 'connack');
  if (accepted?.cmd !== 'connack' || accepted.returnCode !== 0) {
    socket.destroy();
    return undefined;
  }
  return {
    async publish(topic, payload, retain) {
      send({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain });
      return (await answer(({ cmd, messageId }) => cmd === 'puback' && messageId === 1)) !== undefined;
    },
    async subscribe(filter) {
      send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: filter, qos: 0 }] });
      const granted = await answer(({ cmd }) => cmd === 'suback');
      return granted?.cmd === 'suback' && granted.granted[0] !== 128;
    },
    hears: async (topic) =>
      (await answer((packet) => packet.cmd === 'publish' && packet.topic === topic)) !== undefined,
    close: () => socket.destroy(),
  };
}

/** The status of a request with the device's certificate. */
export async function askOverHttps(
  url: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: string },
  keys: DeviceKeys,
): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: hostname, port, method, path, servername: 'localhost' },
        ...{ cert: keys.certificate, key: keys.key, ca: keys.ca },
        checkServerIdentity: () => undefined,
        agent: false,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
