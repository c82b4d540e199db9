// The seal's state of a month: until which day of arrival the archive is sealed, in the report's own time zone.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { archiveSealOf, sealedSpanOf, type ArchiveSeal } from '../../core/archive-seal.ts';
import { monthOf } from '../../core/month.ts';
import { archiveSealText } from '../../core/report-foot.ts';

const at = (text: string) => Date.parse(text);
const NOW = at('2026-12-01T12:00:00Z');
const times = { full: (ms: number) => new Date(ms).toISOString(), date: String };
const newest = (day: string) => ({ day, head: 'h', key: 'k' });

/** Month and time zone, the newest sealed day, and what the report says. */
const cases: readonly (readonly [month: string, zone: string, day: string | undefined, ArchiveSeal])[] = [
  ['2026-11', 'UTC', '2026-11-30', { sealedTo: at('2026-12-01T00:00Z'), head: 'h', key: 'k' }],
  [
    ...(['2026-11', 'America/Los_Angeles', '2026-11-30'] as const),
    {
      ...{ sealedTo: at('2026-12-01T00:00Z'), head: 'h', key: 'k' },
      unsealed: { from: at('2026-12-01T00:00Z'), to: at('2026-12-01T08:00Z') },
    },
  ],
  ['2026-12', 'UTC', undefined, { unsealed: { from: at('2026-12-01T00:00Z'), to: NOW } }],
];
for (const [name, zone, day, expected] of cases) {
  test(`${name} in ${zone}, sealed until ${day ?? 'no day'}`, () => {
    const month = monthOf(name, zone, NOW);
    assert.deepEqual(archiveSealOf(month, day === undefined ? undefined : newest(day)), expected);
  });
}

test('the days of a month are those of UTC that it touches so far', () => {
  assert.deepEqual(sealedSpanOf(monthOf('2026-11', 'UTC', NOW)), { from: '2026-11-01', to: '2026-11-30' });
  assert.deepEqual(sealedSpanOf(monthOf('2026-11', 'America/Los_Angeles', NOW)), {
    ...{ from: '2026-11-01', to: '2026-12-01' },
  });
  assert.deepEqual(sealedSpanOf(monthOf('2026-12', 'UTC', NOW)), { from: '2026-12-01', to: '2026-12-01' });
});

test('the sheet says until when and by which key the month is sealed, lists what is not sealed, and escapes quoted text', () => {
  const month = monthOf('2026-11', 'America/Los_Angeles', NOW);
  const text = archiveSealText(archiveSealOf(month, newest('2026-11-30')), times);
  assert.match(text, /The archive is sealed until 2026-12-01T00:00:00\.000Z\./);
  assert.match(text, /Head <code>h<\/code><br>Key <code>k<\/code>/);
  assert.match(text, /Not sealed: 2026-12-01T00:00:00\.000Z to 2026-12-01T08:00:00\.000Z\./);
  const broken = archiveSealText(archiveSealOf(month, { problem: 'x.json is not a manifest: <b>' }), times);
  assert.match(broken, /not sealed\.<\/b> x\.json is not a manifest: &lt;b&gt;\./);
  assert.equal(archiveSealText(undefined, times), '');
});
