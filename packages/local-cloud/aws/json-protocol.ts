// The protocols awsJson1_0 and 1_1: one path, the operation in X-Amz-Target, a JSON object in and one out.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html

import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { printable } from '../log.ts';
import { readBody } from './body.ts';
import { send, sendJson, type AwsHandler } from './wire.ts';

export type Input = Readonly<Record<string, unknown>>;

export interface JsonOperation<Cloud> {
  /** The parameters that it reads; any other is refused, never ignored. */
  readonly accepts: readonly string[];
  /** Whether it is for signed requests only. */
  readonly signed?: boolean;
  /** The answer; undefined where AWS answers without a body. @throws AwsError */
  run(cloud: Cloud, input: Input): unknown;
}

export interface JsonService<Cloud> {
  /** Its name for users. */
  readonly name: string;
  /** The part before the operation in X-Amz-Target, with the dot. */
  readonly targetPrefix: string;
  readonly operations: Readonly<Record<string, JsonOperation<Cloud>>>;
  /** What its users do instead of calls that create or change, such as `declare it in the template`. */
  readonly instead?: string;
  /** 1.1 if absent. */
  readonly version?: '1.0';
  readonly longestBody: number;
  /** The error code with which this service refuses a parameter. */
  readonly invalid: string;
}

async function readInput(req: IncomingMessage, { name, longestBody }: JsonService<never>): Promise<Input> {
  const malformed = (message: string) => new AwsError('SerializationException', message);
  if (/cbor/.test(req.headers['content-type'] ?? '')) {
    throw malformed(`The local cloud speaks JSON to ${name} clients, not CBOR: set AWS_CBOR_DISABLE=true`);
  }
  const text = (await readBody(req, longestBody)).toString('utf8') || '{}';
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw malformed('The request body is not valid JSON');
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input;
  throw malformed('The request body is not a JSON object');
}

/** Serves the operations of a service on `cloud`, which is what they work on. */
export function createJsonHandler<Cloud>(service: JsonService<Cloud>, cloud: Cloud): AwsHandler {
  const { name: serviceName, targetPrefix, operations, instead, version = '1.1' } = service;
  const contentType = `application/x-amz-json-${version}`;
  return async (req, res) => {
    const target = String(req.headers['x-amz-target'] ?? '');
    const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) {
      const known = Object.keys(operations).sort().join(', ');
      const asked = printable(target).slice(0, 100);
      const more = instead === undefined ? '' : `; to create or change one, ${instead}`;
      const message = `The local cloud has no ${serviceName} operation '${asked}'; it has ${known}${more}`;
      throw new AwsError('UnknownOperationException', message);
    }
    if (operation.signed && !req.headers.authorization)
      throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
    const input = await readInput(req, service);
    const other = Object.keys(input).find((key) => !operation.accepts.includes(key) && input[key] != null);
    if (other !== undefined) {
      const message = `The local cloud does not support the parameter ${printable(other).slice(0, 100)} of ${name}`;
      throw new AwsError(service.invalid, message);
    }
    const answer = await operation.run(cloud, input);
    if (answer === undefined) send(res, 200, contentType, '');
    else sendJson(res, answer, 200, contentType);
  };
}
