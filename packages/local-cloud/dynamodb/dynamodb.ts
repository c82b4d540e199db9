// DynamoDB on the AWS port: the template's tables on disk, in their own thread, and a sweep that deletes expired items.

import type { MessagePort } from 'node:worker_threads';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Guard } from '../iam/guard.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { AwsHandler, Count } from '../aws/wire.ts';
import { createOwnOperations } from './own-operations.ts';
import { createPortHandler } from './port-handler.ts';
import { createStreamsApi } from './streams-api.ts';
import { createTableStreams, isWrite, type TableStreams } from './table-streams.ts';
import { requireSameKeys, streamChanges, tableOf, type Table, type TableResource } from './table.ts';
import { createDynamoThread, type DynamoThread, type Setup } from './thread.ts';
import { createTimeToLive, type CallTable, type TimeToLive } from './ttl.ts';

export interface DynamoDb {
  readonly handler: AwsHandler;
  /**
   * Creates the table if it is missing, and sets its time to live.
   *
   * @throws StartError when the table on disk has other keys, or the template needs what is not supported.
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
  /** Counts the writes through such ports since the last time; call it before reading the totals. */
  countDirect(): void;
  /** The changes of tables that have a stream. */
  readonly streams: TableStreams;
  /** Deletes expired items now. @returns how many */
  sweepExpired(): Promise<number>;
  /** Waits for what is in progress and writes it to the disk. */
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
  /** Decides on the calls that functions make past the AWS port. */
  readonly guard?: Pick<Guard, 'tables' | 'add'>;
}

function errorOf(status: number, body: string): AwsError {
  const answer = JSON.parse(body) as { __type: string; message?: string; Message?: string };
  return new AwsError(answer.__type.split('#').at(-1)!, answer.message ?? answer.Message ?? '', status);
}

function cannotOpen(dir: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : cause;
  const remedy = 'free the folder or restore it from a copy, or start with another --data-dir';
  return new StartError(`the tables in ${dir} cannot be opened (${String(reason)}): ${remedy}`, { cause });
}

/** Creates the table as the template declares it, or brings its streams and its time to live up to date. */
async function ensureTable(call: CallTable, timeToLive: TimeToLive, resource: TableResource): Promise<void> {
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

/** Counts the items that functions write past the AWS port. */
function createDirectWrites(count: Count) {
  const total = new BigUint64Array(new SharedArrayBuffer(BigUint64Array.BYTES_PER_ELEMENT));
  let counted = 0;
  return {
    /** For the table thread, which adds to it. */
    total,
    /** Counts the writes since the last time. */
    countNew(): void {
      const all = Number(Atomics.load(total, 0));
      if (all > counted) count('dynamodb.writes', all - counted);
      counted = all;
    },
  };
}

async function openThread(
  options: DynamoDbOptions,
  directWrites: Setup['directWrites'],
): Promise<DynamoThread> {
  const { dir, log, guard, region = 'us-east-1', accountId = '000000000000' } = options;
  const thread = createDynamoThread({ dir, region, accountId, directWrites, guard: guard?.tables }, log);
  thread.onCalls((calls) => guard?.add(calls));
  await thread.ready().catch((error: unknown) => {
    throw cannotOpen(dir, error);
  });
  return thread;
}

/** Runs operations of the table thread without HTTP. @param onWrite is called after each that may change a table */
function createCall(thread: DynamoThread, onWrite: () => void): CallTable {
  return async (operation, input) => {
    const { status, body } = await thread.call(operation, JSON.stringify(input));
    if (status !== 200) throw errorOf(status, body);
    if (isWrite(operation)) onWrite();
    return JSON.parse(body) as Record<string, unknown>;
  };
}

/** @throws StartError when the tables in `dir` cannot be opened. */
export async function createDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { dir, clock, log, count } = options;
  const directWrites = createDirectWrites(count);
  const thread = await openThread(options, directWrites.total);
  const call = createCall(thread, () => streams.written());
  const streams = createTableStreams({ call, clock, log });
  thread.onWritten(() => streams.written());
  const timeToLive = await createTimeToLive({ dir, clock, log, call });
  const own = createOwnOperations(call, timeToLive);
  const serveStreams = createStreamsApi(streams, call);
  const fromTemplate = new Set<string>();

  return {
    handler: createPortHandler({ thread, own, streams, count, fromTemplate, serveStreams }),
    async ensureTable(resource) {
      await ensureTable(call, timeToLive, resource);
      fromTemplate.add(resource.name);
    },
    call,
    connect: (functionId) => thread.connect(functionId),
    countDirect: () => directWrites.countNew(),
    streams,
    sweepExpired: () => timeToLive.sweep(),
    async close() {
      timeToLive.close();
      streams.close();
      await thread.close();
      directWrites.countNew();
    },
  };
}
