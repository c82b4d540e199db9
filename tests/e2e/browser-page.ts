// Opens the page of a running Tidegate in Debian's chromium, with a logged-in user.

import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Tidegate } from './tidegate.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
  });

export interface Opened {
  readonly page: Page;
  /** Script errors, and violations of the content security policy. */
  readonly complaints: readonly string[];
}

/** With empty storage. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints };
}

export const addressOf = ({ endpoints }: Tidegate, hash = ''): string =>
  `${endpoints.web.replace('127.0.0.1', 'localhost')}/${hash}`;

/** A login returns to one URL, which the stack must know when it starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Person {
  readonly name: string;
  readonly password: string;
}

const whenLoggedIn = (page: Page) => page.getByRole('button', { name: 'Log out' }).waitFor();

/** As the first user of a new stack. The page logs this user in automatically. */
export async function openLoggedIn(browser: Browser, tidegate: Tidegate, hash = ''): Promise<Opened> {
  const opened = await openPage(browser);
  await opened.page.goto(addressOf(tidegate, hash));
  await whenLoggedIn(opened.page);
  return opened;
}

/** With the form, which exists once a user was added. */
export async function logIn(page: Page, tidegate: Tidegate, { name, password }: Person): Promise<void> {
  await page.goto(addressOf(tidegate));
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('Email address').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await whenLoggedIn(page);
}

/** Copies the tokens of a page to another page of the same user. */
export const shareLogin = async (from: Page, to: Page): Promise<void> => {
  const text = await from.evaluate<string>("sessionStorage.getItem('tidegate.tokens')");
  await to.addInitScript(`sessionStorage.setItem('tidegate.tokens', ${JSON.stringify(text)})`);
};
