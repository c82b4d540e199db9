// Lets the page of the web port call the services that a browser needs, and no other page.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Services that browsers call; every other keeps its answers from them. */
const services = new Set(['cognito-identity', 'lambda']);

const allowedHeaders = [
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
const exposedHeaders = [
  'date',
  'x-amz-executed-version',
  'x-amz-function-error',
  'x-amz-log-result',
  'x-amzn-errortype',
  'x-amzn-requestid',
];

/** The origin of the request, if it is one of the web port's. */
export function ownPage(req: IncomingMessage, origins: readonly string[]): string | undefined {
  const { origin } = req.headers;
  return origin !== undefined && origins.includes(origin) ? origin : undefined;
}

/**
 * Answers the question that a browser asks before a call.
 *
 * @param page its origin, which `ownPage` found to be the web port's.
 * @returns true when the request was such a question.
 */
export function answerPreflight(req: IncomingMessage, res: ServerResponse, page: string): boolean {
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
  res.writeHead(204, {
    'access-control-allow-origin': page,
    'access-control-allow-methods': 'POST, GET',
    'access-control-allow-headers': allowedHeaders.join(', '),
    'access-control-max-age': '600',
    vary: 'origin',
  });
  res.end();
  return true;
}

/** Lets `page` read the answer, if `service` is one for browsers. */
export function letRead(res: ServerResponse, page: string, service: string): void {
  res.setHeader('vary', 'origin');
  if (!services.has(service)) return;
  res.setHeader('access-control-allow-origin', page);
  res.setHeader('access-control-expose-headers', exposedHeaders.join(', '));
}
