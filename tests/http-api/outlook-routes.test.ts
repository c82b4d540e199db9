// The routes for what rules about trends have learned about a device: reading and resetting it.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { createLearnedItems } from '../../adapters/learned-items.ts';
import { createLearnedStore } from '../../adapters/learned-store.ts';
import { createWindowsBefore } from '../../adapters/windows-before.ts';
import { beginLearning, observe, type Learned } from '../../core/insight/observe.ts';
import { createSiteDuties } from '../../core/insight/site-duties.ts';
import { createRecent } from '../../core/recent.ts';
import { compileRule } from '../../core/rule-data.ts';
import type { InsightRule } from '../../core/alert-rule.ts';
import { outlooksOf as outlooksOfRule, type LearningProgress } from '../../pipeline/foresee.ts';
import { NOW, openRules, type Json, type RuleFixture } from './rule-fixture.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const RULE = { predicted: { metric: 'temperature', above: 8, within: '30m' }, severity: 'critical' };

const OF = 'predicted temperature above';

let api: RuleFixture;

beforeAll(async () => {
  api = await openRules();
});
afterAll(async () => api.tables.close());

/** Of a fridge between 2 and 5 degrees that defrosts every six hours, and warms up in the last half hour. */
function learnedUntil(end: number): Learned {
  const rule = compileRule({ id: 'soon-warm', ...RULE } as never) as InsightRule;
  let learned = beginLearning();
  for (let at = end - 3 * DAY; at < end; at += MINUTE) {
    const cycle = 3.5 + 1.5 * Math.sin((at / MINUTE / 7) * Math.PI);
    const defrost = (at / MINUTE + 180) % 360 < 20 ? 3 : 0;
    const leak = Math.max(0, at - (end - 40 * MINUTE)) / MINUTE / 12;
    const mean = Math.round((cycle + defrost + leak) * 100) / 100;
    const minute = { at, mean, min: mean - 0.1, max: mean + 0.1 };
    ({ learned } = observe(rule, learned, { minute, samples: [minute] }));
  }
  return learned;
}

const outlooksOf = async (device: string) => {
  const { status, body } = await api.call('GET', `/devices/${device}/outlook`);
  assert.equal(status, 200, JSON.stringify(body));
  return body['outlooks'] as Json[];
};

test('a rule that has not looked yet is learning', async () => {
  await api.measure('fridge-1', { temperature: 4 });
  const put = await api.call('PUT', '/rules/soon-warm', RULE);
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.deepEqual(await outlooksOf('fridge-1'), [
    { ruleId: 'soon-warm', kind: 'predicted', metric: 'temperature', reason: 'learning' },
  ]);
});

test('the learned band and defrosts are returned, and the minutes since are evaluated', async () => {
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  const until = NOW - 3 * MINUTE;
  await store.save('fridge-1', 'soon-warm', { learned: learnedUntil(until), until, of: OF }, undefined);
  for (let ago = 18; ago > 6; ago -= 1) await api.measure('fridge-1', { temperature: 7.4 }, ago);
  const [outlook] = await outlooksOf('fridge-1');
  const {
    learned,
    until: looked,
    ahead,
  } = outlook as { learned: Json; until: number; ahead?: { words: string } };
  assert.equal(looked, NOW - MINUTE);
  assert.ok(Number(learned['high']) > 4.5 && Number(learned['high']) < 8, JSON.stringify(learned));
  assert.ok(['learned', 'free'].includes(String(learned['mode'])));
  assert.match(ahead?.words ?? JSON.stringify(outlook), /^above its normal band for /);
});

/** The parts of a sweep that has seen nothing yet. */
function sweepParts() {
  const { client } = api.tables;
  return {
    ...{ windows: { before: createWindowsBefore({ client, table: 'windows' }) }, windowSeconds: 10 },
    learnedStore: createLearnedStore({ client, table: 'alerts' }),
    ...{ progress: createRecent<LearningProgress>(2), duties: createSiteDuties() },
    now: () => NOW,
  };
}

const broken: [title: string, attributes: Record<string, AttributeValue>][] = [
  ['of another version', { learned: { S: '{"predicted":{"v":9}}' }, until: { N: String(NOW - DAY) } }],
  ['that is not JSON', { learned: { S: '{' }, until: { N: String(NOW) }, of: { S: OF } }],
  ['without a time', { learned: { S: '{' }, of: { S: OF } }],
  ['with a time that is a text', { learned: { S: '{}' }, until: { S: 'yesterday' }, of: { S: OF } }],
];
test.each(broken)('an item %s is learned again, and replaced', async (_title, attributes) => {
  const { client } = api.tables;
  await api.measure('fridge-2', { temperature: 4 });
  const keys = { deviceId: { S: 'fridge-2' }, ruleId: { S: '#learned/soon-warm' } };
  await client.send(new PutItemCommand({ TableName: 'alerts', Item: { ...keys, ...attributes } }));
  assert.equal((await outlooksOf('fridge-2'))[0]!['reason'], 'learning');
  const learnedStore = createLearnedStore({ client, table: 'alerts' });
  const rule = compileRule({ id: 'soon-warm', ...RULE } as never) as InsightRule;
  await outlooksOfRule(sweepParts(), { rule, deviceId: 'fridge-2' });
  const { of, until } = (await learnedStore.load('fridge-2', 'soon-warm'))!;
  assert.equal(of, OF);
  assert.ok(until > NOW - 4 * DAY && until < NOW);
});

test('unreadable defrosts do not stop learned facts from being stored', async () => {
  const { client } = api.tables;
  await api.measure('fridge-3', { temperature: 4 });
  const Item = {
    ...{ deviceId: { S: 'fridge-3' }, ruleId: { S: '#learned/soon-warm' }, learned: { S: '{}' } },
    ...{ until: { N: String(NOW - DAY) }, of: { S: OF }, entered: { S: '{"each":"8h"}' } },
  };
  await client.send(new PutItemCommand({ TableName: 'alerts', Item }));
  const rule = compileRule({ id: 'soon-warm', ...RULE } as never) as InsightRule;
  await outlooksOfRule(sweepParts(), { rule, deviceId: 'fridge-3' });
  const { until } = (await createLearnedStore({ client, table: 'alerts' }).load('fridge-3', 'soon-warm'))!;
  assert.notEqual(until, NOW - DAY);
  await outlooksOfRule(sweepParts(), { rule, deviceId: 'fridge-3' });
  const again = await createLearnedStore({ client, table: 'alerts' }).load('fridge-3', 'soon-warm');
  assert.ok(again!.until > until);
});

test('the learned state is deleted on request, and learned again from then on', async () => {
  const path = '/devices/fridge-1/outlook/soon-warm';
  assert.equal((await api.call('DELETE', path)).status, 200);
  const [outlook] = await outlooksOf('fridge-1');
  assert.equal(outlook!['learned'], undefined);
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  assert.deepEqual(await store.load('fridge-1', 'soon-warm'), {
    ...{ learned: {}, until: NOW - MINUTE, of: OF },
  });
  const other = await api.call('DELETE', '/devices/fridge-1/outlook/temperature-high');
  assert.equal(other.status, 404);
  assert.match(
    String(other.body['detail']),
    /No rule temperature-high about trends or habits judges fridge-1/,
  );
  assert.equal((await api.call('GET', '/devices/nobody/outlook')).status, 404);
});

test('alerts of the device can be read as before', async () => {
  assert.equal((await api.call('GET', '/devices/fridge-1/alerts')).status, 200);
});

test('a dry run learns from the days before, and reports if there are none', async () => {
  const { status, body } = await api.call('POST', '/rules/soon-warm/dry-run', RULE);
  assert.equal(status, 200);
  assert.deepEqual(body['notifications'], []);
  assert.match(String(body['summary']), /`temperature` is in \d+ of/);
});

const EVERY = { every: '8h', from: '2026-11-20 02:00 UTC', lasts: '20m' };
const TIMES = { at: ['02:00', '14:00'], timeZone: 'Europe/Berlin' };
const wrong: [title: string, schedule: object, expected: RegExp][] = [
  ['an interval of minutes', { ...EVERY, every: '5m' }, /`every` must be .*1h to 2d/],
  ['a start that is not a time', { ...EVERY, from: 'at night' }, /`from` /],
  ['a time of no day', { ...TIMES, at: ['02:00', '26:00'] }, /`at.1` must be a time of day/],
  ['an unknown zone', { ...TIMES, timeZone: 'Mars' }, /`timeZone` must be an IANA/],
  ['a day that defrosts', { ...EVERY, lasts: '1d' }, /`lasts` must be .*1m to 3h/],
  [
    'neither times nor an interval',
    { metric: 'defrost' },
    /times of day \(at\) and their timeZone, or how often/,
  ],
];
test.each(wrong)('defrosts with %s are refused, with what is wrong', async (_title, schedule, expected) => {
  const { status, body } = await api.call('PUT', '/devices/fridge-1/outlook/soon-warm/defrosts', schedule);
  assert.equal(status, 400);
  assert.match(JSON.stringify(body), expected);
});

test('entered defrosts replace learned ones, and stay when the device is learned again', async () => {
  const path = '/devices/fridge-1/outlook/soon-warm';
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  await store.restart('fridge-1', 'soon-warm', { learned: learnedUntil(NOW), until: NOW - MINUTE, of: OF });
  for (const schedule of [TIMES, EVERY]) {
    assert.equal((await api.call('PUT', `${path}/defrosts`, schedule)).status, 200);
    const [outlook] = await outlooksOf('fridge-1');
    assert.deepEqual([outlook!['entered'], (outlook!['learned'] as Json)['mode']], [schedule, 'known']);
  }
  assert.equal((await api.call('DELETE', path)).status, 200);
  assert.deepEqual((await outlooksOf('fridge-1'))[0]!['entered'], EVERY);
  const late = { learned: beginLearning(), until: NOW, of: OF };
  assert.equal(
    await store.save('fridge-1', 'soon-warm', late, NOW - MINUTE),
    false,
    'it does not know the defrosts',
  );
  assert.equal(await store.save('fridge-1', 'soon-warm', { ...late, entered: EVERY }, NOW - MINUTE), true);
  assert.equal((await api.call('DELETE', `${path}/defrosts`)).status, 200);
  assert.equal((await outlooksOf('fridge-1'))[0]!['entered'], undefined);
});

test('defrosts can be entered before a rule has looked at the device, and only for a rule that predicts', async () => {
  await api.measure('fridge-3', { temperature: 4 });
  const { status, body } = await api.call('PUT', '/devices/fridge-3/outlook/soon-warm/defrosts', EVERY);
  assert.deepEqual([status, body['entered']], [200, EVERY]);
  assert.deepEqual((await outlooksOf('fridge-3'))[0]!['entered'], EVERY);
  const other = await api.call('PUT', '/devices/fridge-3/outlook/temperature-high/defrosts', EVERY);
  assert.deepEqual(
    [other.status, other.body['detail']],
    [404, 'No rule temperature-high makes predictions for fridge-3'],
  );
  await api.call('DELETE', '/devices/fridge-3');
});

test('nothing that was learned of a device is left once it is removed', async () => {
  const items = createLearnedItems({ client: api.tables.client, table: 'alerts' });
  const all = async () => {
    const found: string[] = [];
    for await (const { deviceId, ruleId } of items.all()) found.push(`${deviceId}/${ruleId}`);
    return found.sort();
  };
  assert.deepEqual(await all(), ['fridge-1/soon-warm', 'fridge-2/soon-warm']);
  assert.equal((await api.call('DELETE', '/devices/fridge-2')).status, 200);
  assert.deepEqual(await all(), ['fridge-1/soon-warm']);
  await items.remove({ deviceId: 'fridge-1', ruleId: 'soon-warm' });
  assert.deepEqual(await all(), []);
});
