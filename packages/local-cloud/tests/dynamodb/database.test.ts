// The database: answers wait for the disk, and a turn that cannot be written fails as a whole and leaves nothing.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { openDatabase, type Database } from '../../dynamodb/store/database.ts';
import type { Engine } from '../../dynamodb/engine.ts';
import { answerOf, call, engineOn } from './engine-calls.ts';
import { createRandom } from './random-calls.ts';
import { setUp } from './random-requests.ts';

const insert = (database: Database, name: string) => {
  database.beginWrite();
  database.sql.prepare('INSERT INTO tables (name, description) VALUES (?, ?)').run(name, '{}');
};
const namesIn = (file: string) => {
  const reader = new DatabaseSync(file);
  try {
    return reader
      .prepare('SELECT name FROM tables')
      .all()
      .map(({ name }) => name);
  } finally {
    reader.close();
  }
};
const durable = (database: Database, name: string, order: string[]) =>
  new Promise<void>((resolve) =>
    database.whenDurable((failure) => {
      order.push(failure ? `${name} failed` : name);
      resolve();
    }),
  );

function openTemporary() {
  const file = path.join(temporaryFolder(), 'tables.sqlite');
  const database = openDatabase(file);
  return { file, database };
}

test('answers the writes of a turn together, and its reads not before them', async () => {
  const { file, database } = openTemporary();
  const order: string[] = [];
  const before = durable(database, 'read before', order);
  assert.deepEqual(order, ['read before']);
  insert(database, 'a');
  const first = durable(database, 'a', order);
  const read = durable(database, 'read of a', order);
  insert(database, 'b');
  const second = durable(database, 'b', order);
  await new Promise(setImmediate);
  assert.deepEqual(order, ['read before']); // committed, and not yet on the disk
  const during = durable(database, 'read meanwhile', order);
  insert(database, 'c');
  const third = durable(database, 'c', order);
  await Promise.all([before, first, read, second, during, third]);
  assert.deepEqual(order, ['read before', 'a', 'read of a', 'b', 'read meanwhile', 'c']);
  await database.close();
  assert.deepEqual(namesIn(file), ['a', 'b', 'c']);
});

test('undoes a whole turn when one write in it fails, and continues', async () => {
  const { file, database } = openTemporary();
  const order: string[] = [];
  let undone = 0;
  database.onRollBack(() => (undone += 1));
  insert(database, 'a');
  const lost = durable(database, 'a', order);
  assert.throws(() => insert(database, 'a'), /UNIQUE/);
  database.abandonTurn(new Error('disk full'));
  insert(database, 'b');
  await Promise.all([lost, durable(database, 'b', order)]);
  assert.deepEqual([order, undone], [['a failed', 'b'], 1]);
  await database.close();
  assert.deepEqual(namesIn(file), ['b']);
});

test('fails the writes of a turn that cannot be committed, and forgets what they created', async () => {
  const { database } = openTemporary();
  const engine = engineOn(database);
  cleanup(() => engine.close());
  const table = {
    TableName: 'things',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  };
  await call(engine, 'CreateTable', table);
  const write = (id: string, size: number) =>
    answerOf(engine, 'PutItem', {
      TableName: 'things',
      Item: { id: { S: id }, note: { S: 'x'.repeat(size) } },
    });
  assert.equal((await write('a', 10)).status, 200);
  const { page_count: pages } = database.sql.prepare('PRAGMA page_count').get() as { page_count: number };
  database.sql.exec(`PRAGMA max_page_count = ${pages + 10}`);
  const created = answerOf(engine, 'CreateTable', { ...table, TableName: 'others' });
  const [small, large] = await Promise.all([write('b', 10), write('c', 300_000)]);
  assert.deepEqual([(await created).status, small.status, large.status], [500, 500, 500]);
  assert.match(String(large.body['__type']), /InternalServerError/);
  assert.deepEqual(await call(engine, 'ListTables', {}), { TableNames: ['things'] });
  assert.equal((await call(engine, 'Scan', { TableName: 'things' }))['Count'], 1);
  assert.equal((await write('b', 10)).status, 200);
});

test('reads the last write, in the turn, after it and after the file was opened again', async () => {
  const { file, database } = openTemporary();
  const random = createRandom(7);
  const engine = engineOn(database);
  const [create] = setUp;
  await call(engine, 'CreateTable', create!.input);
  const expected = Array.from({ length: 50 }, () => 0);
  const key = (place: number) => ({ pk: { S: 'p' }, sk: { N: String(place) } });
  const count = (place: number, note: number) =>
    call(engine, 'UpdateItem', {
      TableName: 'things',
      Key: key(place),
      UpdateExpression: 'SET note = :note, n = :n ADD writes :one',
      ExpressionAttributeValues: {
        ':one': { N: '1' },
        ':note': { S: 'x'.repeat(note) },
        ':n': { N: String(note % 3) },
      },
      ReturnValues: 'UPDATED_NEW',
    });
  for (let turns = 0; turns < 200; turns += 1) {
    const writes = Array.from({ length: 8 }, () => {
      const place = random.below(expected.length);
      expected[place]! += 1;
      return { place, count: expected[place], answer: count(place, random.below(4_000)) };
    });
    for (const { count, answer } of writes) {
      const { Attributes } = await answer;
      assert.deepEqual((Attributes as { writes: object }).writes, { N: String(count) });
    }
  }
  const read = async (from: Engine) => {
    const query = {
      TableName: 'things',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
      ProjectionExpression: 'writes',
    };
    const { Items } = await call(from, 'Query', query);
    return (Items as { writes: { N: string } }[]).map(({ writes }) => Number(writes.N));
  };
  assert.deepEqual(await read(engine), expected);
  await engine.close();
  const again = engineOn(openDatabase(file));
  assert.deepEqual(await read(again), expected);
  await again.close();
});

test('refuses a file that is already open', async () => {
  const { file, database } = openTemporary();
  assert.throws(() => openDatabase(file), /locked/);
  await database.close();
  await openDatabase(file).close();
});
