// The load for measuring the page: a gateway that sends one reading per second for each of many devices, and a day of four devices.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { BenchStack } from './stack.ts';

const GATEWAY = 'bench-1';
const DAY_SECONDS = 86_400;
const WINDOW_SECONDS = 10;
const PACK = 120;
const TICKS_A_SECOND = 10;

const topicOf = (child: string) => `telemetry/bench/${GATEWAY}/${child}`;
const CHILDREN = ['day-1', 'day-2', 'day-3', 'day-4'];

/** The devices that get a day of windows. */
export const DAYS = CHILDREN.map((child) => `${GATEWAY}:${child}`);

/** A login returns to one URL, which the stack must know at its start. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** @param folder the folder with the gateway's key and certificate */
export function connectGateway({ endpoints }: BenchStack, folder: string): Promise<MqttClient> {
  const [key, cert] = ['key', 'cert'].map((kind) =>
    readFileSync(path.join(folder, `${GATEWAY}.${kind}.pem`)),
  );
  const ca = readFileSync(endpoints.ca);
  return connectAsync(endpoints.mqtt, { clientId: GATEWAY, key, cert, ca, rejectUnauthorized: true });
}

/** Publishes a reading in each window of the last day for four devices. */
export async function publishDays(client: MqttClient): Promise<void> {
  const now = Date.now();
  for (const [index, child] of CHILDREN.entries()) {
    for (let start = DAY_SECONDS; start > 0; start -= PACK * WINDOW_SECONDS) {
      const readings = Array.from({ length: PACK }, (_, place) => {
        const timestamp = now - (start - place * WINDOW_SECONDS) * 1000;
        const temperature = 4 + index / 2 + Math.round(20 * Math.sin(timestamp / 3e6)) / 10;
        return { timestamp, temperature };
      });
      await client.publishAsync(topicOf(child), JSON.stringify({ readings }), { qos: 1 });
    }
  }
}

/** Sends one reading per second for each device, spread over the second. Returns a function that stops it. */
export function publishFleet(client: MqttClient, devices: number): () => void {
  let tick = 0;
  const timer = setInterval(() => {
    for (let device = tick % TICKS_A_SECOND; device < devices; device += TICKS_A_SECOND) {
      const message = { timestamp: Date.now(), temperature: 4 + ((device + tick) % 20) / 10, humidity: 50 };
      client.publish(topicOf(`d-${device}`), JSON.stringify(message), { qos: 0 });
    }
    tick += 1;
  }, 1000 / TICKS_A_SECOND);
  return () => clearInterval(timer);
}
