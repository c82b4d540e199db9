// Measures messages per second from publishing to the archive and the windows, compared with mosquitto alone under the same load.
// node bench/pipeline.ts [--messages 20000] [--devices 100] [--mode direct|stream] [--idle 10]

import { writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { archivedIn, windowsIn } from './outcome.ts';
import {
  createDevices,
  loadFrom,
  spawnChild,
  startStack,
  temporaryFolder,
  type BenchStack,
} from './stack.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    devices: { type: 'string', default: '100' },
    mode: { type: 'string', default: 'direct' },
    /** Idle seconds at the end, to see how much memory is released. */
    idle: { type: 'string', default: '10' },
  },
});
const messages = Number(values.messages);
const devices = Number(values.devices);
const mode = values.mode;
const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
const number = (value: number) => Math.round(value).toLocaleString('en-US');

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
    await wait(0.05);
  }
  throw new Error(`mosquitto does not listen on ${port}`);
}

/** mosquitto with the same CA and mutual TLS, without persistence and without subscribers. */
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
  const broker = spawnChild('mosquitto', ['-c', path.join(home, 'mosquitto.conf')], { stdio: 'inherit' });
  await untilListening(port);
  // More messages would only take longer, since the rate is stable.
  const result = await loadFrom(`mqtts://127.0.0.1:${port}`, folder, devices, Math.min(messages, 100_000));
  broker.kill();
  return result.messages / result.seconds;
}

/**
 * Resolves when everything is in windows, with the memory after each tenth, so that growth shows. Prints each as it
 * comes.
 */
async function untilWindowed(stack: BenchStack, wanted: number, secondsSince: () => number) {
  const resident: number[] = [];
  for (;;) {
    const { ReadingsAccepted: accepted = 0 } = await stack.totals();
    while (resident.length < Math.floor((accepted / wanted) * 10)) {
      resident.push(stack.memory().now);
      console.error(
        `${number(accepted)} in windows after ${number(secondsSince())} s, ${number(resident.at(-1)!)} MiB`,
      );
    }
    if (accepted >= wanted) return resident;
    await wait(0.2);
  }
}

function requireExact(name: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new Error(`${number(found)} ${name} where ${number(wanted)} were sent: something is lost or doubled`);
}

if (mode !== 'direct' && mode !== 'stream') throw new Error(`--mode ${mode}: it is direct or stream`);
const stack = await startStack(undefined, [`IngestMode=${mode}`]);
const folder = await createDevices(stack.dataDir, devices);
const mosquitto = await measureMosquitto(stack, folder);
const wanted = Math.ceil(messages / devices) * devices;
const before = {
  memory: stack.memory().now,
  processor: stack.processorSeconds(),
  totals: await stack.totals(),
};
const began = performance.now();
const secondsSince = () => (performance.now() - began) / 1_000;
const [load, resident] = await Promise.all([
  loadFrom(stack.endpoints.mqtt, folder, devices, messages),
  untilWindowed(stack, wanted, secondsSince),
]);
const windowed = wanted / secondsSince();
const processor = stack.processorSeconds() - before.processor;
const totals = await stack.totals();
const { peak } = stack.memory();
await wait(Number(values.idle));
const idle = stack.memory().now;
const windows = await windowsIn(stack);
const beforeStop = performance.now();
await stack.stop();
const archived = wanted / (wanted / windowed + (performance.now() - beforeStop) / 1_000);
const archive = archivedIn(stack);

const rate = (name: string, value: number) =>
  console.log(`${name.padEnd(26)} ${number(value).padStart(7)}/s   ${(value / mosquitto).toFixed(3)}`);
const perMessage = (name: string) => ((totals[name] ?? 0) - (before.totals[name] ?? 0)) / wanted;
console.log(`${number(wanted)} messages of ${devices} devices, QoS 1, mutual TLS, IngestMode ${mode}`);
rate('mosquitto, acknowledged', mosquitto);
rate('tidegate, acknowledged', load.messages / load.seconds);
rate('tidegate, windowed', windowed);
rate('tidegate, and archived', archived);
console.log(`processor time             ${((processor * 1_000) / wanted).toFixed(2)} ms a message`);
console.log(
  `requests on the AWS port   ${perMessage('aws.requests').toFixed(2)} a message, ` +
    `${perMessage('dynamodb.writes').toFixed(2)} of them writes to tables`,
);
console.log(
  `resident memory            ${number(before.memory)} MiB before, ${resident.map(number).join(' ')} after each tenth, ` +
    `${number(peak)} at most, ${number(idle)} after ${values.idle} s without messages`,
);
console.log(
  `kept                       ${number(windows.readings)} readings in ${number(windows.windows)} windows, ` +
    `${number(archive.lines)} lines in ${number(archive.objects)} objects`,
);
requireExact('readings in windows', windows.readings, wanted);
requireExact('lines in the archive', archive.lines, wanted);
