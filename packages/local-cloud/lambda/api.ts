// The part of the Lambda API that the local cloud serves: invoking functions and describing them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathToFileURL } from 'node:url';
import { AwsError } from '../aws-error.ts';
import { credentialOf } from '../aws/server.ts';
import { type AwsHandler, type Caller, sendJson } from '../aws/wire.ts';
import type { Source } from './fair-queue.ts';
import { decodeSegment, findFunction } from './function-reference.ts';
import type { LocalFunction } from './local-function.ts';
import { PAYLOAD_LIMIT } from './protocol.ts';

export interface InvokeResult {
  /** JSON text: the response, or Lambda's error document. */
  readonly payload: string;
  readonly functionError?: 'Unhandled';
  /** The last 4 KB of the log of this invocation. */
  readonly logTail: string;
}

export interface LambdaApi {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  invoke(functionName: string, payload: string, caller?: Caller): Promise<InvokeResult>;
  /** Resolves when the event is on disk. `source`: who invoked. */
  spoolEvent(functionName: string, payload: string, source: Source): Promise<string>;
}

interface Call {
  readonly api: LambdaApi;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly query: URLSearchParams;
  readonly caller: Caller | undefined;
  /** The function in the path, for operations that have one. */
  readonly target: LocalFunction;
}

/** Bytes of an event for later, as the Lambda quotas state it. */
const EVENT_LIMIT = 1_048_576;

async function readPayload(req: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) {
      const message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`;
      throw new AwsError('RequestTooLargeException', message, 413);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8') || '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    const message = `Could not parse request body into json: ${(error as Error).message}`;
    throw new AwsError('InvalidRequestContentException', message.slice(0, 512), 400);
  }
  return text;
}

const invocationTypes: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  async RequestResponse({ api, req, res, target, caller }) {
    const payload = await readPayload(req, PAYLOAD_LIMIT);
    const result = await api.invoke(target.spec.name, payload, caller);
    res.setHeader('x-amz-executed-version', '$LATEST');
    if (result.functionError) res.setHeader('x-amz-function-error', result.functionError);
    if (req.headers['x-amz-log-type'] === 'Tail') {
      res.setHeader('x-amz-log-result', Buffer.from(result.logTail, 'utf8').toString('base64'));
    }
    const body = Buffer.from(result.payload, 'utf8');
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  },
  async Event({ api, req, res, target, caller }) {
    if (caller) {
      const message =
        'The local cloud takes only RequestResponse from Cognito identities: events for later lose who called';
      throw new AwsError('InvalidParameterValueException', message, 400);
    }
    const source = [credentialOf(req)?.split('/', 1)[0] ?? ''];
    await api.spoolEvent(target.spec.name, await readPayload(req, EVENT_LIMIT), source);
    res.writeHead(202, { 'content-length': 0 }).end();
  },
  async DryRun({ req, res }) {
    await readPayload(req, PAYLOAD_LIMIT);
    res.writeHead(204).end();
  },
};

async function invoke(call: Call): Promise<void> {
  const { headers } = call.req;
  const type = String(headers['x-amz-invocation-type'] ?? 'RequestResponse');
  const run = Object.hasOwn(invocationTypes, type) ? invocationTypes[type] : undefined;
  if (!run) {
    throw new AwsError(
      'InvalidParameterValueException',
      `Unknown invocation type: ${type.slice(0, 64)}`,
      400,
    );
  }
  if (headers['x-amz-client-context']) {
    const message = 'ClientContext is not supported by the local cloud: put it into the payload';
    throw new AwsError('InvalidParameterValueException', message, 400);
  }
  await run(call);
}

/** As Lambda writes times. */
const timeText = (time: number) => new Date(time).toISOString().replace('Z', '+0000');

function configurationOf({ spec, bundle, changedAt }: LocalFunction): Record<string, unknown> {
  const built = bundle();
  return {
    FunctionName: spec.name,
    FunctionArn: spec.arn,
    Runtime: spec.runtime,
    Handler: `${spec.handlerFile}.${spec.handlerName}`,
    Role: spec.role,
    LastModified: timeText(changedAt()),
    Timeout: spec.timeoutSeconds,
    MemorySize: spec.memoryMb,
    Version: '$LATEST',
    PackageType: 'Zip',
    Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    CodeSize: built?.bytes ?? 0,
    CodeSha256: built?.sha256 ?? '',
    Environment: { Variables: spec.environment },
    TracingConfig: { Mode: 'PassThrough' },
    State: built ? 'Active' : 'Pending',
    LastUpdateStatus: 'Successful',
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${spec.name}` },
  };
}

const concurrencyOf = ({ spec }: LocalFunction) =>
  spec.reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: spec.reservedConcurrency };

function listFunctions({ api, res, query }: Omit<Call, 'target'>): void {
  const most = Number(query.get('MaxItems') ?? 50);
  const start = Number(query.get('Marker') ?? 0);
  if (!(Number.isInteger(most) && most >= 1 && Number.isInteger(start) && start >= 0)) {
    throw new AwsError('InvalidParameterValueException', 'MaxItems or Marker is not valid', 400);
  }
  const all = [...api.functions.values()].map(configurationOf);
  const end = start + most;
  sendJson(res, { Functions: all.slice(start, end), NextMarker: end < all.length ? String(end) : null });
}

/** By method and what follows the function's name in the path, which begins with the date of the API version. */
const operations: Readonly<Record<string, (call: Call) => void | Promise<void>>> = {
  'POST 2015-03-31 invocations': invoke,
  'GET 2015-03-31': ({ res, target }) =>
    sendJson(res, {
      Configuration: configurationOf(target),
      Code: { Location: target.bundle() && pathToFileURL(target.bundle()!.file).href },
      Concurrency: target.spec.reservedConcurrency === undefined ? undefined : concurrencyOf(target),
    }),
  'GET 2015-03-31 configuration': ({ res, target }) => sendJson(res, configurationOf(target)),
  'GET 2019-09-30 concurrency': ({ res, target }) => sendJson(res, concurrencyOf(target)),
  'GET 2019-09-25 event-invoke-config': ({ res, target: { spec } }) =>
    sendJson(res, {
      FunctionArn: `${spec.arn}:$LATEST`,
      MaximumRetryAttempts: spec.async.maximumRetryAttempts,
      MaximumEventAgeInSeconds: spec.async.maximumEventAgeSeconds,
      DestinationConfig: {
        OnSuccess: {},
        OnFailure: spec.async.onFailure ? { Destination: spec.async.onFailure.arn } : {},
      },
    }),
};

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
export function createLambdaHandler(api: LambdaApi): AwsHandler {
  return async (req, res, caller) => {
    const [path = '', search] = (req.url ?? '/').split('?', 2);
    const [version = '', kind, name, ...rest] = path.slice(1).split('/').map(decodeSegment);
    const query = new URLSearchParams(search);
    const list = req.method === 'GET' && version === '2015-03-31' && kind === 'functions' && !name;
    if (list) {
      listFunctions({ api, req, res, query, caller });
      return;
    }
    const key = [req.method, version, ...rest.filter(Boolean)].join(' ');
    const operation =
      kind === 'functions' && name && Object.hasOwn(operations, key) ? operations[key] : undefined;
    if (!operation) {
      const message = `The local cloud does not support ${req.method} ${path.slice(0, 256)} of Lambda: functions are created and changed in the template, which \`local-cloud --watch\` follows`;
      throw new AwsError('UnsupportedOperation', message, 501);
    }
    const spec = findFunction(name!, query.get('Qualifier'), (each) => api.functions.get(each)?.spec);
    const target = api.functions.get(spec.name)!;
    await operation({ api, req, res, query, target, caller });
  };
}
