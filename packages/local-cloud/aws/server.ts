// The AWS port: finds the service that a request is signed for, and passes the request to it.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError } from '../aws-error.ts';
import { systemClock } from '../clock.ts';
import { printable, type Log } from '../log.ts';
import { createThrottledWarning } from '../log-throttle.ts';
import { defaultConnectionLimits, limitConnections, type ConnectionLimits } from './connection-limits.ts';
import { admitBrowser } from './cors.ts';
import { refuseForeignHost } from './origin.ts';
import { sendError, type AwsHandler, type Caller, type Count, type ErrorFormat } from './wire.ts';

export interface AwsServer {
  readonly port: number;
  /** `http://127.0.0.1:4566` */
  readonly url: string;
  /** Takes no new requests, waits at most 5 s for those in progress, then cuts them off. */
  close(): Promise<void>;
}

export interface Authenticated {
  readonly caller: Caller;
  /** The same request, whose body can be read once more. */
  readonly request: IncomingMessage;
}

export interface AwsServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** By the service name in the SigV4 credential scope, such as `s3`, `dynamodb` or `iotdata`. */
  readonly services: Readonly<Record<string, AwsHandler>>;
  /** Checks requests that are signed with temporary credentials of this installation; see cognito/callers.ts. */
  readonly authenticate?: (req: IncomingMessage, service: string) => Promise<Authenticated | undefined>;
  /**
   * Checks a call that a function makes, see iam/guard.ts. Returns the same request, whose body can be read once more.
   *
   * It throws AwsError for what the role of the function does not allow.
   */
  readonly admit?: (req: IncomingMessage, service: string) => Promise<IncomingMessage>;
  /** Origins whose pages may call, such as `http://localhost:8080`; read at each request. */
  readonly origins?: () => readonly string[];
  readonly log: Log;
  readonly count: Count;
  readonly limits?: ConnectionLimits;
}

const DRAIN_MS = 5_000;

const S3_SERVICES = new Set(['s3', 's3control', 's3express']);
/** Services whose errors have the form of the query protocol for every request. */
const XML_SERVICES = new Set(['route53', 'cloudfront']);

const SERVICES_BY_TARGET = new Map([
  ['DynamoDB_20120810', 'dynamodb'],
  ['DynamoDBStreams_20120810', 'dynamodb'],
  ['AWSCognitoIdentityService', 'cognito-identity'],
]);

/** `<key>/<date>/<region>/<service>/aws4_request`, from the header or from a presigned URL. */
export function credentialOf(req: IncomingMessage): string | undefined {
  const header = /Credential=([^,\s]+)/.exec(req.headers.authorization ?? '')?.[1];
  if (header) return header;
  return new URLSearchParams(req.url?.split('?', 2)[1]).get('X-Amz-Credential') ?? undefined;
}

/** Unsigned requests name no service: some are recognised by their target, all others are for S3 (`--no-sign-request`). */
function serviceOf(req: IncomingMessage): string {
  const scope = credentialOf(req)?.split('/') ?? [];
  if (scope.length >= 5) return scope.at(-2)!.toLowerCase();
  const target = String(req.headers['x-amz-target'] ?? '').split('.', 1)[0]!;
  return SERVICES_BY_TARGET.get(target) ?? 's3';
}

/** The format in which the client of `service` reads an error. */
function errorFormatOf(req: IncomingMessage, service: string): ErrorFormat {
  if (S3_SERVICES.has(service)) return 's3';
  if (XML_SERVICES.has(service)) return 'query';
  return req.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? 'query' : 'json';
}

function unsupported(service: string, names: readonly string[]): AwsError {
  const message = `The local cloud has no service '${printable(service).slice(0, 64)}'; it has ${names.join(', ')}`;
  return new AwsError('UnsupportedService', message, 400);
}

async function serve(options: AwsServerOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { services, log, count } = options;
  const requestId = randomUUID();
  res.setHeader('x-amzn-requestid', requestId);
  res.setHeader('x-amz-request-id', requestId);
  const service = serviceOf(req);
  const format = errorFormatOf(req, service);
  const at = { service, method: req.method, path: req.url?.split('?', 1)[0]?.slice(0, 256), requestId };
  try {
    refuseForeignHost(req, options.host);
    if (admitBrowser(req, res, service, options.origins?.() ?? [])) return;
    const handler = Object.hasOwn(services, service) ? services[service] : undefined;
    if (!handler) throw unsupported(service, Object.keys(services).sort());
    count('aws.requests');
    const authenticated = await options.authenticate?.(req, service);
    const admitted = authenticated?.request ?? (await options.admit?.(req, service)) ?? req;
    await handler(admitted, res, authenticated?.caller);
  } catch (error) {
    if (error instanceof AwsError) {
      if (error.code === 'AccessDenied') count('aws.refused');
      sendError(res, error, format);
    } else if (!req.destroyed || req.complete) {
      log.error('AWS request failed', {
        ...at,
        reason: error instanceof Error ? error.stack : String(error),
      });
      sendError(
        res,
        new AwsError('InternalFailure', `Internal failure, see the log: ${requestId}`, 500),
        format,
      );
    } else {
      log.warn('AWS request was cut off by its client', at);
      res.destroy();
    }
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(deadline);
}

/** @throws the system's error, such as EADDRINUSE, when the port cannot be opened. */
export async function createAwsServer(options: AwsServerOptions): Promise<AwsServer> {
  const { host, port, log, count } = options;
  const server = createServer((req, res) => {
    res.on('error', (error) => log.warn('AWS answer was cut off', { reason: error.message }));
    void serve(options, req, res);
  });
  const warn = createThrottledWarning(log, systemClock);
  limitConnections(server, options.limits ?? defaultConnectionLimits, (reason) => {
    count('aws.refused');
    warn(reason, 'refused', { action: 'HTTP', port: 'AWS', reason });
  });
  await listen(server, host, port);
  server.on('error', (error) => log.error('AWS port failed', { reason: error.message }));
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { port: address.port, url: `http://${name}:${address.port}`, close: () => close(server) };
}
