// Mappings over the local DynamoDB, in the table of the alert rules: neither affects the other.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createMappingStore } from '../../adapters/mapping-store.ts';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { isInUse } from '../../core/mapping.ts';
import { openTables, type Tables } from './tables.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

test('versions are returned as they were stored, in order of time, and none is replaced', async () => {
  const store = createMappingStore({ client: tables.client, table: 'rules' });
  const rules = createRuleStore({ client: tables.client, table: 'rules', defaults: [] });
  assert.deepEqual(await store.read(), { mappings: [], unreadable: [] });
  const first = { id: 'lora', from: 999, expression: '{"t": t}', match: { type: 'lora*' }, comment: 'ann' };
  const second = { id: 'lora', from: 1000, expression: '{"t": t}', enabled: false };
  const other = { id: 'a', from: 5, expression: '$' };
  for (const version of [second, first, other]) assert.equal(await store.append(version), 'stored');
  assert.equal(await store.append({ ...first, expression: 'x' }), 'taken');
  const rule = { id: 'lora', metric: 'temperature', above: 8 };
  assert.equal(await rules.put(rule, {}), 'stored');

  const mappings = [
    { id: 'a', versions: [other] },
    { id: 'lora', versions: [first, second] },
  ];
  assert.deepEqual(await store.read(), { mappings, unreadable: [] });
  assert.deepEqual(await rules.read(), { rules: [rule], unreadable: [] });
});

test('a version that was edited manually is reported and does not affect others', async () => {
  const store = createMappingStore({ client: tables.client, table: 'rules' });
  const before = await store.read();
  const put = (id: string, mapping: string) =>
    tables.client.send(
      new PutItemCommand({ TableName: 'rules', Item: { id: { S: id }, mapping: { S: mapping } } }),
    );
  await put('mapping#torn#5', '{"expression":');
  await put('mapping#newer#5', '{"expression":"$","language":"cel"}');
  await put('mapping#timeless', '{"expression":"$"}');
  const { mappings, unreadable } = await store.read();
  assert.deepEqual(mappings, before.mappings);
  assert.deepEqual(
    unreadable.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [
      { id: 'newer', problem: 'language is not valid' },
      { id: 'timeless', problem: 'its key has no time' },
      { id: 'torn', problem: 'its attribute mapping is not JSON' },
    ],
  );
});

test('concurrent writers cannot exceed the limit of mappings', async () => {
  const store = createMappingStore({ client: tables.client, table: 'rules' });
  const used = async () => (await store.read()).mappings.filter(isInUse).length;
  const limit = (await used()) + 3;
  const add = async (n: number) => store.append({ id: `many-${n}`, from: 1, expression: '$' }, limit);
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, n) => add(n)));
  const stored = outcomes.filter((outcome) => outcome === 'stored').length;
  assert.ok(stored <= 3, `${stored} stored`);
  assert.equal(await used(), limit - 3 + stored);
  for (let n = 12; (await used()) < limit; n += 1) assert.equal(await add(n), 'stored');
  assert.equal(await add(99), 'full');
  // One that is ended does not count, and a further version of one in use is not one more.
  const [last] = (await store.read()).mappings.filter(({ id }) => id.startsWith('many-'));
  const version = { id: last!.id, expression: '$' };
  assert.equal(await store.append({ ...version, from: 2 }), 'stored');
  assert.equal(await store.append({ ...version, from: 3, enabled: false }), 'stored');
  assert.equal(await add(99), 'stored');
});
