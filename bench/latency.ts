// Measures the time from publishing to the alert email on disk: each device crosses its limit once, one after the other.
// node bench/latency.ts [--alerts 100]

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { connectAsync } from 'mqtt';
import { createDevices, startStack } from './stack.ts';

const { values } = parseArgs({ options: { alerts: { type: 'string', default: '100' } } });
const alerts = Number(values.alerts);
// The rate limit would put most of them into a digest.
const stack = await startStack(undefined, ['AlertsPerMinute=600']);
const folder = await createDevices(stack.dataDir, alerts);
const mail = path.join(stack.dataDir, 'mail');
const mails = () => (existsSync(mail) ? readdirSync(mail).filter((file) => file.endsWith('.eml')).length : 0);

async function measure(name: string): Promise<number> {
  const client = await connectAsync(stack.endpoints.mqtt, {
    clientId: name,
    ca: readFileSync(path.join(folder, 'ca.pem')),
    cert: readFileSync(path.join(folder, `${name}.cert.pem`)),
    key: readFileSync(path.join(folder, `${name}.key.pem`)),
  });
  const before = mails();
  const began = performance.now();
  await client.publishAsync(`telemetry/bench/${name}`, JSON.stringify({ temperature: 12 }), { qos: 1 });
  while (mails() === before) await new Promise((resolve) => setTimeout(resolve, 1));
  const milliseconds = performance.now() - began;
  await client.endAsync();
  return milliseconds;
}

const latencies: number[] = [];
for (let n = 1; n <= alerts; n += 1) latencies.push(await measure(`bench-${n}`));
await stack.stop();
latencies.sort((a, b) => a - b);
const at = (quantile: number) => latencies[Math.min(alerts - 1, Math.floor(quantile * alerts))]!.toFixed(1);
console.log(
  `publish to email on disk, ${alerts} alerts: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms`,
);
