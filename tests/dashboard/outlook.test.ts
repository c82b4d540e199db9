// The page's texts about predictions and about what rules have learned.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { alertText } from '../../dashboard/model/fleet.ts';
import { bandText, defrostText, sayingText, type Outlook } from '../../dashboard/model/outlook.ts';
import { limitsOf, ruleText } from '../../dashboard/model/rules.ts';
import { storyText } from '../../dashboard/model/story.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-21T12:00:00Z');
const base: Outlook = { ruleId: 'soon-warm', kind: 'predicted', metric: 'temperature' };
const ahead = { words: 'above its normal band for 12 minutes', since: NOW, side: 'above' } as const;

const texts: [title: string, outlook: Partial<Outlook>, text: string][] = [
  ['a predicted limit', { ahead, reason: 'defrost' }, 'above its normal band for 12 minutes'],
  ['a band that is kept', {}, 'in its normal band'],
  ['a habit that is kept', { kind: 'unusual' }, 'as usual at this hour'],
  [
    'learning, and for how long',
    { reason: 'learning', learnsFor: 30 * HOUR },
    'Still learning what is normal, 30 h left',
  ],
  ['a reason that this page does not know', { reason: 'new-reason' }, 'new-reason'],
];
test.each(texts)('describes %s', (_title, outlook, text) => {
  assert.equal(sayingText({ ...base, ...outlook }), text);
});

test("shows a metric's normal band and the next defrost", () => {
  const learned = { mode: 'learned', low: 2.1, high: 5.34 } as const;
  assert.equal(bandText(learned, '°C'), '2.1 \u2026 5.3 °C');
  const defrosts = { every: 6 * HOUR, anchor: NOW - 2 * HOUR, length: 1_500_000 };
  assert.match(
    defrostText({ learned: { ...learned, defrosts } }, NOW) ?? '',
    /^every 6 h for 25 min, next about \d\d:00$/,
  );
  assert.equal(
    defrostText({ learned: { ...learned, mode: 'free' } }, NOW),
    'no schedule found: judged by their length and height',
  );
  assert.equal(defrostText({ learned: { ...learned, mode: 'known' } }, NOW), 'as set in the rule');
  const every = { every: '8h', from: '2026-11-20 02:00 UTC' };
  assert.equal(
    defrostText({ learned: { ...learned, mode: 'known' }, entered: every }, NOW),
    'as entered: every 8h from 2026-11-20 02:00 UTC, for 30m',
  );
  const times = { at: ['02:00', '14:00'], timeZone: 'Europe/Berlin', lasts: '20m' };
  assert.equal(defrostText({ entered: times }, NOW), 'as entered: at 02:00, 14:00 (Europe/Berlin), for 20m');
});

test('an alert and its history use the words of the rule', () => {
  const alert = { deviceId: 'd', ruleId: 'r', state: 'alarm', value: '6.4', words: ahead.words } as const;
  assert.equal(alertText(alert, undefined), 'Above its normal band for 12 minutes');
  const entry = {
    entryId: 'e',
    deviceId: 'd',
    ruleId: 'r',
    at: NOW,
    what: 'raised',
    value: '6.4',
    unit: '°C',
    limit: '8',
  };
  assert.equal(storyText({ ...entry, words: ahead.words }, false), `Alarm: 6.4 °C, ${ahead.words}`);
});

test('a rule that predicts reads as a sentence, and its limit is drawn once', () => {
  const predicted = { id: 'soon', predicted: { metric: 'temperature', above: 8, within: '20m' } };
  assert.equal(ruleText(predicted, '°C'), 'above 8 °C within 20m, predicted');
  assert.equal(ruleText({ id: 'odd', unusual: { metric: 'temperature' } }), 'unusual for the hour');
  const device = { deviceId: 'd' };
  const high = { id: 'high', metric: 'temperature', above: 8 };
  assert.deepEqual(limitsOf([predicted], device, 'temperature'), [
    { value: 8, side: 'above', ruleId: 'soon' },
  ]);
  assert.deepEqual(limitsOf([high, predicted], device, 'temperature'), [
    { value: 8, side: 'above', ruleId: 'high' },
  ]);
  assert.deepEqual(limitsOf([predicted], device, 'humidity'), []);
});
