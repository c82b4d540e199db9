// Replaces `@smithy/node-http-handler` in the functions of a world: requests and answers of the AWS SDK as objects, without the streams of a socket between.

import type { Readable } from 'node:stream';
import { DIRECT_OPERATIONS } from '../dynamodb/direct.ts';
import { chooseFault, noteFailedCondition } from './faults.ts';
import { exchange, lowerCase, refusalOf, streamOf, type Answer, type Headers } from './http-exchange.ts';
import { currentLife, later, world } from './runtime.ts';
import type { TablesPort } from './world-tables.ts';

/** As far as the SDK fills one. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly port?: number;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Config {
  readonly requestTimeout?: number;
}

interface HandleOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number;
}

/** Milliseconds that a broken connection takes to show, at most. */
const BREAK_MS = 1.5;

const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function urlOf({ path, query = {} }: SdkRequest): string {
  const pairs = Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => {
      if (Array.isArray(value)) return value.map((each: string) => `${escaped(name)}=${escaped(each)}`);
      return value === null ? [escaped(name)] : [`${escaped(name)}=${escaped(String(value))}`];
    });
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

async function bytesOf(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Objects of S3 are read as streams; all other answers as a whole. */
const responseOf = ({ status, headers, body }: Answer, isStream: boolean) => ({
  response: { statusCode: status, reason: '', headers, body: isStream ? streamOf(body) : body },
});

/** As the real one reports it: a connection that breaks counts as a timeout, which the SDK tries again. */
const broken = (code: string) =>
  Object.assign(new Error(`${code}: the connection broke`), { code, name: 'TimeoutError' });

const timeoutOf = (ms: number) =>
  Object.assign(new Error(`[ERROR] a request has exceeded the configured ${ms} ms requestTimeout.`), {
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
  });

const OK = 200;
const TABLE = /"TableName":"([^"]+)"/;
const TABLES_PREFIX = 'DynamoDB_20120810.';

/** The operation of a request for items, which goes past the AWS port. */
function directOperation(headers: Headers): string | undefined {
  const target = headers['x-amz-target'];
  if (typeof target !== 'string' || !target.startsWith(TABLES_PREFIX)) return undefined;
  const operation = target.slice(TABLES_PREFIX.length);
  return DIRECT_OPERATIONS.has(operation) ? operation : undefined;
}

type Done = (answer: Answer | undefined, code?: string) => void;

function requestItems(
  tables: TablesPort,
  operation: string,
  headers: Headers,
  body: Buffer,
  done: Done,
): void {
  const text = body.toString('utf8');
  const [, table] = TABLE.exec(text) ?? [];
  const from = currentLife()?.name ?? 'world';
  const fault = chooseFault({ from, service: 'dynamodb', operation, table });
  if (fault?.kind === 'no-answer') return;
  const brief = () => world.random().next() * BREAK_MS;
  if (fault?.kind === 'refused') {
    later(brief(), () => done(refusalOf(fault, headers)));
    return;
  }
  tables.request(operation, text, ({ status, body: answered }) => {
    if (fault?.kind === 'answer-lost') {
      later(brief(), () => done(undefined, 'ECONNRESET'));
      return;
    }
    if (status !== OK && answered.includes('ConditionalCheckFailed')) noteFailedCondition();
    const bytes = Buffer.from(answered);
    const described = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(bytes.length),
      'x-amzn-requestid': `direct-${world.turns()}`,
    };
    done({ status, headers: described, body: bytes });
  });
}

async function handle(
  request: SdkRequest,
  { requestTimeout, abortSignal }: HandleOptions,
  tables: TablesPort | undefined,
): Promise<object> {
  const body = await bytesOf(request.body);
  const headers = lowerCase(request.headers);
  return new Promise((resolve, reject) => {
    const cancel = requestTimeout ? later(requestTimeout, () => reject(timeoutOf(requestTimeout))) : () => {};
    abortSignal?.addEventListener('abort', () => reject(abortSignal.reason as Error), { once: true });
    const isStream = String(headers['authorization']).includes('/s3/aws4_request');
    const done: Done = (answer, code = 'ECONNRESET') => {
      cancel();
      if (answer) resolve(responseOf(answer, isStream));
      else reject(broken(code));
    };
    const operation = tables && directOperation(headers);
    if (tables && operation !== undefined) {
      requestItems(tables, operation, headers, body, done);
      return;
    }
    exchange({ port: request.port ?? 0, method: request.method, url: urlOf(request), headers, body }, done);
  });
}

/** @param tables gives what the environment whose code runs was given */
export function createSdkHandler(tables: () => TablesPort | undefined): Readonly<Record<string, unknown>> {
  class NodeHttpHandler {
    readonly metadata = { handlerProtocol: 'http/1.1' };
    #config: Config;
    constructor(config: Config = {}) {
      this.#config = config;
    }
    static create(given: Config | NodeHttpHandler = {}): NodeHttpHandler {
      return given instanceof NodeHttpHandler ? given : new NodeHttpHandler(given);
    }
    handle(request: SdkRequest, options: HandleOptions = {}): Promise<object> {
      return handle(request, { ...this.#config, ...options }, tables());
    }
    updateHttpClientConfig(name: string, value: unknown): void {
      this.#config = { ...this.#config, [name]: value };
    }
    httpHandlerConfigs(): Config {
      return this.#config;
    }
    destroy(): void {}
  }
  return { NodeHttpHandler, NodeHttp2Handler: NodeHttpHandler, DEFAULT_REQUEST_TIMEOUT: 0, streamCollector };
}

/** Bytes of what a client reads as a whole. */
async function streamCollector(stream: Readable): Promise<Uint8Array> {
  return bytesOf(stream);
}
