// Stands for `dynamodb/thread.ts`: the tables are in memory and in this thread, and outlive a process as a disk does.

import { inLife, currentLife, later, world } from './runtime.ts';
import { openEngine, type Engine } from '../dynamodb/engine.ts';
import { openDatabase } from '../dynamodb/store/database.ts';
import type { DynamoThread, Setup } from '../dynamodb/thread.ts';

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

export function createDynamoThread({ region, accountId }: Setup): DynamoThread {
  const database = state.database!;
  let engine: Engine | undefined;
  const opened = () => (engine ??= openEngine({ file: ':memory:', region, accountId }, database));
  return {
    async ready() {
      opened();
    },
    call: (operation, body) =>
      new Promise((resolve) => {
        const life = currentLife();
        later(world.random().next() * ANSWER_MS, () =>
          opened().answer(operation, body, ({ status, body: answer, fault }) => {
            if (fault !== undefined && life?.isAlive !== false) throw new Error(`tables: ${fault}`);
            inLife(life, () => void later(0, () => resolve({ status, body: answer })));
          }),
        );
      }),
    connect: () => ({ close() {} }) as never,
    onWritten() {},
    onCalls() {},
    async close() {
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
