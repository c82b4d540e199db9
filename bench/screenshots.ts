// Takes the pictures of README and docs from a running local stack that nothing but the demo used: node bench/screenshots.ts [--data-dir .tidegate]

import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FAILING = 'Demo fridge 3';
/** Fonts and histories are there by then. */
const SETTLE_MS = 2500;
/** README is read over any line. */
const MOST_BYTES = 150_000;

/** `shows`: what has to be there before the picture is taken. */
const pictures = [
  { file: 'fleet.png', hash: '#/fleet', theme: 'light', height: 560, shows: 'main canvas' },
  { file: 'alerts.png', hash: '#/alerts', theme: 'light', height: 800, shows: '.tl .announced' },
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
// A new stack logs in by itself.
await page.getByRole('button', { name: 'Log out' }).waitFor();
// Every few minutes it fails: that is what there is to see.
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
