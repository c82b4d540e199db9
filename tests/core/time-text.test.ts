// Times as people type them.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { localText, parseTimeText, zonedSpan, zonedText } from '../../core/time-text.ts';

const now = Date.parse('2026-11-20T13:00:00Z');

const times: readonly (readonly [text: string, iso: string])[] = [
  ['now', '2026-11-20T13:00:00.000Z'],
  ['-1h', '2026-11-20T12:00:00.000Z'],
  ['-90m', '2026-11-20T11:30:00.000Z'],
  ['-2d', '2026-11-18T13:00:00.000Z'],
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2026-11-20T13:00', '2026-11-20T13:00:00.000Z'],
  ['2026-11-20 13:00:05', '2026-11-20T13:00:05.000Z'],
  ['2026-11-20T13:00:00+01:00', '2026-11-20T12:00:00.000Z'],
  // An unencoded `+` in a query
  ['2026-11-20T13:00:00 01:00', '2026-11-20T12:00:00.000Z'],
  ['2026-11-20 13:00 01:00', '2026-11-20T12:00:00.000Z'],
  ['2026-11-20T13:00:00.250 0100', '2026-11-20T12:00:00.250Z'],
  ['20261120T1300 01', '2026-11-20T12:00:00.000Z'],
  ['2026-11-20 13:00 Etc/GMT 5', '2026-11-20T18:00:00.000Z'],
  ['2026-11-20 14:00 Europe/Berlin', '2026-11-20T13:00:00.000Z'],
  ['2026-07-20T14:00[Europe/Berlin]', '2026-07-20T12:00:00.000Z'],
  ['2026-07-20 America/Los_Angeles', '2026-07-20T07:00:00.000Z'],
  ['2026-07-20 00:00 UTC', '2026-07-20T00:00:00.000Z'],
  // Clocks go back at 03:00: the first of both times
  ['2026-10-25 02:30 Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  // Clocks go forward at 02:00: 02:30 does not exist
  ['2026-03-29 02:30 Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ['1790000000', '2026-09-21T14:13:20.000Z'],
  ['1790000000123', '2026-09-21T14:13:20.123Z'],
];
for (const [text, iso] of times) {
  test(`${text} is ${iso}`, () => {
    const found = parseTimeText(text, now);
    assert.ok('ms' in found, JSON.stringify(found));
    assert.equal(new Date(found.ms).toISOString(), iso);
  });
}

const refused: readonly (readonly [text: string, problem: RegExp])[] = [
  ['', /^is not a time such as -1h, /],
  ['yesterday', /^is not a time such as -1h, /],
  ['-1x', /^is not a span such as -90m, -1h or -2d$/],
  ['-5', /^is not a span/],
  ['2026-02-30', /^is not a time/],
  [
    '2026-11-20 14:00 Europe/Nowhere',
    /^has an unknown time zone: Europe\/Nowhere; use one such as Europe\/Berlin$/,
  ],
  ['11/20/2026', /^is not a time/],
];
for (const [text, problem] of refused) {
  test(`"${text}" is not a time, and the error shows what is`, () => {
    const found = parseTimeText(text, now);
    assert.ok('problem' in found, JSON.stringify(found));
    assert.match(found.problem, problem);
  });
}

test('shows a time as the clocks of its zone do', () => {
  assert.equal(localText(now, 'Europe/Berlin'), '2026-11-20 14:00:00');
  assert.equal(localText(now, 'UTC'), '2026-11-20 13:00:00');
});

test('parses every hour of a year from the text that its zone shows', () => {
  for (const zone of ['Europe/Berlin', 'America/Los_Angeles', 'Asia/Kathmandu', 'Australia/Lord_Howe']) {
    for (let hour = 0; hour < 8760; hour += 7) {
      const ms = Date.UTC(2026, 0, 1) + hour * 3_600_000;
      const found = parseTimeText(`${localText(ms, zone)} ${zone}`, now);
      // Two instants may share a local time; the result may be the other one.
      assert.ok('ms' in found && localText(found.ms, zone) === localText(ms, zone), `${zone} ${ms}`);
    }
  }
});

const zoned: readonly (readonly [iso: string, timeZone: string, text: string])[] = [
  ['2026-09-21T14:13:20Z', 'UTC', '2026-09-21 14:13:20 UTC'],
  ['2026-09-21T14:13:20Z', 'America/Los_Angeles', '2026-09-21 07:13:20 PDT'],
  ['2026-12-21T14:13:20Z', 'America/Los_Angeles', '2026-12-21 06:13:20 PST'],
  ['2026-09-21T14:13:20Z', 'Asia/Kolkata', '2026-09-21 19:43:20 GMT+5:30'],
];
for (const [iso, timeZone, text] of zoned)
  test(`${iso} in ${timeZone} is ${text}`, () => assert.equal(zonedText(Date.parse(iso), timeZone), text));

const spans: readonly (readonly [from: string, to: string, text: string])[] = [
  ['2026-09-21T14:13:20Z', '2026-09-21T14:15:00Z', '2026-09-21 07:13:20 to 07:15:00 PDT'],
  ['2026-09-22T06:59:00Z', '2026-09-22T07:01:00Z', '2026-09-21 23:59:00 to 2026-09-22 00:01:00 PDT'],
  // Clocks go back
  ['2026-11-01T08:50:00Z', '2026-11-01T09:10:00Z', '2026-11-01 01:50:00 PDT to 01:10:00 PST'],
];
for (const [from, to, text] of spans)
  test(`from ${from} to ${to} in Los Angeles is ${text}`, () =>
    assert.equal(zonedSpan(Date.parse(from), Date.parse(to), 'America/Los_Angeles'), text));
