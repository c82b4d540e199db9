// Bad input gives no prediction instead of a wrong one, and the API has the reason.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createLearnedStore } from '../../adapters/learned-store.ts';
import type { InsightRule } from '../../core/alert-rule.ts';
import { beginLearning, observe } from '../../core/insight/observe.ts';
import { compileRule } from '../../core/rule-data.ts';
import { NOW, openRules, type Json, type RuleFixture } from './rule-fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DATA = { predicted: { metric: 'temperature', above: 8, within: '30m' } } as const;
const RULE = compileRule({ id: 'soon-warm', ...DATA }) as InsightRule;
/** Kept data end here; windows of the two minutes after it are stored, and judged on request. */
const UNTIL = NOW - 3 * MINUTE;

let api: RuleFixture;

beforeAll(async () => {
  api = await openRules();
  assert.equal((await api.call('PUT', '/rules/soon-warm', DATA)).status, 200);
});
afterAll(async () => api.tables.close());

/** A compressor's cycle, and a defrost every six hours. */
const usual = (at: number) => {
  const defrost = (at / MINUTE) % 360 < 20 ? 3 : 0;
  return 3.5 + 1.2 * Math.sin((at / MINUTE / 7) * Math.PI) + 0.1 * Math.sin(at / MINUTE) + defrost;
};

interface Past {
  readonly from?: number;
  readonly to?: number;
  readonly value?: (at: number) => number;
  readonly has?: (at: number) => boolean;
}

function learnedOf({ from = NOW - 4 * DAY, to = UNTIL, value = usual, has = () => true }: Past) {
  let learned = beginLearning();
  for (let at = from; at < to; at += MINUTE) {
    if (!has(at)) continue;
    const mean = Math.round(value(at) * 100) / 100;
    const minute = { at, mean, min: mean, max: mean };
    ({ learned } = observe(RULE, learned, { minute, samples: [minute] }));
  }
  return learned;
}

const ENDS = NOW - 62 * MINUTE;

const cases: [title: string, past: Past, last: number, reason: string][] = [
  ['a gap of forty minutes', { to: NOW - 43 * MINUTE }, 9, 'gap'],
  ['a device of a day', { from: NOW - DAY }, 20, 'learning'],
  [
    'another sensor since a pause, an hour later',
    { has: (at) => at < ENDS - 20 * MINUTE || at >= ENDS, value: (at) => usual(at) + (at < ENDS ? 0 : 4) },
    8.5,
    'changed',
  ],
  ['a clock that was two hours ahead', { to: UNTIL + 2 * HOUR }, 20, 'late'],
  ['a metric that is always the same', { value: () => 4 }, 4, 'constant'],
  ['a metric that is 0 or 1', { value: (at) => Number((at / MINUTE) % 5 === 0) }, 1, 'binary'],
  ['a limit that lies in the band', { value: (at) => 7.8 + Math.sin(at / MINUTE) }, 9, 'limit-in-band'],
];
test.each(cases)('%s: no prediction, and the reason', async (title, past, last, reason) => {
  const deviceId = title.replaceAll(/\W+/g, '-');
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  const kept = { learned: learnedOf(past), until: UNTIL, of: 'predicted temperature above' };
  await store.save(deviceId, 'soon-warm', kept, undefined);
  for (let ago = 18; ago > 6; ago -= 1) await api.measure(deviceId, { temperature: last }, ago);
  const outlook = await outlookOf(deviceId);
  assert.deepEqual(
    [outlook['reason'], outlook['ahead'], outlook['forecast']],
    [reason, undefined, undefined],
  );
  if (reason === 'learning') {
    const { learnsFor, until: _until, ...rest } = outlook;
    assert.ok(Number(learnsFor) > 0.9 * DAY && Number(learnsFor) < 1.1 * DAY, String(learnsFor));
    const only = { ruleId: 'soon-warm', kind: 'predicted', metric: 'temperature', reason };
    assert.deepEqual(rest, only, 'it says that it is learning, and nothing else');
  }
});

test('a rule that is still in the history says that it is learning, and judges nothing of the past', async () => {
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  const until = NOW - 2 * DAY;
  const learned = learnedOf({
    from: NOW - 5 * DAY,
    to: until,
    value: (at) => usual(at) + (at > until - HOUR ? 3 : 0),
  });
  await store.save('behind', 'soon-warm', { learned, until, of: 'predicted temperature above' }, undefined);
  await api.measure('behind', { temperature: 7.5 }, (2 * DAY - 5 * MINUTE) / 10_000);
  const { reason, ahead, forecast, learned: shown } = await outlookOf('behind');
  assert.deepEqual([reason, ahead, forecast, shown], ['learning', undefined, undefined, undefined]);
});

test('windows that are corrected after they were judged announce nothing', async () => {
  const store = createLearnedStore({ client: api.tables.client, table: 'alerts' });
  const kept = { learned: learnedOf({}), until: UNTIL, of: 'predicted temperature above' };
  await store.save('corrected', 'soon-warm', kept, undefined);
  for (let ago = 18; ago > 6; ago -= 1) await api.measure('corrected', { temperature: 3.6 }, ago);
  const before = await outlookOf('corrected');
  for (let ago = 100; ago > 30; ago -= 1) await api.measure('corrected', { temperature: 20 }, ago);
  assert.equal(before['ahead'], undefined);
  assert.deepEqual(await outlookOf('corrected'), before);
});

async function outlookOf(deviceId: string): Promise<Json> {
  const { body } = await api.call('GET', `/devices/${deviceId}/outlook`);
  const [only, ...more] = body['outlooks'] as Json[];
  assert.deepEqual(more, []);
  return only!;
}
