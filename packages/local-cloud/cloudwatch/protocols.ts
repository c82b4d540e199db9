// CloudWatch speaks three protocols: JSON 1.0 and CBOR of newer SDKs, and the query protocol of older ones.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html

import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { requestIdOf, sendJson, sendXml, type AwsHandler } from '../aws/wire.ts';
import type { XmlValue } from '../aws/xml.ts';

export type Input = Readonly<Record<string, unknown>>;
/** The answer of an operation; times are Dates, which each protocol writes in its own way. */
export type Output = Readonly<Record<string, unknown>>;

/** @throws AwsError */
export type RunOperation = (operation: string, input: Input) => Promise<Output>;

interface Asked {
  readonly operation: string;
  readonly input: Input;
}

interface Protocol {
  read(req: IncomingMessage, body: Buffer): Promise<Asked>;
  answer(res: ServerResponse, operation: string, output: Output): Promise<void>;
  fail(res: ServerResponse, error: AwsError): Promise<void>;
}

const TARGET = 'GraniteServiceVersion20100801.';
const PATH = /^\/service\/GraniteServiceVersion20100801\/operation\/([A-Za-z]{1,64})$/;
const NAMESPACE = 'http://monitoring.amazonaws.com/doc/2010-08-01/';
const LONGEST_BODY = 1_048_576;
/** Of CBOR: epoch-based date/time, RFC 8949, 3.4.2. */
const EPOCH_TAG = 1;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `X-Amzn-Query-Error`, by which SDKs of the query protocol read the error's code. */
const failed = (res: ServerResponse, { code, status }: AwsError) =>
  void res.setHeader('x-amzn-query-error', `${code};${status < 500 ? 'Sender' : 'Receiver'}`);

function withTimes(value: unknown, timeOf: (date: Date) => unknown): unknown {
  if (value instanceof Date) return timeOf(value);
  if (Array.isArray(value)) return value.map((each) => withTimes(each, timeOf));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([name, each]) => [name, withTimes(each, timeOf)]));
}

function requireObject(value: unknown): Input {
  if (isObject(value)) return value;
  throw new AwsError('SerializationException', 'The request body is not an object');
}

const json: Protocol = {
  async read(req, body) {
    const target = String(req.headers['x-amz-target'] ?? '');
    const operation = target.startsWith(TARGET) ? target.slice(TARGET.length) : target;
    try {
      return { operation, input: requireObject(JSON.parse(body.toString('utf8') || '{}')) };
    } catch (error) {
      if (error instanceof AwsError) throw error;
      throw new AwsError('SerializationException', 'The request body is not valid JSON');
    }
  },
  async answer(res, _operation, output) {
    const value = withTimes(output, (date) => date.getTime() / 1_000);
    sendJson(res, value, 200, 'application/x-amz-json-1.0');
  },
  async fail(res, error) {
    failed(res, error);
    const value = { __type: error.code, message: error.message };
    sendJson(res, value, error.status, 'application/x-amz-json-1.0');
  },
};

function sendCbor(res: ServerResponse, status: number, bytes: Uint8Array): void {
  const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' };
  res.writeHead(status, { ...headers, 'content-length': bytes.length }).end(bytes);
}

/** Loaded when the first client uses it. */
const loadCodec = async () => import('@smithy/core/cbor');

/** A tagged time becomes seconds since the epoch, as in JSON. */
function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (!isObject(value)) return typeof value === 'bigint' ? Number(value) : value;
  if (value['tag'] === EPOCH_TAG && Object.keys(value).length === 2) return untagged(value['value']);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, untagged(each)]));
}

const cbor: Protocol = {
  async read(req, body) {
    const operation = PATH.exec(req.url?.split('?', 1)[0] ?? '')?.[1] ?? '';
    if (body.length === 0) return { operation, input: {} };
    try {
      return { operation, input: requireObject(untagged((await loadCodec()).cbor.deserialize(body))) };
    } catch (error) {
      if (error instanceof AwsError) throw error;
      throw new AwsError('SerializationException', 'The request body is not valid CBOR');
    }
  },
  async answer(res, _operation, output) {
    const { cbor: codec, tag } = await loadCodec();
    const value = withTimes(output, (date) => tag({ tag: EPOCH_TAG, value: date.getTime() / 1_000 }));
    sendCbor(res, 200, codec.serialize(value));
  },
  async fail(res, error) {
    failed(res, error);
    const { cbor: codec } = await loadCodec();
    sendCbor(res, error.status, codec.serialize({ __type: error.code, message: error.message }));
  },
};

/** `A.member.1.B=x` becomes `{ A: [{ B: 'x' }] }`. */
function unflatten(form: URLSearchParams): Input {
  const root = Object.create(null) as Record<string, unknown>; // a part may be named __proto__
  for (const [path, value] of form) {
    if (path === 'Action' || path === 'Version') continue;
    let at = root;
    const parts = path.split('.');
    for (const part of parts.slice(0, -1)) {
      if (!isObject(at[part])) at[part] = Object.create(null) as object;
      at = at[part] as Record<string, unknown>;
    }
    at[parts.at(-1)!] = value;
  }
  return collectMembers(root) as Input;
}

function collectMembers(value: unknown): unknown {
  if (!isObject(value)) return value;
  const names = Object.keys(value);
  if (names.length === 1 && names[0] === 'member' && isObject(value['member'])) {
    const members = Object.entries(value['member']).sort(([a], [b]) => Number(a) - Number(b));
    return members.map(([, each]) => collectMembers(each));
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, collectMembers(each)]));
}

function xmlOf(value: unknown): XmlValue {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return { member: value.map(xmlOf) };
  if (!isObject(value)) return value as XmlValue;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, xmlOf(each)]));
}

const query: Protocol = {
  async read(req, body) {
    const form = new URLSearchParams(
      req.method === 'GET' ? req.url?.split('?', 2)[1] : body.toString('utf8'),
    );
    return { operation: form.get('Action') ?? '', input: unflatten(form) };
  },
  async answer(res, operation, output) {
    sendXml(res, `${operation}Response xmlns="${NAMESPACE}"`, {
      [`${operation}Result`]: xmlOf(output),
      ResponseMetadata: { RequestId: requestIdOf(res) },
    });
  },
  async fail(res, error) {
    const detail = {
      Type: error.status < 500 ? 'Sender' : 'Receiver',
      Code: error.code,
      Message: error.message,
    };
    sendXml(
      res,
      `ErrorResponse xmlns="${NAMESPACE}"`,
      { Error: detail, RequestId: requestIdOf(res) },
      error.status,
    );
  },
};

function protocolOf(req: IncomingMessage): Protocol {
  if (req.headers['smithy-protocol'] === 'rpc-v2-cbor') return cbor;
  return req.headers['x-amz-target'] === undefined ? query : json;
}

/** Answers in the protocol of the request. */
export const createProtocolHandler =
  (run: RunOperation): AwsHandler =>
  async (req, res) => {
    const protocol = protocolOf(req);
    try {
      const { operation, input } = await protocol.read(req, await readBody(req, LONGEST_BODY));
      await protocol.answer(res, operation, await run(operation, input));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      await protocol.fail(res, error);
    }
  };
