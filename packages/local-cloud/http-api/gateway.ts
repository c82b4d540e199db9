// API Gateway's HTTP API on one machine: checks who asks, invokes the route's function, and answers what it gave.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { initiatorOf, refuseForeignHost, refusedPage } from '../aws/origin.ts';
import type { Clock } from '../clock.ts';
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
  /** Origins of the web port's own pages, which may call whatever the template says; asked for at each request. */
  readonly ownOrigins: () => readonly string[];
  readonly invoke: (functionName: string, payload: string) => Promise<InvokeResult>;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets api.requests, .refused, .throttled and .errors. */
  readonly count: (name: string) => void;
}

export type ServeApi = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Under which the API stands on the web port. */
export const apiPrefix = '/api';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const limits = { bodyBytes: 10_485_760, eventBytes: 6_291_456, timeoutMs: 30_000 } as const;

/** In API Gateway's words, which tell a caller no more. */
const messages = {
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;

type Refusal = keyof typeof messages;

const refusal = (status: Refusal): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message: messages[status] })),
});

/** API Gateway hands paths on decoded; undefined for what does not decode. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Before anything is counted for the caller: a page that may not call must not use up what those have who may. */
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

export function createGateway(deps: GatewayDeps): ServeApi {
  const { spec, callers, ownOrigins, invoke, clock, log, count } = deps;
  const match = createMatcher(spec.routes);
  const take = createThrottle(spec, clock);
  const cors = () => spec.cors && { ...spec.cors, origins: [...spec.cors.origins, ...ownOrigins()] };

  function refused(req: IncomingMessage, status: 403 | 413, reason: string): HttpAnswer {
    count('api.refused');
    const path = printable(req.url?.split('?', 1)[0] ?? '').slice(0, 256);
    log.warn('refused', { action: `${req.method} ${path}`, ip: req.socket.remoteAddress, reason });
    return refusal(status);
  }

  /** The function goes on when nobody waits for it any more, as on AWS. */
  async function resultOf(functionName: string, event: string): Promise<InvokeResult | 'late'> {
    let cancel = () => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = clock.after(limits.timeoutMs, () => resolve('late'));
    });
    try {
      return await Promise.race([invoke(functionName, event), late]);
    } finally {
      cancel();
    }
  }

  async function integrate({ route }: Match, event: string): Promise<HttpAnswer> {
    const failed = (status: 500 | 503, reason: string) => {
      count('api.errors');
      log.error('HTTP API cannot answer', { route: route.key, function: route.functionName, reason });
      return refusal(status);
    };
    let result: InvokeResult | 'late';
    try {
      result = await resultOf(route.functionName, event);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return failed(503, error.message);
    }
    if (result === 'late') return failed(503, `no answer within ${limits.timeoutMs / 1000} seconds`);
    if (result.functionError) return failed(500, result.payload.slice(0, 300));
    return answerOf(result.payload) ?? failed(500, 'the function gave no answer in payload format 2.0');
  }

  async function answer(req: IncomingMessage, requestId: string): Promise<HttpAnswer> {
    const [rawPath = '', query = ''] = (req.url ?? '').split(/\?(.*)/s);
    const path = decoded(rawPath.slice(apiPrefix.length) || '/');
    const found = path === undefined ? undefined : match(req.method ?? '', path);
    const foreign = foreignPageOf(req, cors());
    if (foreign) return refused(req, 403, foreign.message);
    if (!found || path === undefined) return refusal(404);
    if (!take()) {
      count('api.throttled');
      return refusal(429);
    }
    const resource = `arn:aws:execute-api:${spec.region}:${spec.accountId}:${spec.id}/$default/${req.method}${path}`;
    try {
      const key = found.route.isPublic ? undefined : callers.keyOf(req);
      const body = await readBody(req, limits.bodyBytes);
      const caller = key && callers.callerOf(req, body, key, resource);
      const event = proxyEvent(spec, {
        ...{ req, path, query, body, match: found, caller, requestId },
        time: clock.now(),
      });
      if (Buffer.byteLength(event) > limits.eventBytes)
        return refused(req, 413, 'the event is larger than a function takes');
      return await integrate(found, event);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return refused(req, error.code === 'EntityTooLarge' ? 413 : 403, error.message);
    }
  }

  return async (req, res) => {
    const requestId = randomUUID();
    const common = {
      'apigw-requestid': requestId,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    };
    const preflight = preflightHeaders(cors(), req);
    if (preflight) {
      res.writeHead(204, { ...common, ...preflight }).end();
      return;
    }
    count('api.requests');
    let found: HttpAnswer;
    try {
      found = await answer(req, requestId);
    } catch (error) {
      if (req.destroyed && !req.complete) {
        log.warn('HTTP API request was cut off by its client', { requestId });
        return;
      }
      count('api.errors');
      log.error('HTTP API failed', {
        requestId,
        reason: error instanceof Error ? error.stack : String(error),
      });
      found = refusal(500);
    }
    const { status, headers, body } = found;
    if (!req.complete) res.setHeader('connection', 'close');
    res.writeHead(status, {
      ...common,
      ...(headers as Record<string, string | string[]>),
      ...corsHeaders(cors(), req),
      'content-length': body.length,
    });
    res.end(body);
  };
}
