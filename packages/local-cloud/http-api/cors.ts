// CORS of the HTTP API: which pages may read its answers, as the template declares.

import type { IncomingMessage } from 'node:http';
import type { CorsSpec } from './api-spec.ts';

type Headers = Record<string, string>;

/** Whether pages of this origin may call and read. */
export function allows(spec: CorsSpec | undefined, origin: string | undefined): boolean {
  const { origins = [] } = spec ?? {};
  return origin !== undefined && (origins.includes('*') || origins.includes(origin));
}

/** Headers of an answer, by which a page of an allowed origin may read it. */
export function corsHeaders(spec: CorsSpec | undefined, { headers }: IncomingMessage): Headers {
  const { origin } = headers;
  if (!spec) return {};
  if (origin === undefined || !allows(spec, origin)) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    ...(spec.credentials && { 'access-control-allow-credentials': 'true' }),
    ...(spec.exposed.length > 0 && { 'access-control-expose-headers': spec.exposed.join(',') }),
  };
}

/** Headers of the answer to a preflight request; undefined for another request. */
export function preflightHeaders(spec: CorsSpec | undefined, req: IncomingMessage): Headers | undefined {
  if (!spec || req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined)
    return undefined;
  const common = corsHeaders(spec, req);
  if (common['access-control-allow-origin'] === undefined) return common;
  return {
    ...common,
    'access-control-allow-methods': spec.methods.join(','),
    'access-control-allow-headers': spec.headers.join(','),
    ...(spec.maxAgeSeconds !== undefined && { 'access-control-max-age': String(spec.maxAgeSeconds) }),
  };
}
