// Takes the screenshots of README and docs from a running local stack with only the demo: node bench/screenshots.ts [--data-dir .tidegate]

import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FAILING = 'Demo fridge 3';
/** Time for fonts and histories to load. */
const SETTLE_MS = 2500;
/** Limits the size of README's image, since it may be loaded over slow connections. */
const MOST_BYTES = 150_000;

/** `shows`: what must be visible before the screenshot is taken. */
const pictures = [
  { file: 'fleet.png', hash: '#/fleet', theme: 'light', height: 560, shows: 'main canvas' },
  { file: 'alerts.png', hash: '#/alerts', theme: 'light', height: 800, shows: '.tl .delivery' },
  {
    file: 'report.png',
    hash: '#/report?device=demo-fridge-3',
    theme: 'light',
    height: 1010,
    shows: '.sheet',
  },
  {
    ...{ file: 'pipeline.png', hash: '#/pipeline?device=demo-fridge-3', theme: 'light', height: 800 },
    shows: '.stage',
  },
  {
    file: 'device.png',
    hash: '#/device/demo-fridge-3?range=10m',
    theme: 'dark',
    height: 900,
    shows: 'main canvas',
  },
] as const;
const WIDTH = 1280;

const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.tidegate' } } });
const dataDir = values['data-dir'];
const { web } = JSON.parse(readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8')) as { web: string };
const folder = path.join(import.meta.dirname, '../docs/images');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-quic'] });
const page = await browser.newPage({ colorScheme: 'light' });
await page.goto(web.replace('127.0.0.1', 'localhost'));
// A new stack logs in automatically.
await page.getByRole('button', { name: 'Log out' }).waitFor();
// It fails every few minutes, which the screenshot shows.
await page.locator('.need li.alarm', { hasText: FAILING }).waitFor({ timeout: 600_000 });
for (const { file, hash, theme, height, shows } of pictures) {
  await page.setViewportSize({ width: WIDTH, height });
  await page.evaluate(`location.hash = '${hash}'`);
  if ((await page.locator('html').getAttribute('data-theme')) !== theme)
    await page.getByRole('button', { name: 'Dark or light' }).click();
  await page.mouse.move(0, height - 1);
  await page.locator(shows).first().waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const target = path.join(folder, file);
  await page.screenshot({ path: target });
  const { size } = statSync(target);
  process.stdout.write(`docs/images/${file}: ${size} bytes\n`);
  if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}`);
}
await browser.close();
