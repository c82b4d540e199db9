// Measures the page in chromium through the DevTools protocol: node bench/page.ts [--devices 1000] [--minutes 5]
// It measures the page's size, a fleet at 1 Hz with the memory of each minute, the first paint, and pointing at a day of four devices.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildPage } from '../dashboard/build.ts';
import { connectGateway, DAYS, freePort, publishDays, publishFleet } from './page-fleet.ts';
import { createGauge, rendererOf, type Memory } from './page-gauges.ts';
import { createDevices, startStack } from './stack.ts';

const CHROMIUM = '/usr/bin/chromium';
const POINTED_AT = 400;
const TRIES = 7;
const MOST_LINES = 20;
const LONGEST_LISTING_MS = 600_000;
/** A tile that shows a value. */
const TILE = 'a.tile:not(.far) .v';

interface Sizes {
  readonly devices: number;
  readonly minutes: number;
}

const print = (what: string, measured: string) => process.stdout.write(`${what.padEnd(74)}${measured}\n`);
const rounded = (value: number) => String(Math.round(value));
const memoryText = ({ own, share }: Memory) => `own ${rounded(own)}, with its share ${rounded(share)} MiB`;

function shareOf(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(share * values.length)]!;
}

/** The files of the first load: those that index.html names, and the fonts that the styles name. */
async function measureSize(): Promise<void> {
  const files = await buildPage();
  const html = Buffer.from(files.get('index.html')!).toString();
  const names = new Set([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name!));
  for (const name of names)
    if (name.endsWith('.css'))
      for (const [, font] of Buffer.from(files.get(name)!)
        .toString()
        .matchAll(/\.\/([\w.-]+\.woff2)/g))
        names.add(`assets/${font}`);
  const contents = ['index.html', ...names].flatMap((name) => files.get(name) ?? []);
  const bytes = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
  print('first load, gzipped (aim 200)', `${rounded(bytes / 1000)} KB`);
}

async function measureFleet(
  browser: Browser,
  page: Page,
  web: string,
  { devices, minutes }: Sizes,
): Promise<void> {
  await page.goto('about:blank');
  print('an empty page: memory of its process', memoryText(await rendererOf(browser)));
  await page.goto(web);
  await page.getByText(/messages\/s/).waitFor();
  // The list of a large fleet is built once a minute and read once a minute.
  await page
    .locator('a.tile')
    .nth(devices - 1)
    .waitFor({ state: 'attached', timeout: LONGEST_LISTING_MS });
  const gauge = await createGauge(page);
  const first = { ...(await rendererOf(browser)), at: performance.now() };
  print(`fleet: memory of its process once ${devices} devices are listed`, memoryText(first));
  const every = Math.ceil(minutes / MOST_LINES);
  for (let minute = 1; minute <= minutes; minute += 1) {
    await sleep(60_000);
    const memory = `${memoryText(await rendererOf(browser))}, heap ${rounded(await gauge.heap())}`;
    if (minute % every === 0 || minute === minutes)
      print(`fleet: after ${minute} min (aim 150)`, `${memory}, ${await gauge.nodes()} nodes`);
  }
  const last = { ...(await rendererOf(browser)), at: performance.now() };
  const cores = ((last.seconds - first.seconds) * 1000) / (last.at - first.at);
  print('fleet: cores taken by the page (aim 0.25)', cores.toFixed(2));
  await gauge.collect();
  print('fleet: the same once garbage is collected', memoryText(await rendererOf(browser)));
}

/** The time from opening the URL to a tile with a value: in new tabs, which log in first, and after reloads. */
async function measureFirst(page: Page, web: string, when: string): Promise<void> {
  const [news, agains, works] = [[], [], []] as [number[], number[], number[]];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const tab = await page.context().newPage();
    const gauge = await createGauge(tab);
    const timed = async (load: () => Promise<unknown>) => {
      const began = performance.now();
      await load();
      await tab.locator(TILE).first().waitFor();
      return performance.now() - began;
    };
    news.push(await timed(() => tab.goto(web, { waitUntil: 'commit' })));
    works.push(await gauge.taskMilliseconds());
    agains.push(await timed(() => tab.reload({ waitUntil: 'commit' })));
    await tab.close();
  }
  const text = (values: readonly number[]) =>
    `${rounded(shareOf(values, 0.5))} ms (${rounded(Math.min(...values))} to ${rounded(Math.max(...values))})`;
  print(`first tile, ${when}, with the login (aim 1000)`, text(news));
  print(`first tile, ${when}, loaded again`, text(agains));
  print(`first tile, ${when}: work of the page with the login`, text(works));
}

async function measureDay(page: Page, web: string): Promise<void> {
  const [own, ...others] = DAYS;
  await page.goto(`${web}/#/device/${encodeURIComponent(own!)}?range=24h&with=${others.join()}`);
  const plot = page.locator('.plotbox').first();
  await plot.locator('canvas').waitFor();
  await page.locator('.chip').nth(2).waitFor();
  await sleep(5000);
  const gauge = await createGauge(page);
  const box = (await plot.boundingBox())!;
  const works: number[] = [];
  for (let move = 0; move < POINTED_AT; move += 1) {
    const before = await gauge.taskMilliseconds();
    await page.mouse.move(box.x + 60 + ((box.width - 80) * move) / POINTED_AT, box.y + 80 + (move % 9));
    await page.evaluate('new Promise(requestAnimationFrame)');
    works.push((await gauge.taskMilliseconds()) - before);
  }
  const text = [0.5, 0.95, 0.99].map((share) => shareOf(works, share).toFixed(1)).join(', ');
  print('a day of four devices: work of a frame, median, 95th, 99th (aim 16)', `${text} ms`);
}

const { values } = parseArgs({
  options: { devices: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '5' } },
});
await measureSize();
const webPort = await freePort();
const stack = await startStack(undefined, ['IngestMode=stream'], webPort);
const client = await connectGateway(stack, await createDevices(stack.dataDir, 1));
await publishDays(client);
const sizes = { devices: Number(values.devices), minutes: Number(values.minutes) };
const end = publishFleet(client, sizes.devices);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-quic'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
const web = `http://localhost:${webPort}`;
await measureFleet(browser, page, web, sizes);
await page.goto('about:blank');
await measureFirst(page, web, 'while the fleet sends');
end();
await sleep(30_000); // until everything sent is stored
await measureFirst(page, web, 'while nothing is sent');
await measureDay(page, web);
await browser.close();
await client.endAsync();
await stack.stop();
