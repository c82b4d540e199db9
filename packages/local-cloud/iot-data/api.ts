// The AWS IoT data plane over HTTP (REST-JSON): finds the operation by method and path, and answers as AWS does.
// https://docs.aws.amazon.com/iot/latest/apireference/API_Operations_AWS_IoT_Data_Plane.html

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { send, type AwsHandler } from '../aws/wire.ts';
import { notSupported, only } from '../iot/api-request.ts';
import { brokerOperations } from './broker-operations.ts';
import { invalid, type DataCall, type DataOperation, type DataPlane } from './call.ts';
import { publishOperations } from './publish.ts';
import { shadowOperations } from './shadow-operations.ts';

/** Service names for which clients sign requests: the SDKs and the CLI the first, AWS's guide the second. */
export const signingNames = ['iotdata', 'iotdevicegateway'] as const;

/** Larger than the largest payload, so that the operation itself can refuse one that is too large. */
const MAXIMUM_BODY = 256 * 1024;

const OPERATIONS: readonly DataOperation[] = [...publishOperations, ...shadowOperations, ...brokerOperations];

/** @throws AwsError for a path that no operation has */
export function find(method: string, path: string): DataOperation {
  const there = OPERATIONS.filter((operation) => operation.path.test(path));
  const operation = there.find((each) => each.method === method);
  if (operation) return operation;
  if (there.length > 0) {
    throw new AwsError('MethodNotAllowedException', `${method} is not a method of this path`, 405);
  }
  throw notSupported(`AWS IoT data plane ${method} ${path.slice(0, 200)}`);
}

function decode(label: string): string {
  try {
    return decodeURIComponent(label);
  } catch {
    throw invalid('The path is not valid percent-encoding');
  }
}

async function read(req: IncomingMessage): Promise<Buffer> {
  try {
    return await readBody(req, MAXIMUM_BODY);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'EntityTooLarge') throw error;
    throw new AwsError('RequestEntityTooLargeException', error.message, 413);
  }
}

function accessKeyOf(req: IncomingMessage): string {
  const [, caller = 'n/a'] = /Credential=([^/,\s]{1,128})\//.exec(req.headers.authorization ?? '') ?? [];
  return caller;
}

async function callOf(
  req: IncomingMessage,
  label: string,
  query: URLSearchParams,
  caller: string,
): Promise<DataCall> {
  return {
    label: decode(label),
    query,
    body: await read(req),
    header: (name) => req.headers[name]?.toString(),
    caller,
    sourceIp: req.socket.remoteAddress ?? 'n/a',
  };
}

/** The query without the parameters of a presigned URL's signature. */
const ownQuery = (query: URLSearchParams) =>
  Object.fromEntries([...query].filter(([name]) => !name.toLowerCase().startsWith('x-amz-')));

/** @param check judges the call before it runs @throws AwsError, also what `check` throws */
export async function answerCall(
  plane: DataPlane,
  req: IncomingMessage,
  res: ServerResponse,
  caller: string,
  check: (operation: DataOperation, call: DataCall) => void = () => {},
): Promise<void> {
  // Not with URL, which resolves `..` in a topic.
  const [path = '', text = ''] = (req.url ?? '/').split(/\?(.*)/s);
  const query = new URLSearchParams(text);
  const operation = find(req.method ?? 'GET', path);
  only(ownQuery(query), operation.query, operation.name);
  const call = await callOf(req, operation.path.exec(path)?.[1] ?? '', query, caller);
  check(operation, call);
  const answer = await operation.run(plane, call);
  send(res, 200, 'application/json', typeof answer === 'string' ? answer : JSON.stringify(answer));
}

/** Serves requests that are signed for one of `signingNames`. */
export function createIotDataHandler(plane: DataPlane): AwsHandler {
  return (req, res) => answerCall(plane, req, res, accessKeyOf(req));
}
