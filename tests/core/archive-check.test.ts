// What a report says about audits: a span counts as checked only if an audit compared it, and the newest audit counts.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { checkedOf, DAY_MS, startOfDay, type ArchiveCheck } from '../../core/archive-check.ts';
import { sealOf } from '../../core/report-seal.ts';
import { reportSheet } from '../../core/report-sheet.ts';

const START = Date.UTC(2026, 10, 1);
const day = (n: number) => START + n * DAY_MS;
const month = { from: day(0), until: day(30) };
type Counts = readonly (readonly [windows: number, differing: number])[];

/** An audit of whole days, or, with `to`, of a part of the last one. */
const check = (at: number, from: number, days: Counts, to = from + days.length): ArchiveCheck => ({
  ...{ at, from: day(from), to: day(to), days },
});

interface Case {
  readonly checks: readonly ArchiveCheck[];
  /** From day, to day, windows, differing. */
  readonly checked: readonly string[];
  readonly unchecked: readonly string[];
}
const cases: Readonly<Record<string, Case>> = {
  'without an audit nothing is checked': { checks: [], checked: [], unchecked: ['0 30'] },
  'adjacent days that match are one span': {
    checks: [check(2, 1, [[8, 0]]), check(1, 0, [[5, 0]])],
    checked: ['0 2 13 0'],
    unchecked: ['2 30'],
  },
  'a day that differs is a separate span': {
    checks: [
      check(1, 3, [
        [5, 0],
        [5, 2],
        [6, 0],
      ]),
    ],
    checked: ['3 4 5 0', '4 5 5 2', '5 6 6 0'],
    unchecked: ['0 3', '6 30'],
  },
  'a newer audit that matches replaces an older one that differed': {
    checks: [check(1, 0, [[5, 2]]), check(9, 0, [[7, 0]])],
    checked: ['0 1 7 0'],
    unchecked: ['1 30'],
  },
  'an older audit of a longer span is kept beside a newer one': {
    checks: [check(1, 0, [[5, 1]]), check(9, 0, [[2, 0]], 0.5)],
    checked: ['0 0.5 2 0', '0 1 5 1'],
    unchecked: ['1 30'],
  },
  'days beyond the month are left out': {
    checks: [
      check(1, -2, [
        [1, 1],
        [2, 0],
        [3, 0],
      ]),
      check(1, 30, [[4, 4]]),
    ],
    checked: ['0 1 3 0'],
    unchecked: ['1 30'],
  },
};
const days = ({ from, to }: { readonly from: number; readonly to: number }) =>
  `${(from - START) / DAY_MS} ${(to - START) / DAY_MS}`;
for (const [name, { checks, checked, unchecked }] of Object.entries(cases))
  test(name, () => {
    const found = checkedOf(checks, month);
    const spans = found.checked.map((span) => `${days(span)} ${span.windows} ${span.differing}`);
    assert.deepEqual(spans.sort(), checked);
    assert.deepEqual(found.unchecked.map(days), unchecked);
  });

test('each hour of a month is checked or listed as unchecked, and the newest audit decides', () => {
  const HOUR_MS = DAY_MS / 24;
  const audit = fc
    .record({
      ...{ at: fc.nat(50), hour: fc.integer({ min: -40, max: 760 }) },
      ...{ hours: fc.integer({ min: 1, max: 200 }), differing: fc.nat(1) },
    })
    .map(({ at, hour, hours, differing }): ArchiveCheck => {
      const [from, to] = [START + hour * HOUR_MS, START + (hour + hours) * HOUR_MS];
      const count = Math.ceil((to - startOfDay(from)) / DAY_MS);
      return { at, from, to, days: Array.from({ length: count }, () => [9, differing] as const) };
    });
  const audits = fc.uniqueArray(audit, { selector: ({ at }) => at, maxLength: 12 });
  fc.assert(
    fc.property(audits, (checks) => {
      const { checked, unchecked } = checkedOf(checks, month);
      for (let moment = month.from + 1; moment < month.until; moment += HOUR_MS) {
        const holds = ({ from, to }: { readonly from: number; readonly to: number }) =>
          moment >= from && moment < to;
        const [newest] = checks.filter(holds).sort((a, b) => b.at - a.at);
        assert.equal(unchecked.some(holds), newest === undefined);
        const isDiffering = newest !== undefined && newest.days[0]![1] > 0;
        if (newest) assert.ok(checked.some((span) => holds(span) && span.differing > 0 === isDiffering));
      }
    }),
    { seed: 21, numRuns: 60 },
  );
});

const entry = {
  ...{ deviceId: 'd', month: '2026-11', timeZone: 'UTC', from: day(0), to: day(30), isOver: true },
  ...{ clockChanges: [], limits: {}, audit: { checked: [], unchecked: [] }, seal: '' },
};

test('a seal is the SHA-256 of the RFC 8785 form, without checks and without members that have no value', () => {
  const text = '{"a":[1e+21,0.1,{"x":"\u20ac"}],"b":null}';
  assert.equal(
    sealOf({ b: null, seal: 'x', audit: {}, none: undefined, a: [1e21, 0.1, { x: '\u20ac' }] }),
    createHash('sha256').update(text).digest('hex'),
  );
});

test('a seal changes with any value, and not with the order of members or with an audit', () => {
  const seal = sealOf(entry);
  assert.equal(sealOf(Object.fromEntries(Object.entries(entry).reverse())), seal);
  assert.equal(sealOf({ ...entry, audit: checkedOf([check(1, 0, [[1, 0]])], month) }), seal);
  assert.notEqual(sealOf({ ...entry, limits: { above: 8 } }), seal);
});

const WHOLE = Array.from({ length: 30 }, () => [8640, 0] as const);
const sheets: Readonly<Record<string, readonly [checks: readonly ArchiveCheck[], text: RegExp]>> = {
  nothing: [[], /<b>Not checked against the archive\.<\/b> Run <code>npm run audit<\/code>/],
  'a whole month': [
    [check(day(31), 0, WHOLE)],
    /<b>Checked against the archive\.<\/b>.*On 2 Dec 2026: 259,200 windows agree, /,
  ],
  'one day': [
    [check(day(31), 0, [[8640, 0]])],
    /<b>Checked in part against the archive\.<\/b>.*8,640 windows agree, .*Not checked: Mon,? 2 Nov 2026/,
  ],
  differences: [
    [check(day(31), 0, [[8640, 3]])],
    /<b>The archive and these values differ\.<\/b>.*On 2 Dec 2026: 3 of 8,640 windows differ, /,
  ],
};
for (const [name, [checks, text]] of Object.entries(sheets))
  test(`a sheet says what an audit of ${name} found`, () => {
    const html = reportSheet([{ ...entry, audit: checkedOf(checks, month) }], '', { now: 0 });
    assert.match(html, text);
  });
