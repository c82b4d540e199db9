// Kinesis Data Streams on the AWS port: JSON 1.1, told by X-Amz-Target.
import type { IncomingMessage } from 'node:http';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { send, sendJson, type AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import { printable } from '../log.ts';
import { describeOperations } from './describe-operations.ts';
import type { Input, Operation } from './api-request.ts';
import { recordOperations } from './record-operations.ts';
import type { DataStreams } from './streams.ts';

const prefix = 'Kinesis_20131202.';
const operations: Readonly<Record<string, Operation>> = { ...describeOperations, ...recordOperations };
/** PutRecords takes 10 MiB, in base64. */
const longestBody = 16 * 1024 * 1024;

async function readInput(req: IncomingMessage): Promise<Input> {
  if (/cbor/.test(req.headers['content-type'] ?? '')) {
    const message = 'The local cloud speaks JSON to Kinesis clients, not CBOR: set AWS_CBOR_DISABLE=true';
    throw new AwsError('SerializationException', message);
  }
  const body = (await readBody(req, longestBody)).toString('utf8') || '{}';
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON');
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input;
  throw new AwsError('SerializationException', 'The request body is not a JSON object');
}

/** Serves `operations`; a parameter that an operation does not read is refused, never ignored. */
export function createKinesisHandler(streams: DataStreams, clock: Clock): AwsHandler {
  return async (req, res) => {
    const target = String(req.headers['x-amz-target'] ?? '');
    const name = target.startsWith(prefix) ? target.slice(prefix.length) : '';
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) {
      const known = Object.keys(operations).sort().join(', ');
      const asked = printable(target).slice(0, 100);
      throw new AwsError(
        'UnknownOperationException',
        `The local cloud has no Kinesis operation '${asked}'; it has ${known}`,
      );
    }
    const input = await readInput(req);
    const other = Object.keys(input).find((key) => !operation.accepts.includes(key) && input[key] != null);
    if (other !== undefined) {
      const message = `The local cloud does not support the parameter ${printable(other).slice(0, 100)} of ${name}`;
      throw new AwsError('ValidationException', message);
    }
    const answer = await operation.run({ streams, clock }, input);
    if (answer === undefined) send(res, 200, 'application/x-amz-json-1.1', '');
    else sendJson(res, answer, 200, 'application/x-amz-json-1.1');
  };
}
