// The web port: the project's page or one of running totals, the login, the HTTP API below /api, and MQTT over WebSocket
// at /mqtt.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  defaultConnectionLimits,
  httpConnectionsWithin,
  limitConnections,
  type ConnectionLimits,
} from '../aws/connection-limits.ts';
import { initiatorOf } from '../aws/origin.ts';
import { systemClock } from '../clock.ts';
import { API_PREFIX, type ServeApi } from '../http-api/gateway.ts';
import type { Log } from '../log.ts';
import type { Login } from '../login/login.ts';
import { descriptorLimit } from '../mqtt/descriptors.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import type { ServeSite } from './site.ts';

export interface WebStatus {
  readonly totals: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface WebOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** HTML that shows the status: the page, or with a site `/status`. */
  readonly page: string;
  readonly site?: ServeSite;
  readonly status: () => WebStatus;
  /** Answers all requests under /api. */
  readonly api?: ServeApi;
  /** Answers its own paths. */
  readonly login?: Login;
  /** The answer of `/inbox.json`: mails and texts. */
  readonly inbox: () => Promise<unknown>;
  /** The answer of `/refusals.json`: the last refusals. */
  readonly refusals: () => unknown;
  /** The answer of `/rules.json?topic=...`: why the last message of the topic fired the rules that it did. */
  readonly why: (topic: string) => Promise<unknown>;
  /** Other addresses that pages of this port may call: the AWS port, for identities and credentials. */
  readonly callable?: readonly string[];
  readonly log: Log;
  readonly count: (name: string) => void;
  readonly limits?: ConnectionLimits;
  /** Takes over the socket of a request to change to another protocol. */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer, origins: readonly string[]) => void;
}

export interface Web {
  readonly port: number;
  /** The origins of its pages, by every loopback name of this machine. */
  readonly origins: readonly string[];
  /** Accepts nothing new; WebSocket connections are left to the broker. */
  close(): Promise<void>;
}

/** Each browser keeps an MQTT connection. */
const WEB_LIMITS = {
  ...defaultConnectionLimits,
  connections: httpConnectionsWithin(descriptorLimit(), 2_000),
};

/** A page of another site that points its name at this machine must not read this one (DNS rebinding). */
export function isOwnHost(host: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');
}

function answer(
  res: ServerResponse,
  status: number,
  type: string,
  body: string,
  callable: readonly string[] = [],
): void {
  const connects = ["'self'", ...callable].join(' ');
  res.writeHead(status, {
    'cross-origin-resource-policy': 'same-origin',
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': `default-src 'self'; connect-src ${connects}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'`,
  });
  res.end(body);
}

function problem(res: ServerResponse, status: number, title: string): void {
  answer(res, status, 'application/problem+json', JSON.stringify({ status, title }));
}

/** Serves programs and pages of this port: other sites must not read mails and refusals. */
async function serveOwn(
  req: IncomingMessage,
  res: ServerResponse,
  { what, read, log }: { what: string; read: () => unknown; log: Log },
): Promise<void> {
  const initiator = initiatorOf(req);
  if (initiator?.kind === 'page' && !initiator.isOfThisOrigin)
    return problem(res, 403, `Only pages of this port may read ${what}.`);
  try {
    answer(res, 200, 'application/json', JSON.stringify(await read()));
  } catch (error) {
    log.error(`${what} cannot be read`, { error: (error as Error).message });
    problem(res, 500, `The ${what} cannot be read: ${(error as Error).message}`);
  }
}

async function serveSite(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  { site, log }: WebOptions,
): Promise<void> {
  try {
    if (!(await site?.(req, res, path))) problem(res, 404, `There is no ${path} here.`);
  } catch (error) {
    log.error('the page cannot be built', { error: (error as Error).message });
    problem(res, 500, `The page cannot be built: ${(error as Error).message}`);
  }
}

function handle(req: IncomingMessage, res: ServerResponse, options: WebOptions): void {
  const { page, site, status, api, login, callable } = options;
  const path = (req.url ?? '').split('?', 1)[0]!;
  if (!isOwnHost(req.headers.host)) return problem(res, 403, 'This port answers to localhost only.');
  if (api && `${path}/`.startsWith(`${API_PREFIX}/`)) return void api(req, res);
  if (login?.serves(path)) return void login.serve(req, res);
  if (req.method !== 'GET' && req.method !== 'HEAD')
    return problem(res, 405, `${req.method} is not served here.`);
  if (path === (site ? '/status' : '/')) return answer(res, 200, 'text/html; charset=utf-8', page, callable);
  if (path === '/status.json') return answer(res, 200, 'application/json', JSON.stringify(status()));
  const { inbox, refusals, why, log } = options;
  if (path === '/inbox.json') return void serveOwn(req, res, { what: 'mails and texts', read: inbox, log });
  if (path === '/refusals.json')
    return void serveOwn(req, res, { what: 'refusals', read: () => ({ refusals: refusals() }), log });
  if (path === '/rules.json') {
    const topic = new URLSearchParams((req.url ?? '').split('?', 2)[1]).get('topic') ?? '';
    return void serveOwn(req, res, { what: 'what rules do', read: () => why(topic), log });
  }
  if (path === '/mqtt')
    return problem(res, 426, 'MQTT over WebSocket is served here: upgrade the connection.');
  if (path === '/') login?.prepare();
  void serveSite(req, res, path, options);
}

/** Serves on loopback; rejects with the system's error when the port cannot be opened. */
export async function createWeb(options: WebOptions): Promise<Web> {
  const origins: string[] = [];
  const server = createServer((req, res) => handle(req, res, options));
  server.on('upgrade', (req, socket, head) => options.upgrade(req, socket, head, origins));
  const warn = createThrottledWarning(options.log, systemClock);
  limitConnections(server, options.limits ?? WEB_LIMITS, (reason) => {
    options.count('web.refused');
    warn(reason, 'refused', { action: 'HTTP', port: 'web', reason });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  for (const name of ['localhost', '127.0.0.1', '[::1]']) origins.push(`http://${name}:${port}`);
  return {
    port,
    origins,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
