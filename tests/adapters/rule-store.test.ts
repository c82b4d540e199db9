// Rules over the local DynamoDB: stored ones replace the template's, and each environment reads them again after a while.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { compileRule, defaultRules, type RuleData } from '../../core/rule-data.ts';
import type { RuleStore } from '../../pipeline/ports.ts';
import { createRecentRules, readRules } from '../../pipeline/rules.ts';
import { openTables, type Tables } from './tables.ts';

const defaults = defaultRules({ maxTemperature: 8, minTemperature: -1 });
const warm: RuleData = {
  id: 'warm',
  metric: 'temperature',
  stat: 'mean',
  levels: [{ severity: 'warning', above: 5 }],
  channels: ['email'],
};

let tables: Tables;
let rules: RuleStore;
beforeAll(async () => {
  tables = await openTables();
  rules = createRuleStore({ client: tables.client, table: 'rules', defaults });
});
afterAll(() => tables.close());

/** Replaces the stored version, like the API. */
const put = async (rule: RuleData) =>
  assert.equal(await rules.put(rule, await rules.load(rule.id)), 'stored');
const remove = async (id: string) => {
  const loaded = await rules.load(id);
  return loaded.stored !== undefined && (await rules.remove(id, loaded)) === 'removed';
};

const readable = async () => (await rules.read()).rules;
const ids = async () => (await readable()).map(({ id }) => id);

test("the template's rules apply if none is stored", async () => {
  assert.deepEqual(await readable(), defaults);
});

test('a stored rule is added, replaces one with the same id, and its removal restores that one', async () => {
  const off: RuleData = { ...defaults[0]!, enabled: false };
  await put(warm);
  await put(off);
  assert.deepEqual(await readable(), [off, defaults[1], warm]);
  assert.equal(await remove(off.id), true);
  assert.equal(await remove('warm'), true);
  assert.equal(await remove('warm'), false);
  assert.deepEqual(await readable(), defaults);
});

test('__proto__ is a rule like any other', async () => {
  await put({ ...warm, id: '__proto__' });
  assert.ok((await ids()).includes('__proto__'));
  assert.equal(await remove('__proto__'), true);
});

test('rules are read again after half a minute, after a clock that stepped back, and after a failure', async () => {
  const faults: Error[] = [];
  let [reads, time] = [0, 1_790_000_000_000];
  const read = async () => {
    reads += 1;
    const fault = faults.shift();
    if (fault) throw fault;
    return { rules: defaults, unreadable: [] };
  };
  const recent = createRecentRules({ read }, { seconds: 30, now: () => time });
  await Promise.all([recent(), recent()]);
  time += 29_999;
  await recent();
  assert.equal(reads, 1);
  time += 1;
  await recent();
  assert.equal(reads, 2);
  time -= 60_000;
  faults.push(new Error('throttled'));
  await assert.rejects(recent(), /throttled/);
  assert.deepEqual(await recent(), defaults.map(compileRule));
  assert.equal(reads, 4);
});

/** Stored rules that the API would refuse, with the message for each. */
const unreadable: readonly (readonly [id: string, stored: string | undefined, problem: RegExp])[] = [
  ['no-text', undefined, /^its attribute rule is not JSON$/],
  ['torn', '{"metric":"temper', /^its attribute rule is not JSON$/],
  ['no-object', '[1]', /^0 is not known here: use id, comment/],
  ['newer', '{"metric":"temperature","above":8,"onHolidays":false}', /^onHolidays is not/],
  ['text-limit', '{"metric":"temperature","above":"8"}', /^above must be a number$/],
  [
    'no-list',
    '{"metric":"temperature","above":8,"channels":"email"}',
    /^channels must be a list of 1 to 10$/,
  ],
  ['no-limit', '{"metric":"temperature"}', /^above or below/],
  ['temperature-high', '{"noDataFor":"soon"}', /^noDataFor must be a duration/],
];

test('an unreadable stored rule is reported with its problem and does not affect other rules', async () => {
  for (const [id, stored] of unreadable) {
    const Item = { id: { S: id }, ...(stored !== undefined && { rule: { S: stored } }) };
    await tables.client.send(new PutItemCommand({ TableName: 'rules', Item }));
  }
  await put(warm);
  const read = await readRules(rules);
  // Not the template's temperature-high either: somebody wanted something else.
  assert.deepEqual(
    read.rules.map(({ id }) => id),
    ['temperature-low', 'warm'],
  );
  const problems = new Map(read.unreadable.map(({ id, problem }) => [id, problem]));
  for (const [id, , problem] of unreadable) assert.match(problems.get(id) ?? '', problem);
  assert.equal(problems.size, unreadable.length);
  const recent = createRecentRules(rules, { seconds: 30, now: () => 1_790_000_000_000 });
  assert.deepEqual(await recent(), read.rules);
  for (const [id] of unreadable) assert.ok(await remove(id));
  assert.ok(await remove('warm'));
});

test('a write replaces only the version that it read: a rule, nothing, or an item without a text', async () => {
  const nothing = await rules.load('warm');
  assert.deepEqual(nothing, {});
  assert.equal(await rules.put(warm, nothing), 'stored');
  assert.equal(await rules.put({ ...warm, comment: 'late' }, nothing), 'changed');
  const first = await rules.load('warm');
  assert.deepEqual(first, { rule: warm, stored: JSON.stringify(warm) });
  assert.equal(await rules.put({ ...warm, comment: 'first' }, first), 'stored');
  assert.equal(await rules.put({ ...warm, comment: 'second' }, first), 'changed');
  assert.equal(await rules.remove('warm', first), 'changed');
  assert.equal((await rules.load('warm')).rule?.comment, 'first');
  await tables.client.send(
    new PutItemCommand({ TableName: 'rules', Item: { id: { S: 'number' }, rule: { N: '1' } } }),
  );
  const odd = await rules.load('number');
  assert.deepEqual(odd, { problem: 'its attribute rule is not JSON', stored: '' });
  assert.equal(await rules.put({ ...warm, id: 'number' }, odd), 'stored');
  assert.equal(await rules.put({ ...warm, id: 'number' }, odd), 'changed');
  assert.equal((await rules.load('temperature-high')).stored, undefined);
  assert.deepEqual(await Promise.all(['warm', 'number'].map(remove)), [true, true]);
});

test('concurrent writers cannot exceed the limit of rules, and a larger stored set is read completely', async () => {
  const limited = createRuleStore({ client: tables.client, table: 'rules', defaults, limit: 5 });
  const add = async (n: number) => limited.put({ ...warm, id: `many-${n}` }, {});
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, n) => add(n)));
  const stored = outcomes.filter((outcome) => outcome === 'stored').length;
  assert.ok(stored <= 3, `${stored} stored beside two of the template`);
  assert.equal((await ids()).length, defaults.length + stored);
  for (let n = 12; (await ids()).length < 5; n += 1) assert.equal(await add(n), 'stored');
  assert.equal(await add(99), 'full');
  // What is there can be changed, and the template's be replaced: neither is one more.
  const [own] = (await ids()).filter((id) => id.startsWith('many-'));
  assert.equal(await limited.put({ ...warm, id: own! }, await limited.load(own!)), 'stored');
  const off: RuleData = { ...defaults[0]!, enabled: false };
  assert.equal(await limited.put(off, await limited.load(off.id)), 'stored');
  await put({ ...warm, id: 'one-more' });
  assert.equal((await limited.read()).rules.length, 6);
  for (const id of await ids()) await remove(id);
});
