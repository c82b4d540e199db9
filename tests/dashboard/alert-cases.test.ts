// The alerts in the list, and the filter of a digest's link.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Notification } from '../../core/alert-state.ts';
import { alertListLink } from '../../core/page-link.ts';
import { caseFilterOf, casesOf, historyFromOf, type CaseFilter } from '../../dashboard/model/alert-cases.ts';
import { alertSpansOf } from '../../dashboard/model/alert-spans.ts';
import type { Alert, HistoryEntry } from '../../dashboard/model/api-types.ts';
import { parseRoute } from '../../dashboard/model/route.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];
const NOW = 1_790_000_000_000;

const entryOf = (deviceId: string, at: number, what: string): HistoryEntry => ({
  ...{ entryId: `${deviceId} ${at}`, deviceId, ruleId: 'high', at, what, value: '9', limit: '8' },
});
const active = (deviceId: string, raisedAt: number): Alert => ({
  ...{ deviceId, ruleId: 'high', state: 'alarm', value: '9', since: raisedAt - 20, raisedAt },
});
const filters: readonly (readonly [filter: CaseFilter, devices: readonly string[]])[] = [
  [{}, ['a-old', 'a-worse', 'b-new', 'b-over', 'a-over']],
  [{ from: 1000 }, ['a-worse', 'b-new', 'b-over']],
  [{ site: 'a' }, ['a-old', 'a-worse', 'a-over']],
  [{ from: 1000, site: 'a' }, ['a-worse']],
  [{ site: 'nowhere' }, []],
];
for (const [filter, devices] of filters) {
  test(`the list of alerts that ${JSON.stringify(filter)} asks for`, () => {
    const spans = alertSpansOf([
      entryOf('a-worse', 1010, 'worsened'),
      entryOf('b-over', 1000, 'cleared'),
      entryOf('b-over', 990, 'raised'),
      entryOf('a-over', 980, 'cleared'),
      entryOf('a-over', 970, 'raised'),
      entryOf('a-worse', 950, 'raised'),
    ]);
    const alerts = [active('a-old', 960), active('a-worse', 950), active('b-new', 1005)];
    const cases = casesOf(alerts, spans, filter, (deviceId) => deviceId.split('-')[0]);
    assert.deepEqual(
      cases.map(({ deviceId }) => deviceId),
      devices,
    );
  });
}

test('a digest links to its alerts, and alerts older than a week are loaded', () => {
  const notification = { decidedAt: NOW + 30_000, site: 'st. paul/1' } as Notification;
  const [, hash] = alertListLink('https://page.example', [notification]).split('/#');
  const filter = caseFilterOf(parseRoute(`#${hash}`));
  assert.deepEqual(filter, { from: Math.floor((NOW + 30_000) / MINUTE) * MINUTE, site: 'st. paul/1' });
  assert.deepEqual(caseFilterOf({ query: { from: 'x', site: '' } }), {});
  assert.equal(historyFromOf(filter, NOW), undefined);
  assert.equal(historyFromOf({ from: NOW - 8 * DAY }, NOW), NOW - 8 * DAY);
});

test('an alert of late readings ended with the window that was back within the limits, not when it was evaluated', () => {
  const entry = (what: string, windowStart: number, side?: string) => ({
    ...{ entryId: what, deviceId: 'd', ruleId: 'warm', at: 9_000_000, what, windowStart },
    ...(side !== undefined && { side }),
  });
  const [late] = alertSpansOf([entry('cleared', 70_000, 'above'), entry('raised', 10_000, 'above')]);
  assert.deepEqual([late!.from, late!.to], [10_000, 70_000]);
  const [silence] = alertSpansOf([entry('cleared', 70_000), entry('raised', 10_000)]);
  assert.equal(silence!.to, 9_000_000);
});
