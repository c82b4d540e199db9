// The outcomes of predictions: crossed, averted or false, from the history of alerts and measured values; and their counts.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { HistoryEntry } from '../../core/alert-state.ts';
import { excursionsOf } from '../../core/excursions.ts';
import {
  announcementsOf,
  countOutcomes,
  countsUntil,
  judgedAnnouncement,
  outcomeText,
  sumOutcomes,
} from '../../core/prediction-outcome.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 3);
const NOW = START + 600 * MINUTE;
let ids = 0;
const entry = (
  minute: number,
  what: HistoryEntry['what'],
  more: Partial<HistoryEntry> = {},
): HistoryEntry => ({
  ...{ entryId: `e${(ids += 1)}`, deviceId: 'd', ruleId: 'soon', what, insight: 'predicted', words: 'ahead' },
  ...{ at: START + (minute + 2) * MINUTE, windowStart: START + minute * MINUTE },
  ...{ severity: 'major', metric: 't', side: 'above', value: '6', limit: '8' },
  ...more,
});
const said = (minute: number, what: 'acknowledged' | 'commented'): HistoryEntry => ({
  ...{ entryId: `e${(ids += 1)}`, deviceId: 'd', ruleId: 'soon', what },
  ...{ at: START + minute * MINUTE, by: 'ann', comment: 'door' },
});
const raised = entry(0, 'raised', { crossesAt: START + 40 * MINUTE });
const cleared = entry(30, 'cleared');

const cases: readonly (readonly [
  name: string,
  entries: readonly HistoryEntry[],
  crossing: number | undefined,
  outcome: string,
  lead?: number,
])[] = [
  ['a crossing while the alert lasts has crossed', [raised, cleared], 17, 'crossed', 15],
  [
    'a crossing after the alert, within the announced time, has crossed',
    [raised, cleared],
    39,
    'crossed',
    37,
  ],
  ['a crossing before people heard has no lead', [raised, cleared], 1, 'crossed', 0],
  ['no crossing, and nobody acted: false', [raised, cleared], undefined, 'false'],
  [
    'no crossing, and somebody acknowledged: averted',
    [raised, said(9, 'acknowledged'), cleared],
    undefined,
    'averted',
  ],
  [
    'no crossing, and somebody commented: averted',
    [raised, said(9, 'commented'), cleared],
    undefined,
    'averted',
  ],
  ['a comment after the alert averts nothing', [raised, cleared, said(50, 'commented')], undefined, 'false'],
  [
    'a crossing counts although somebody acknowledged',
    [raised, said(9, 'acknowledged'), cleared],
    20,
    'crossed',
    18,
  ],
  ['an alert that lasts is open', [raised], undefined, 'open'],
  [
    'the announced time lies ahead: open',
    [entry(0, 'raised', { crossesAt: NOW + 1 }), cleared],
    undefined,
    'open',
  ],
  ['its rule was removed', [raised, entry(30, 'ended')], undefined, 'ended'],
  ['its rule was removed after the crossing', [raised, entry(30, 'ended')], 20, 'crossed', 18],
];
for (const [name, entries, crossing, outcome, lead] of cases) {
  test(name, () => {
    const [only, ...more] = announcementsOf(entries.toReversed());
    const crossedAt = crossing === undefined ? undefined : START + crossing * MINUTE;
    const judged = judgedAnnouncement(only!, crossedAt, NOW);
    assert.deepEqual(
      [more, judged.outcome, judged.leadMs],
      [[], outcome, lead === undefined ? undefined : lead * MINUTE],
    );
    assert.deepEqual(excursionsOf(entries), [], 'a prediction is not an excursion');
  });
}

test('a prediction has its worst severity and the last announced time, and a later alert is another prediction', () => {
  const found = announcementsOf([
    raised,
    entry(5, 'worsened', { severity: 'critical', crossesAt: START + 25 * MINUTE }),
    entry(9, 'repeated'),
    entry(12, 'eased', { severity: 'minor', crossesAt: START + 90 * MINUTE }),
    cleared,
    entry(50, 'raised'),
  ]);
  assert.deepEqual(
    found.map(({ severity, crossesAt, to, from }) => [severity, crossesAt, to, from]),
    [
      ['critical', START + 90 * MINUTE, START + 32 * MINUTE, START],
      ['major', undefined, undefined, START + 50 * MINUTE],
    ],
  );
  assert.deepEqual(
    found.map((each) => countsUntil(each, NOW)),
    [START + 90 * MINUTE, NOW],
  );
});

test('alerts about limits, silence and habits are not predictions', () => {
  const { insight: _insight, words: _words, ...limit } = raised;
  const { side: _side, metric: _metric, limit: _limit, ...silence } = limit;
  assert.deepEqual(announcementsOf([limit, { ...silence, ruleId: 'silent' }]), []);
  assert.deepEqual(announcementsOf([entry(0, 'raised', { ruleId: 'odd', insight: 'unusual' })]), []);
  assert.deepEqual(excursionsOf([entry(0, 'raised', { insight: 'unusual' })]), []);
});

test('predictions by two rules are separate', () => {
  const other = { ruleId: 'sooner', limit: '7' };
  const found = announcementsOf([raised, entry(3, 'raised', other), cleared, entry(40, 'cleared', other)]);
  assert.deepEqual(
    found.map(({ ruleId, to }) => [ruleId, to]),
    [
      ['soon', START + 32 * MINUTE],
      ['sooner', START + 42 * MINUTE],
    ],
  );
});

test('the count names each outcome, and how many crossings were early', () => {
  const one = announcementsOf([raised, cleared])[0]!;
  const at = (minute: number) => judgedAnnouncement(one, START + minute * MINUTE, NOW);
  const counts = countOutcomes([at(12), at(11), judgedAnnouncement(one, undefined, NOW)]);
  assert.equal(
    outcomeText(counts),
    '3 announced: 2 crossed, 1 of them ten minutes or more after the alert; 0 averted; 1 false',
  );
  const open = countOutcomes([judgedAnnouncement(announcementsOf([raised])[0]!, undefined, NOW)]);
  assert.equal(outcomeText(sumOutcomes([counts, open])).slice(-8), '; 1 open');
});
