// A fixed load over MQTT with mutual TLS for any broker: one process, many devices, QoS 1, a bounded number of messages in flight.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';

const IN_FLIGHT_PER_DEVICE = 10;

export interface LoadResult {
  readonly messages: number;
  /** Seconds from the first publish to the last acknowledgement. */
  readonly seconds: number;
}

function connect(url: string, folder: string, name: string): Promise<MqttClient> {
  return connectAsync(url, {
    clientId: name,
    ca: readFileSync(path.join(folder, 'ca.pem')),
    cert: readFileSync(path.join(folder, `${name}.cert.pem`)),
    key: readFileSync(path.join(folder, `${name}.key.pem`)),
    reconnectPeriod: 0,
  });
}

/** One device's messages: readings one second apart from `start` on, ten in each window. */
async function publishAll(client: MqttClient, name: string, messages: number, start: number): Promise<void> {
  let next = 0;
  const publishRest = async () => {
    while (next < messages) {
      const n = next++;
      const reading = {
        id: `${name}-${n}`,
        timestamp: start + n * 1_000,
        temperature: 3 + (n % 40) / 10,
        humidity: 50,
      };
      await client.publishAsync(`telemetry/bench/${name}`, JSON.stringify(reading), { qos: 1 });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT_PER_DEVICE }, publishRest));
}

export async function runLoad(
  url: string,
  folder: string,
  devices: readonly string[],
  messages: number,
): Promise<LoadResult> {
  const clients = await Promise.all(devices.map((name) => connect(url, folder, name)));
  const share = Math.ceil(messages / devices.length);
  const start = Math.floor(Date.now() / 10_000) * 10_000 - share * 1_000 - 60_000;
  const began = process.hrtime.bigint();
  await Promise.all(clients.map((client, n) => publishAll(client, devices[n]!, share, start)));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  await Promise.all(clients.map((client) => client.endAsync()));
  return { messages: share * devices.length, seconds };
}

if (import.meta.main) {
  const [url = '', folder = '', count = '1', messages = '1'] = process.argv.slice(2);
  const devices = Array.from({ length: Number(count) }, (_, n) => `bench-${n + 1}`);
  console.log(JSON.stringify(await runLoad(url, folder, devices, Number(messages))));
}
