// `node bench/tables.ts`: the processor time of one write and one query of windows in the local tables, on disk and in memory.
// The difference between the two is the disk, since each write is synced before it is answered.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine, type Engine } from '../packages/local-cloud/dynamodb/engine.ts';
import { IN_MEMORY } from '../packages/local-cloud/dynamodb/store/database.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '3000' },
    /** The number of concurrent callers. */
    callers: { type: 'string', default: '1' },
  },
});
const [calls, callers] = [Number(values.calls), Number(values.callers)];
const ROUNDS = 3;
const START = 1_790_000_000_000;
const statistics = ['temperature', 'humidity', 'battery'].flatMap((metric) =>
  ['min', 'max', 'sum', 'count'].map(
    (statistic) => [`#${metric}_${statistic}`, `${metric}.${statistic}`] as const,
  ),
);
const placeholders = (pattern: RegExp) =>
  statistics.map(([name]) => name).filter((name) => pattern.test(name));
const sets = placeholders(/min|max/).map((name) => `${name} = if_not_exists(${name}, :v)`);
const adds = placeholders(/sum|count/).map((name) => `${name} :v`);

const call = (engine: Engine, operation: string, input: object) =>
  new Promise<void>((resolve, reject) =>
    engine.answer(operation, JSON.stringify(input), ({ status, body }) =>
      status === 200 ? resolve() : reject(new Error(body)),
    ),
  );

/** The write that counts one reading of three metrics; a window has ten readings. */
function update(engine: Engine, n: number) {
  const fingerprint = Buffer.from(String(n).padStart(8)).toString('base64');
  return call(engine, 'UpdateItem', {
    TableName: 'windows',
    Key: {
      deviceId: { S: `d${n % 100}` },
      windowStart: { N: String(START + Math.floor(n / 1_000) * 10_000) },
    },
    UpdateExpression: `SET ${sets.join(', ')}, expiresAt = :e ADD ${adds.join(', ')}, readings :one, seen :f`,
    ConditionExpression: 'NOT contains(seen, :f1)',
    ExpressionAttributeNames: Object.fromEntries(statistics),
    ExpressionAttributeValues: {
      ':v': { N: `${4 + (n % 7) / 10}` },
      ':one': { N: '1' },
      ':e': { N: '1800000000' },
      ':f': { BS: [fingerprint] },
      ':f1': { B: fingerprint },
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

const query = (engine: Engine, n: number) =>
  call(engine, 'Query', {
    TableName: 'windows',
    KeyConditionExpression: 'deviceId = :d',
    ExpressionAttributeValues: { ':d': { S: `d${n % 100}` } },
    ScanIndexForward: false,
    Limit: 1,
  });

/** Milliseconds of processor time per call. */
async function measure(engine: Engine, run: typeof update, from: number): Promise<number> {
  const before = process.cpuUsage();
  let next = from;
  const caller = async () => {
    while (next < from + calls) await run(engine, next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / calls;
}

async function measureTables(where: string, file: string): Promise<void> {
  const engine = openEngine({ file, region: 'us-east-1', accountId: '000000000000' });
  await call(engine, 'CreateTable', {
    TableName: 'windows',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'deviceId', AttributeType: 'S' },
      { AttributeName: 'windowStart', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: 'deviceId', KeyType: 'HASH' },
      { AttributeName: 'windowStart', KeyType: 'RANGE' },
    ],
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const write = await measure(engine, update, round * calls);
    const read = await measure(engine, query, 0);
    console.log(
      `${where}  round ${round + 1}  UpdateItem ${write.toFixed(3)} ms  Query ${read.toFixed(3)} ms`,
    );
  }
  await engine.close();
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'tidegate-bench-tables-'));
try {
  await measureTables('on disk  ', path.join(folder, 'tables.sqlite'));
  await measureTables('in memory', IN_MEMORY);
} finally {
  rmSync(folder, { recursive: true });
}
