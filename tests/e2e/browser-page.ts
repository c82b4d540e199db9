// Opens the page of a running Tidegate in Debian's chromium, as somebody who logged in.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Tidegate } from './tidegate.ts';

export const CHROMIUM = '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking'],
  });

/** A login token as a back end of one's own would get one. */
async function tokenOf({ endpoints }: Tidegate, user: string): Promise<string> {
  const scope = '20261120/us-east-1/cognito-identity/aws4_request';
  const response = await fetch(endpoints.aws, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityService.GetOpenIdTokenForDeveloperIdentity',
      authorization: `AWS4-HMAC-SHA256 Credential=local/${scope}, SignedHeaders=host, Signature=00`,
    },
    body: JSON.stringify({
      IdentityPoolId: endpoints.outputs['DashboardIdentityPool'],
      Logins: { 'login.tidegate': user },
    }),
  });
  const { Token } = (await response.json()) as { Token?: string };
  if (Token === undefined) throw new Error(`no login token: the AWS port answered ${response.status}`);
  return Token;
}

export interface Opened {
  readonly page: Page;
  /** What the page complained of: errors of scripts, and violations of its policy. */
  readonly complaints: readonly string[];
}

/** @param user undefined for a guest */
export async function openPage(
  browser: Browser,
  tidegate: Tidegate,
  user: string | undefined,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  if (user !== undefined) {
    const tokens = {
      provider: 'cognito-identity.amazonaws.com',
      idToken: await tokenOf(tidegate, user),
    };
    const text = JSON.stringify(JSON.stringify(tokens));
    await context.addInitScript(`sessionStorage.setItem('tidegate.tokens', ${text})`);
  }
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
