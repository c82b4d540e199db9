// Makes the event of a request for a function, in payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import type { IncomingMessage } from 'node:http';
import type { ApiSpec } from './api-spec.ts';
import type { IamCaller } from './caller.ts';
import type { Match } from './match-route.ts';

export interface ProxiedRequest {
  readonly req: IncomingMessage;
  /** Decoded, without the prefix under which the API is served. */
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
  readonly match: Match;
  /** Absent on a public route, also for a signed request. */
  readonly caller: IamCaller | undefined;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly time: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `20/Nov/2026:13:05:09 +0000` */
function logTime(time: number): string {
  const [, year, month, day, clock] = /^(\d+)-(\d\d)-(\d\d)T([\d:]{8})/.exec(new Date(time).toISOString())!;
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock} +0000`;
}

/** Content types of text; other bodies reach the function in base64. */
const isText = (contentType: string) =>
  contentType === '' || /^(text\/|application\/(json|javascript|xml)\b)|[+/](json|xml)\b/i.test(contentType);

/** Several headers of one name become one, joined by commas; cookies have a member of their own. */
function headersOf({ headers, socket }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || name === 'cookie'
      ? []
      : [[name, Array.isArray(value) ? value.join(',') : value] as const],
  );
  return {
    ...Object.fromEntries(entries),
    'x-forwarded-for': socket.remoteAddress ?? '127.0.0.1',
    'x-forwarded-port': String(socket.localPort ?? ''),
    'x-forwarded-proto': 'http',
  };
}

function queryOf(query: string): Record<string, string> {
  const values = Object.groupBy(new URLSearchParams(query), ([name]) => name);
  return Object.fromEntries(
    Object.entries(values).map(([name, pairs = []]) => [name, pairs.map(([, value]) => value).join(',')]),
  );
}

function contextOf(spec: ApiSpec, request: ProxiedRequest) {
  const { req, path, match, caller, requestId, time } = request;
  return {
    accountId: spec.accountId,
    apiId: spec.id,
    ...(caller && { authorizer: { iam: caller } }),
    domainName: `${spec.id}.execute-api.${spec.region}.amazonaws.com`,
    domainPrefix: spec.id,
    http: {
      method: req.method,
      path,
      protocol: `HTTP/${req.httpVersion}`,
      sourceIp: req.socket.remoteAddress ?? '127.0.0.1',
      userAgent: req.headers['user-agent'] ?? '',
    },
    requestId,
    routeKey: match.route.key,
    stage: '$default',
    time: logTime(time),
    timeEpoch: time,
  };
}

/** The event as JSON text. */
export function proxyEvent(spec: ApiSpec, request: ProxiedRequest): string {
  const { req, path, query, body, match } = request;
  const asText = isText(req.headers['content-type'] ?? '');
  const cookies = req.headers.cookie?.split(/; */);
  return JSON.stringify({
    version: '2.0',
    routeKey: match.route.key,
    rawPath: path,
    rawQueryString: query,
    ...(cookies && { cookies }),
    headers: headersOf(req),
    ...(query !== '' && { queryStringParameters: queryOf(query) }),
    requestContext: contextOf(spec, request),
    ...(Object.keys(match.parameters).length > 0 && { pathParameters: match.parameters }),
    ...(body.length > 0 && { body: body.toString(asText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !asText,
  });
}
