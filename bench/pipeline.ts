// Messages per second from publish to archived and windowed, beside mosquitto alone taking the same load.
// node bench/pipeline.ts [--messages 20000] [--devices 100]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createDevices, loadFrom, startStack, temporaryFolder, type BenchStack } from './stack.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '20000' }, devices: { type: 'string', default: '100' } },
});
const messages = Number(values.messages);
const devices = Number(values.devices);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`mosquitto does not listen on ${port}`);
}

/** mosquitto with the same CA and mutual TLS; it keeps nothing on disk and has no subscriber. */
async function measureMosquitto(stack: BenchStack, folder: string): Promise<number> {
  const port = await freePort();
  const home = temporaryFolder('mosquitto');
  const identity = path.join(stack.dataDir, 'iot');
  const config = [
    `listener ${port} 127.0.0.1`,
    `cafile ${stack.endpoints.ca}`,
    `certfile ${path.join(identity, 'server.pem')}`,
    `keyfile ${path.join(identity, 'server.key.pem')}`,
    'require_certificate true',
    'allow_anonymous true',
    'user root',
    'log_type none',
  ];
  writeFileSync(path.join(home, 'mosquitto.conf'), `${config.join('\n')}\n`);
  const broker = spawn('mosquitto', ['-c', path.join(home, 'mosquitto.conf')], { stdio: 'inherit' });
  process.on('exit', () => broker.kill());
  await untilListening(port);
  const result = await loadFrom(`mqtts://127.0.0.1:${port}`, folder, devices, messages);
  broker.kill();
  return result.messages / result.seconds;
}

const stack = await startStack();
const folder = await createDevices(stack.dataDir, devices);
const mosquitto = await measureMosquitto(stack, folder);
const began = performance.now();
const load = await loadFrom(stack.endpoints.mqtt, folder, devices, messages);
const acknowledged = load.messages / load.seconds;
for (;;) {
  const { 'mqtt.received': received = 0, ReadingsAccepted: accepted = 0 } = await stack.totals();
  if (received >= load.messages && accepted >= load.messages) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const windowed = load.messages / ((performance.now() - began) / 1_000);
const memory = stack.memory();
await stack.stop();
const archived = load.messages / ((performance.now() - began) / 1_000);

const round = (value: number) => Math.round(value).toLocaleString('en-US');
console.log(`messages ${round(load.messages)} of ${devices} devices, QoS 1, mutual TLS`);
console.log(`mosquitto, acknowledged   ${round(mosquitto)}/s   1.00`);
console.log(`tidegate, acknowledged    ${round(acknowledged)}/s   ${(acknowledged / mosquitto).toFixed(3)}`);
console.log(`tidegate, windowed        ${round(windowed)}/s   ${(windowed / mosquitto).toFixed(3)}`);
console.log(`tidegate, and archived    ${round(archived)}/s   ${(archived / mosquitto).toFixed(3)}`);
console.log(
  `resident memory           ${round(memory.now)} MiB at the end, ${round(memory.peak)} MiB at most`,
);
