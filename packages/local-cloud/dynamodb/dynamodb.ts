// DynamoDB on the AWS port: the template's tables on disk, in a thread of their own, time to live by a sweeper.

import type { ServerResponse } from 'node:http';
import type { MessagePort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Guard } from '../iam/guard.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import { readBody } from '../aws/body.ts';
import { writesOf } from './direct.ts';
import { operations } from './operations.ts';
import { createStreamsApi } from './streams-api.ts';
import { createTableStreams, isWrite, type TableStreams } from './table-streams.ts';
import { requireSameKeys, streamChanges, tableOf, type Table, type TableResource } from './table.ts';
import { createDynamoThread } from './thread.ts';
import { createTimeToLive, type TimeToLive } from './ttl.ts';
import type { AwsHandler, Count } from '../aws/wire.ts';

export interface DynamoDb {
  readonly handler: AwsHandler;
  /**
   * Creates the table if it is missing, and takes over its time to live.
   *
   * @throws StartError when the table on disk has other keys, or the template asks for what is not supported.
   */
  ensureTable(resource: TableResource): Promise<void>;
  /** Runs one operation without HTTP. @throws AwsError with DynamoDB's code */
  call(operation: string, input: object): Promise<Record<string, unknown>>;
  /**
   * A port by which a function's thread reads and writes items past the AWS port, see direct.ts.
   *
   * @param functionId logical ID of the function, whose role decides where there is a guard
   */
  connect(functionId?: string): MessagePort;
  /** Counts what came by such ports since the last time; before the totals are read. */
  countDirect(): void;
  /** What changed in tables that have a stream. */
  readonly streams: TableStreams;
  /** Deletes expired items now. @returns how many */
  sweepExpired(): Promise<number>;
  /** Waits for what is in progress and writes out. */
  close(): Promise<void>;
}

export interface DynamoDbOptions {
  /** Created if missing. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets `dynamodb.writes`. */
  readonly count: Count;
  readonly region?: string;
  readonly accountId?: string;
  /** Judges what functions send past the AWS port. */
  readonly guard?: Pick<Guard, 'tables' | 'add'>;
}

/** DynamoDB's own limit on a request. */
const MAX_REQUEST = 16 * 1024 * 1024;
const CONTENT_TYPE = 'application/x-amz-json-1.0';

type Input = Readonly<Record<string, unknown>>;
type Call = (operation: string, input: object) => Promise<Record<string, unknown>>;
type OwnOperation = (input: Input) => Promise<object>;

function errorOf(status: number, body: string): AwsError {
  const answer = JSON.parse(body) as { __type: string; message?: string; Message?: string };
  return new AwsError(answer.__type.split('#').at(-1)!, answer.message ?? answer.Message ?? '', status);
}

/** What is not the table thread's: time to live, and backups, which are not kept. */
function createOwnOperations(call: Call, timeToLive: TimeToLive): Readonly<Record<string, OwnOperation>> {
  async function requireTable(input: Input): Promise<string> {
    await call('DescribeTable', { TableName: input['TableName'] });
    return input['TableName'] as string;
  }
  return {
    async DescribeTimeToLive(input) {
      const attribute = timeToLive.attributeOf(await requireTable(input));
      const status = attribute === undefined ? 'DISABLED' : 'ENABLED';
      return { TimeToLiveDescription: { TimeToLiveStatus: status, AttributeName: attribute } };
    },
    async UpdateTimeToLive(input) {
      const table = await requireTable(input);
      const asked = (input['TimeToLiveSpecification'] ?? {}) as {
        AttributeName?: unknown;
        Enabled?: unknown;
      };
      const { AttributeName: attribute, Enabled: enabled } = asked;
      if (typeof attribute !== 'string' || !attribute || typeof enabled !== 'boolean') {
        throw new AwsError('ValidationException', 'TimeToLiveSpecification needs AttributeName and Enabled');
      }
      const current = timeToLive.attributeOf(table);
      if (enabled === (current !== undefined)) {
        const state = enabled ? 'enabled' : 'disabled';
        throw new AwsError('ValidationException', `TimeToLive is already ${state}`);
      }
      await timeToLive.set(table, enabled ? attribute : undefined);
      return { TimeToLiveSpecification: { AttributeName: attribute, Enabled: enabled } };
    },
    async DescribeContinuousBackups(input) {
      await requireTable(input);
      const recovery = { PointInTimeRecoveryStatus: 'DISABLED' };
      const status = { ContinuousBackupsStatus: 'ENABLED', PointInTimeRecoveryDescription: recovery };
      return { ContinuousBackupsDescription: status };
    },
  };
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

function cannotOpen(dir: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : cause;
  const remedy = 'free the folder or restore it from a copy, or start with another --data-dir';
  return new StartError(`the tables in ${dir} cannot be opened (${String(reason)}): ${remedy}`, { cause });
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

/** Creates the table as the template declares it, or brings its streams and its time to live up to date. */
async function ensureTable(
  call: Call,
  timeToLive: Awaited<ReturnType<typeof createTimeToLive>>,
  resource: Parameters<DynamoDb['ensureTable']>[0],
): Promise<void> {
  const wanted = tableOf(resource);
  const names = (await call('ListTables', { ExclusiveStartTableName: undefined })) as {
    TableNames: string[];
  };
  if (!names.TableNames.includes(wanted.TableName)) await call('CreateTable', wanted);
  const existing = async () => (await call('DescribeTable', { TableName: resource.name }))['Table'] as Table;
  while ((await existing()).TableStatus !== 'ACTIVE') await new Promise(setImmediate);
  const found = await existing();
  requireSameKeys(resource, wanted, found);
  for (const change of streamChanges(wanted, found))
    await call('UpdateTable', { TableName: resource.name, ...change });
  const specification = resource.properties['TimeToLiveSpecification'] as
    { AttributeName: string; Enabled: boolean | string } | undefined;
  const isOn = String(specification?.Enabled) === 'true';
  await timeToLive.set(resource.name, isOn ? specification!.AttributeName : undefined);
}

/** @throws StartError when the tables in `dir` cannot be opened. */
export async function createDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { dir, clock, log, count, region = 'us-east-1', accountId = '000000000000' } = options;
  const directWrites = new BigUint64Array(new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT));
  const thread = createDynamoThread(
    { dir, region, accountId, directWrites, guard: options.guard?.tables },
    log,
  );
  thread.onCalls((calls) => options.guard?.add(calls));
  let counted = 0;
  const fromTemplate = new Set<string>();

  const call: Call = async (operation, input) => {
    const { status, body } = await thread.call(operation, JSON.stringify(input));
    if (status !== 200) throw errorOf(status, body);
    if (isWrite(operation)) streams.written();
    return JSON.parse(body) as Record<string, unknown>;
  };
  await thread.ready().catch((error: unknown) => {
    throw cannotOpen(dir, error);
  });
  const streams = createTableStreams({ call, clock, log });
  thread.onWritten(() => streams.written());
  const serveStreams = createStreamsApi(streams, call);
  const timeToLive = await createTimeToLive({ dir, clock, log, call });
  const own = createOwnOperations(call, timeToLive);
  const known = [...operations, ...Object.keys(own)].sort();

  async function answer(operation: string, body: string): Promise<{ status: number; body: string }> {
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
  }

  function countDirect(): void {
    const all = Number(Atomics.load(directWrites, 0));
    if (all > counted) count('dynamodb.writes', all - counted);
    counted = all;
  }

  return {
    connect: (functionId) => thread.connect(functionId),
    countDirect,
    async handler(req, res) {
      if (String(req.headers['x-amz-target']).startsWith('DynamoDBStreams_')) {
        await serveStreams(req, res);
        return;
      }
      const operation = operationOf(req.headers['x-amz-target']);
      const { status, body } = await answer(operation, (await readBody(req, MAX_REQUEST)).toString('utf8'));
      send(res, status, body);
    },
    async ensureTable(resource) {
      await ensureTable(call, timeToLive, resource);
      fromTemplate.add(resource.name);
    },
    call,
    streams,
    sweepExpired: () => timeToLive.sweep(),
    async close() {
      timeToLive.close();
      streams.close();
      await thread.close();
      countDirect();
    },
  };
}
