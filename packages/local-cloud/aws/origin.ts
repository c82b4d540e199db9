// Keeps web pages away from the ports of this machine: they may reach them neither by a name that resolves to it, nor by requests of a browser.
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AwsError } from '../aws-error.ts';
import { printable } from '../log.ts';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Host without port and brackets, lower case. */
function hostnameOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '::1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

function isOwn(hostname: string, boundTo: string): boolean {
  if (isLoopback(hostname) || hostname === boundTo.toLowerCase()) return true;
  return WILDCARDS.has(boundTo) && isIP(hostname) !== 0;
}

const refused = (message: string) => new AwsError('AccessDenied', message, 403);

/**
 * Refuses a Host that is not a loopback name or address (DNS rebinding).
 *
 * @throws AwsError AccessDenied, 403
 */
export function refuseForeignHost(req: IncomingMessage, boundTo: string): void {
  const host = hostnameOf(req.headers.host ?? '');
  if (isOwn(host, boundTo)) return;
  throw refused(`Host '${printable(host).slice(0, 64)}' is not served here: use localhost or 127.0.0.1`);
}

/** What made a browser send a request; undefined for a program, which sends none of these headers. */
export type Initiator =
  /** The user, by a bookmark, the address bar, or a link in another program. */
  | { readonly kind: 'user' }
  /** `from`: its origin, if the browser sends it. */
  | { readonly kind: 'page'; readonly isOfThisOrigin: boolean; readonly from: string | undefined };

/**
 * `Origin` comes with every request that changes something, in old browsers too; `Sec-Fetch-Site` with every request of newer ones,
 * forms and images included. `Sec-Fetch-Mode` is no evidence: Node's own `fetch` sends it.
 */
export function initiatorOf({ headers }: IncomingMessage): Initiator | undefined {
  const { origin, referer } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined && site === 'none') return { kind: 'user' };
  if (origin === undefined && referer === undefined && site === undefined) return undefined;
  const from = origin ?? (URL.canParse(referer ?? '') ? new URL(referer!).origin : undefined);
  return { kind: 'page', isOfThisOrigin: origin === undefined && site === 'same-origin', from };
}

/** What a page gets, and what the browser's network log shows. */
export function refusedPage(from?: string): AwsError {
  const page = from === undefined ? 'a web page' : `the page ${printable(from).slice(0, 128)}`;
  return refused(
    `Requests of ${page} are not served here: only programs and the pages of the web port may call`,
  );
}
