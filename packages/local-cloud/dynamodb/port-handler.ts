// Answers the requests for DynamoDB that come to the AWS port.

import type { ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import type { AwsHandler, Count } from '../aws/wire.ts';
import { writesOf } from './direct.ts';
import { operations } from './operations.ts';
import type { Input, OwnOperations } from './own-operations.ts';
import { isWrite, type TableStreams } from './table-streams.ts';
import type { DynamoThread, Reply } from './thread.ts';

/** DynamoDB's own limit on a request. */
const MAX_REQUEST = 16 * 1024 * 1024;
const CONTENT_TYPE = 'application/x-amz-json-1.0';

interface Deps {
  readonly thread: Pick<DynamoThread, 'call'>;
  readonly own: OwnOperations;
  readonly streams: Pick<TableStreams, 'written'>;
  /** Gets `dynamodb.writes`. */
  readonly count: Count;
  /** Names of the tables that the template declares. */
  readonly fromTemplate: ReadonlySet<string>;
  /** Answers the operations of DynamoDB Streams. */
  readonly serveStreams: AwsHandler;
}

function operationOf(target: unknown): string {
  const operation = /^DynamoDB_20120810\.([A-Za-z]{1,64})$/.exec(String(target))?.[1];
  if (operation) return operation;
  const message = `X-Amz-Target must be DynamoDB_20120810.<operation> or DynamoDBStreams_20120810.<operation>`;
  throw new AwsError('UnknownOperationException', message);
}

function parseInput(body: string): Input {
  try {
    const input: unknown = JSON.parse(body);
    if (input !== null && typeof input === 'object') return input as Input;
  } catch {
    // answered below
  }
  throw new AwsError('SerializationException', 'The body is not a JSON object');
}

function send(res: ServerResponse, status: number, body: string): void {
  const bytes = Buffer.from(body);
  const headers = {
    'content-type': CONTENT_TYPE,
    'content-length': bytes.length,
    'x-amz-crc32': crc32(bytes),
  };
  res.writeHead(status, headers).end(bytes);
}

/** Answers an operation with its input as JSON. @throws AwsError for one that is not supported or not allowed */
function createAnswers({ thread, own, streams, count, fromTemplate }: Deps) {
  const known = [...operations, ...Object.keys(own)].sort();

  return async (operation: string, body: string): Promise<Reply> => {
    if (!known.includes(operation)) {
      const message = `The local DynamoDB has no ${operation}; it has ${known.join(', ')}`;
      throw new AwsError('UnknownOperationException', message);
    }
    if (Object.hasOwn(own, operation)) {
      return { status: 200, body: JSON.stringify(await own[operation]!(parseInput(body))) };
    }
    if (operation === 'DeleteTable' && fromTemplate.has(String(parseInput(body)['TableName']))) {
      throw new AwsError(
        'ValidationException',
        'The template declares this table: it cannot be deleted while it runs',
      );
    }
    const answered = await thread.call(operation, body);
    if (answered.status === 200) count('dynamodb.writes', writesOf(operation, body));
    if (isWrite(operation)) streams.written();
    return answered;
  };
}

export function createPortHandler(deps: Deps): AwsHandler {
  const answer = createAnswers(deps);

  return async (req, res) => {
    const target = req.headers['x-amz-target'];
    if (String(target).startsWith('DynamoDBStreams_')) {
      await deps.serveStreams(req, res);
      return;
    }
    const operation = operationOf(target);
    const { status, body } = await answer(operation, (await readBody(req, MAX_REQUEST)).toString('utf8'));
    send(res, status, body);
  };
}
