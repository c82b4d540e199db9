// Replaces `dynamodb/thread.ts` in a world: the tables are in memory and in this thread, and outlive a process as a disk does.

import { inLife, currentLife, later, world, type Life } from './runtime.ts';
import { writesOf } from '../dynamodb/direct.ts';
import { openEngine, type Admit, type Engine, type WireAnswer } from '../dynamodb/engine.ts';
import { openDatabase } from '../dynamodb/store/database.ts';
import type { DynamoThread, Setup } from '../dynamodb/thread.ts';
import { createTableGuard } from '../iam/table-guard.ts';

type Database = ReturnType<typeof openDatabase>;

const state: { database?: Database } = {};
/** Milliseconds that a request takes, at most. */
const ANSWER_MS = 1;

/** New and empty tables. */
export function beginTables(): void {
  state.database?.sql.close();
  state.database = openDatabase(':memory:');
}

/** What was not committed when the process died is gone. */
export function cutTables(): void {
  state.database?.abandonTurn(new Error('the process was killed'));
}

/** How an environment reaches the tables past the AWS port; see dynamodb/direct.ts. */
export interface TablesPort {
  /** Calls back in the life that asks. */
  request(operation: string, body: string, done: (answer: Pick<WireAnswer, 'status' | 'body'>) => void): void;
}

type Serve = (operation: string, body: string, done: (answer: WireAnswer) => void, admit?: Admit) => void;

/** What an environment has sent is served when it dies meanwhile, as by a thread of its own. */
function createPort(serve: Serve, admit: Admit | undefined): TablesPort {
  const owner = currentLife();
  return {
    request(operation, body, done) {
      const asking = currentLife();
      const answer = ({ status, body: text }: WireAnswer) =>
        inLife(asking, () => void later(0, () => done({ status, body: text })));
      inLife(owner, () => {
        later(world.random().next() * ANSWER_MS, () => serve(operation, body, answer, admit));
      });
    },
  };
}

/** A process that was killed leaves the writes of its last turn undone, which is not a fault. */
function requireSound({ fault }: WireAnswer, owner: Life | undefined): void {
  if (fault !== undefined && owner?.isAlive !== false) throw new Error(`tables: ${fault}`);
}

/** Answers a call after a while, in the life that makes it. */
const callLater = (
  opened: () => Engine,
  owner: Life | undefined,
  [operation, body]: readonly [operation: string, body: string],
): Promise<Pick<WireAnswer, 'status' | 'body'>> =>
  new Promise((resolve) => {
    const life = currentLife();
    later(world.random().next() * ANSWER_MS, () =>
      opened().answer(operation, body, (answer) => {
        requireSound(answer, owner);
        inLife(life, () => void later(0, () => resolve({ status: answer.status, body: answer.body })));
      }),
    );
  });

export function createDynamoThread({ region, accountId, guard: guardSetup }: Setup): DynamoThread {
  const database = state.database!;
  const owner = currentLife();
  let engine: Engine | undefined;
  let onWritten = () => {};
  let onCalls: Parameters<DynamoThread['onCalls']>[0] = () => {};
  const opened = () => (engine ??= openEngine({ file: ':memory:', region, accountId }, database));
  const guard = guardSetup && createTableGuard(guardSetup, (calls) => onCalls(calls));
  const serve: Serve = (operation, body, done, admit) =>
    opened().answer(
      operation,
      body,
      (answer) => {
        requireSound(answer, owner);
        if (owner?.isAlive === false) return;
        if (opened().hasStreams() && writesOf(operation, body) > 0) onWritten();
        done(answer);
      },
      admit,
    );
  return {
    async ready() {
      opened();
    },
    call: (operation, body) => callLater(opened, owner, [operation, body]),
    connect: (functionId) =>
      createPort(serve, functionId === undefined ? undefined : guard?.for(functionId)) as never,
    onWritten: (listener) => void (onWritten = listener),
    onCalls: (listener) => void (onCalls = listener),
    async close() {
      guard?.report();
      database.endTurn();
    },
  };
}

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>;

/** Every item of a table, whether a process runs or not. @throws Error when there is no such table */
export function readTable(table: string): Item[] {
  const engine = openEngine(
    { file: ':memory:', region: 'us-east-1', accountId: '000000000000' },
    state.database,
  );
  const items: Item[] = [];
  let from: unknown;
  do {
    let body = '';
    const input = {
      TableName: table,
      ConsistentRead: true,
      ...(from !== undefined && { ExclusiveStartKey: from }),
    };
    engine.answer('Scan', JSON.stringify(input), (answer) => (body = answer.body));
    const page = JSON.parse(body) as { Items?: Item[]; LastEvaluatedKey?: object; message?: string };
    if (!page.Items) throw new Error(`${table}: ${body}`);
    items.push(...page.Items);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}
