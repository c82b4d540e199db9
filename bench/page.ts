// Measures the page in chromium, by its own protocol: node bench/page.ts [--devices 1000] [--minutes 5]
// The first picture, a fleet at one hertz, and pointing at a day of four devices.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectAsync, type MqttClient } from 'mqtt';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createDevices, startStack, type BenchStack } from './stack.ts';

const CHROMIUM = '/usr/bin/chromium';
const GATEWAY = 'bench-1';
const DAY_SECONDS = 86_400;
const WINDOW_SECONDS = 10;
const PACK = 120;
const TICKS_A_SECOND = 10;
const POINTED_AT = 200;
const MIB = 1024 ** 2;

const topicOf = (child: string) => `telemetry/bench/${GATEWAY}/${child}`;
const deviceOf = (child: string) => `${GATEWAY}:${child}`;
const DAYS = ['day-1', 'day-2', 'day-3', 'day-4'];

/** A login leads back to one address, which a stack has to know from its start. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function connect({ endpoints }: BenchStack, folder: string): Promise<MqttClient> {
  const [key, cert] = ['key', 'cert'].map((kind) =>
    readFileSync(path.join(folder, `${GATEWAY}.${kind}.pem`)),
  );
  const ca = readFileSync(endpoints.ca);
  return connectAsync(endpoints.mqtt, { clientId: GATEWAY, key, cert, ca, rejectUnauthorized: true });
}

/** A reading in each window of the last day, of four devices. */
async function publishDays(client: MqttClient): Promise<void> {
  const now = Date.now();
  for (const [index, child] of DAYS.entries()) {
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

/** One reading of each device a second, spread over the second; ends it. */
function publishFleet(client: MqttClient, devices: number): () => void {
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

/** Of the busiest renderer, which is the page's: its processor time in seconds and its own memory in MiB. */
async function rendererOf(browser: Browser): Promise<{ seconds: number; mebibytes: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const [busiest] = processInfo
    .filter(({ type }) => type === 'renderer')
    .toSorted((one, other) => other.cpuTime - one.cpuTime);
  const rollup = readFileSync(`/proc/${busiest!.id}/smaps_rollup`, 'utf8');
  const kibibytes = Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]);
  return { seconds: busiest!.cpuTime, mebibytes: kibibytes / 1024 };
}

/** Of the page's main thread in seconds, and of its heap in bytes once what nobody needs is collected. */
async function createGauge(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const metric = async (name: string) => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((each) => each.name === name)!.value;
  };
  return {
    taskSeconds: () => metric('TaskDuration'),
    async heapBytes() {
      await session.send('HeapProfiler.collectGarbage');
      return metric('JSHeapUsedSize');
    },
  };
}

const print = (what: string, figure: string) => process.stdout.write(`${what.padEnd(70)}${figure}\n`);

/** In a tab that is new, with what the browser's cache has. */
async function measureFirst(page: Page, web: string, when: string): Promise<void> {
  const tab = await page.context().newPage();
  const began = performance.now();
  await tab.goto(web);
  await tab.locator('a.tile').first().waitFor();
  print(`first tile, ${when} (aim 1000)`, `${Math.round(performance.now() - began)} ms`);
  await tab.close();
}

async function measureFleet(browser: Browser, page: Page, web: string, minutes: number): Promise<void> {
  await page.goto(web);
  await page.getByText(/messages\/s/).waitFor();
  await sleep(15_000); // sparklines of what is in sight are there
  const gauge = await createGauge(page);
  const first = { ...(await rendererOf(browser)), heap: await gauge.heapBytes(), at: performance.now() };
  await sleep(minutes * 60_000);
  const last = { ...(await rendererOf(browser)), heap: await gauge.heapBytes(), at: performance.now() };
  const cores = ((last.seconds - first.seconds) * 1000) / (last.at - first.at);
  print('fleet: cores taken by the page (aim 0.25)', cores.toFixed(2));
  const memory = ({ heap, mebibytes }: typeof first) =>
    `heap ${Math.round(heap / MIB)}, renderer ${Math.round(mebibytes)} MiB`;
  print('fleet: memory at first', memory(first));
  print(`fleet: memory after ${minutes} minutes (aim 150)`, memory(last));
}

async function measureDay(page: Page, web: string): Promise<void> {
  const [own, ...others] = DAYS.map(deviceOf);
  await page.goto(`${web}/#/device/${encodeURIComponent(own!)}?range=24h&with=${others.join()}`);
  const plot = page.locator('.plotbox').first();
  await plot.locator('canvas').waitFor();
  await page.locator('.chip').nth(2).waitFor();
  await sleep(5000);
  const gauge = await createGauge(page);
  const box = (await plot.boundingBox())!;
  const milliseconds: number[] = [];
  for (let move = 0; move < POINTED_AT; move += 1) {
    const before = await gauge.taskSeconds();
    await page.mouse.move(box.x + 60 + ((box.width - 80) * move) / POINTED_AT, box.y + 80 + (move % 9));
    await page.evaluate('new Promise(requestAnimationFrame)');
    milliseconds.push(((await gauge.taskSeconds()) - before) * 1000);
  }
  milliseconds.sort((one, other) => one - other);
  const at = (share: number) => milliseconds[Math.floor(share * milliseconds.length)]!.toFixed(1);
  print('a day of four devices: work of a frame, median', `${at(0.5)} ms`);
  print('a day of four devices: work of a frame, 95th percentile (aim 16)', `${at(0.95)} ms`);
}

const { values } = parseArgs({
  options: { devices: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '5' } },
});
const webPort = await freePort();
const stack = await startStack(undefined, ['IngestMode=stream'], webPort);
const client = await connect(stack, await createDevices(stack.dataDir, 1));
await publishDays(client);
const end = publishFleet(client, Number(values.devices));
await sleep(20_000); // every device is in the table
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-quic'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
const web = `http://localhost:${webPort}`;
await measureFleet(browser, page, web, Number(values.minutes));
await measureFirst(page, web, 'while the fleet sends');
end();
await sleep(10_000); // what was sent is stored
await measureFirst(page, web, 'while nothing is sent');
await measureDay(page, web);
await browser.close();
await client.endAsync();
await stack.stop();
