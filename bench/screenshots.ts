// Takes the pictures of README and docs from a running local stack: node bench/screenshots.ts [--data-dir .tidegate]

import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FAILING = 'Demo fridge 3';
/** Fonts and histories are there by then. */
const SETTLE_MS = 2500;

const pictures = [
  { file: 'fleet.png', hash: '#/fleet', theme: 'light', width: 1280, height: 560 },
  { file: 'device.png', hash: '#/device/demo-fridge-3?range=10m', theme: 'dark', width: 1280, height: 900 },
] as const;

const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.tidegate' } } });
const dataDir = values['data-dir'];
const { web } = JSON.parse(readFileSync(path.join(dataDir, 'endpoints.json'), 'utf8')) as { web: string };
const folder = path.join(import.meta.dirname, '../docs/images');
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-quic'] });
const page = await browser.newPage();
await page.goto(web.replace('127.0.0.1', 'localhost'));
// A new stack logs in by itself.
await page.getByRole('button', { name: 'Log out' }).waitFor();
// Every few minutes it fails: that is what there is to see.
await page.locator('.need li.alarm', { hasText: FAILING }).waitFor({ timeout: 600_000 });
for (const { file, hash, theme, width, height } of pictures) {
  await page.setViewportSize({ width, height });
  await page.evaluate(`location.hash = '${hash}'`);
  if ((await page.locator('html').getAttribute('data-theme')) !== theme)
    await page.getByRole('button', { name: 'Dark or light' }).click();
  await page.mouse.move(0, height - 1);
  await page.locator('main canvas').first().waitFor();
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: path.join(folder, file) });
  process.stdout.write(`docs/images/${file}\n`);
}
await browser.close();
