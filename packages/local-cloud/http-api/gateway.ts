// API Gateway's HTTP API on one machine: checks the caller, invokes the route's function, and answers with its result.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { initiatorOf, refuseForeignHost, refusedPage } from '../aws/origin.ts';
import type { Clock } from '../clock.ts';
import { noMeter, type Meter } from '../cloudwatch/meter.ts';
import type { InvokeResult } from '../lambda/api.ts';
import { printable, type Log } from '../log.ts';
import type { ApiSpec, CorsSpec } from './api-spec.ts';
import type { CallerCheck } from './caller.ts';
import { allows, corsHeaders, preflightHeaders } from './cors.ts';
import { createMatcher, type Match } from './match-route.ts';
import { answerOf, type HttpAnswer } from './proxy-answer.ts';
import { proxyEvent } from './proxy-event.ts';
import { createThrottle } from './throttle.ts';

export interface GatewayDeps {
  readonly spec: ApiSpec;
  readonly callers: CallerCheck;
  /** Origins of the web port's own pages, which may call whatever the template says; read at each request. */
  readonly ownOrigins: () => readonly string[];
  readonly invoke: (functionName: string, payload: string) => Promise<InvokeResult>;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets api.requests, .refused, .throttled and .errors. */
  readonly count: (name: string) => void;
  readonly meter?: Meter;
}

export type ServeApi = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** The path of the API on the web port. */
export const API_PREFIX = '/api';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const LIMITS = { bodyBytes: 10_485_760, eventBytes: 6_291_456, timeoutMs: 30_000 } as const;

/** API Gateway's messages: they tell a caller no more than this. */
const MESSAGES = {
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

type Refusal = keyof typeof MESSAGES;

const refusal = (status: Refusal): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message: MESSAGES[status] })),
});

/** API Gateway passes decoded paths to functions. Undefined for a path that does not decode. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Checked before anything is counted: a page that may not call must not use up the rate limit of callers that may. */
function foreignPageOf(req: IncomingMessage, cors: CorsSpec | undefined): AwsError | undefined {
  try {
    refuseForeignHost(req, '127.0.0.1');
  } catch (error) {
    return error as AwsError;
  }
  const initiator = initiatorOf(req);
  if (initiator?.kind !== 'page' || initiator.isOfThisOrigin) return undefined;
  return allows(cors, req.headers.origin) ? undefined : refusedPage(initiator.from);
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html */
function createApiMetrics(ApiId: string, meter: Meter): (status: number, ms: number) => void {
  const measure = (metric: string, unit: string) => meter('AWS/ApiGateway', metric, { ApiId }, unit);
  const [all, client, server] = [measure('Count', 'Count'), measure('4xx', 'Count'), measure('5xx', 'Count')];
  const latency = measure('Latency', 'Milliseconds');
  return (status, ms) => {
    all(1);
    client(status >= 400 && status < 500 ? 1 : 0);
    server(status >= 500 ? 1 : 0);
    latency(ms);
  };
}

/** Waits for the function's result for `LIMITS.timeoutMs`. After that the function runs on, as on AWS. */
async function resultOf(
  { invoke, clock }: GatewayDeps,
  functionName: string,
  event: string,
): Promise<InvokeResult | 'late'> {
  let cancel = () => {};
  const late = new Promise<'late'>((resolve) => {
    cancel = clock.after(LIMITS.timeoutMs, () => resolve('late'));
  });
  try {
    return await Promise.race([invoke(functionName, event), late]);
  } finally {
    cancel();
  }
}

/** Invokes the route's function with the event, and turns its result into the answer. */
async function integrate(deps: GatewayDeps, { route }: Match, event: string): Promise<HttpAnswer> {
  const failed = (status: 500 | 503, reason: string) => {
    deps.count('api.errors');
    deps.log.error('HTTP API cannot answer', { route: route.key, function: route.functionName, reason });
    return refusal(status);
  };
  let result: InvokeResult | 'late';
  try {
    result = await resultOf(deps, route.functionName, event);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return failed(503, error.message);
  }
  if (result === 'late') return failed(503, `no answer within ${LIMITS.timeoutMs / 1000} seconds`);
  if (result.functionError) return failed(500, result.payload.slice(0, 300));
  return answerOf(result.payload) ?? failed(500, 'the function gave no answer in payload format 2.0');
}

function refused(
  { count, log }: GatewayDeps,
  req: IncomingMessage,
  status: 403 | 413,
  reason: string,
): HttpAnswer {
  count('api.refused');
  const path = printable(req.url?.split('?', 1)[0] ?? '').slice(0, 256);
  log.warn('refused', { action: `${req.method} ${path}`, ip: req.socket.remoteAddress, reason });
  return refusal(status);
}

/** Checks the caller of a route, and passes the request on to its function. */
async function authorizeAndIntegrate(
  deps: GatewayDeps,
  req: IncomingMessage,
  request: {
    readonly match: Match;
    readonly path: string;
    readonly query: string;
    readonly requestId: string;
  },
): Promise<HttpAnswer> {
  const { spec, callers, clock } = deps;
  const { match, path } = request;
  const resource = `arn:aws:execute-api:${spec.region}:${spec.accountId}:${spec.id}/$default/${req.method}${path}`;
  try {
    const key = match.route.isPublic ? undefined : callers.keyOf(req);
    const body = await readBody(req, LIMITS.bodyBytes);
    const caller = key && callers.callerOf(req, body, key, resource);
    const event = proxyEvent(spec, { req, ...request, body, caller, time: clock.now() });
    if (Buffer.byteLength(event) > LIMITS.eventBytes)
      return refused(deps, req, 413, 'the event is larger than a function takes');
    return await integrate(deps, match, event);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return refused(deps, req, error.code === 'EntityTooLarge' ? 413 : 403, error.message);
  }
}

/** @returns a function that answers a request, also with a refusal; it throws only for a fault of the gateway itself */
function createAnswer(deps: GatewayDeps, cors: () => CorsSpec | undefined) {
  const { spec, clock, count } = deps;
  const match = createMatcher(spec.routes);
  const take = createThrottle(spec, clock);
  return async (req: IncomingMessage, requestId: string): Promise<HttpAnswer> => {
    const [rawPath = '', query = ''] = (req.url ?? '').split(/\?(.*)/s);
    const path = decoded(rawPath.slice(API_PREFIX.length) || '/');
    const found = path === undefined ? undefined : match(req.method ?? '', path);
    const foreign = foreignPageOf(req, cors());
    if (foreign) return refused(deps, req, 403, foreign.message);
    if (!found || path === undefined) return refusal(404);
    if (take()) return authorizeAndIntegrate(deps, req, { match: found, path, query, requestId });
    count('api.throttled');
    return refusal(429);
  };
}

/** Answers 500 for a fault of the gateway itself; undefined when the client has gone. */
async function answerOrFail(
  { log, count }: GatewayDeps,
  answer: ReturnType<typeof createAnswer>,
  req: IncomingMessage,
  requestId: string,
): Promise<HttpAnswer | undefined> {
  try {
    return await answer(req, requestId);
  } catch (error) {
    if (req.destroyed && !req.complete) {
      log.warn('HTTP API request was cut off by its client', { requestId });
      return undefined;
    }
    count('api.errors');
    const reason = error instanceof Error ? error.stack : String(error);
    log.error('HTTP API failed', { requestId, reason });
    return refusal(500);
  }
}

/** Headers of every answer. */
const usualHeaders = (requestId: string) => ({
  'apigw-requestid': requestId,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
});

export function createGateway(deps: GatewayDeps): ServeApi {
  const { spec, ownOrigins, clock, count } = deps;
  const measure = createApiMetrics(spec.id, deps.meter ?? noMeter);
  const cors = () => spec.cors && { ...spec.cors, origins: [...spec.cors.origins, ...ownOrigins()] };
  const answer = createAnswer(deps, cors);

  return async (req, res) => {
    const requestId = randomUUID();
    const usual = usualHeaders(requestId);
    const preflight = preflightHeaders(cors(), req);
    if (preflight) {
      res.writeHead(204, { ...usual, ...preflight }).end();
      return;
    }
    count('api.requests');
    const begun = clock.elapsed();
    const found = await answerOrFail(deps, answer, req, requestId);
    if (!found) return;
    const { status, headers, body } = found;
    measure(status, clock.elapsed() - begun);
    if (!req.complete) res.setHeader('connection', 'close');
    res.writeHead(status, {
      ...usual,
      ...(headers as Record<string, string | string[]>),
      ...corsHeaders(cors(), req),
      'content-length': body.length,
    });
    res.end(body);
  };
}
