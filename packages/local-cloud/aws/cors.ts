// Lets the pages of the web port call the services that a browser needs, and no other page.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { initiatorOf, refusedPage } from './origin.ts';

/** Services that pages may call; all others refuse pages. */
const SERVICES = new Set(['cognito-identity', 'lambda']);

const ALLOWED_HEADERS = [
  'authorization',
  'cache-control',
  'content-type',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-invocation-type',
  'x-amz-log-type',
  'x-amz-security-token',
  'x-amz-target',
  'x-amz-user-agent',
];
const EXPOSED_HEADERS = [
  'date',
  'x-amz-executed-version',
  'x-amz-function-error',
  'x-amz-log-result',
  'x-amzn-errortype',
  'x-amzn-requestid',
];

/**
 * Answers a preflight request, which a browser sends before a call.
 *
 * @param page its origin, which is the web port's.
 * @returns true when the request was a preflight.
 */
function answerPreflight(req: IncomingMessage, res: ServerResponse, page: string): boolean {
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
  res.writeHead(204, {
    'access-control-allow-origin': page,
    'access-control-allow-methods': 'POST, GET',
    'access-control-allow-headers': ALLOWED_HEADERS.join(', '),
    'access-control-max-age': '600',
    vary: 'origin',
  });
  res.end();
  return true;
}

/** Lets `page` read the answer. @throws AwsError AccessDenied where pages may not call `service` */
function letRead(res: ServerResponse, page: string, service: string): void {
  res.setHeader('vary', 'origin');
  if (!SERVICES.has(service))
    throw new AwsError('AccessDenied', `The service ${service} does not serve pages, only programs`, 403);
  res.setHeader('access-control-allow-origin', page);
  res.setHeader('access-control-expose-headers', EXPOSED_HEADERS.join(', '));
}

/** An object that a user opens in a browser may be a page: it runs no scripts, sends no forms, and has an origin of its own. */
function letOpen(req: IncomingMessage, res: ServerResponse, service: string): void {
  if (service !== 's3' || (req.method !== 'GET' && req.method !== 'HEAD')) throw refusedPage();
  res.setHeader('content-security-policy', 'sandbox');
  res.setHeader('x-content-type-options', 'nosniff');
}

/**
 * Programs may call everything, pages of the web port some services, and users open objects. Other pages are refused before
 * the call runs, since what a page sends takes effect whether or not it can read the answer.
 *
 * @param origins those of the web port's pages.
 * @returns true when the request is answered.
 * @throws AwsError AccessDenied, 403
 */
export function admitBrowser(
  req: IncomingMessage,
  res: ServerResponse,
  service: string,
  origins: readonly string[],
): boolean {
  const initiator = initiatorOf(req);
  if (!initiator) return false;
  if (initiator.kind === 'user') {
    letOpen(req, res, service);
    return false;
  }
  const { origin } = req.headers;
  if (origin === undefined || !origins.includes(origin)) throw refusedPage(initiator.from);
  if (answerPreflight(req, res, origin)) return true;
  letRead(res, origin, service);
  return false;
}
