// Web pages must not reach the AWS port: neither by a name of theirs that resolves to it, nor by a cross-site request.
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AwsError } from '../aws-error.ts';
import { printable } from '../log.ts';

const wildcards = new Set(['0.0.0.0', '::']);

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
  return wildcards.has(boundTo) && isIP(hostname) !== 0;
}

/**
 * Refuses a Host that is no loopback name or address (DNS rebinding) and requests that a foreign page sent.
 *
 * @param isOwnPage true for a page that was found to be this program's own.
 * @throws AwsError AccessDenied, 403
 */
export function refuseForeign(req: IncomingMessage, boundTo: string, isOwnPage = false): void {
  const host = hostnameOf(req.headers.host ?? '');
  if (!isOwn(host, boundTo)) {
    const named = printable(host).slice(0, 64);
    throw new AwsError('AccessDenied', `Host '${named}' is not served here: use localhost or 127.0.0.1`, 403);
  }
  if (isOwnPage) return;
  const { origin } = req.headers;
  const page = origin === undefined ? host : hostnameOf(/^https?:\/\/([^/]*)$/.exec(origin)?.[1] ?? '');
  const site = req.headers['sec-fetch-site'];
  if (!isOwn(page, boundTo) || (site === 'cross-site' && req.method !== 'GET')) {
    throw new AwsError('AccessDenied', 'Requests of pages from elsewhere are not served', 403);
  }
}
