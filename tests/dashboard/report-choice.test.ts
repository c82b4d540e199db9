// The report that the address selects, and its headline.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { SheetDevice, SheetReport } from '../../core/report-sheet.ts';
import {
  fileNameOf,
  findingOf,
  queryOfChoice,
  reportChoiceOf,
  type ReportChoice,
} from '../../dashboard/model/report-choice.ts';
import { parseRoute } from '../../dashboard/model/route.ts';

const NOW = new Date(2026, 10, 20, 12).getTime();
const DEVICES = [
  { deviceId: 'b-1', site: 'seattle', groups: ['cold'] },
  { deviceId: 'a-1', site: 'oslo' },
];

const choices: readonly (readonly [hash: string, query: object])[] = [
  ['#/report', { site: 'oslo', month: '2026-11', metric: undefined }],
  ['#/report?site=seattle&month=2025-02', { site: 'seattle', month: '2025-02', metric: undefined }],
  ['#/report?group=cold&metric=humidity', { group: 'cold', month: '2026-11', metric: 'humidity' }],
  ['#/report?device=gw%3Afridge&month=2026-13', { device: 'gw:fridge', month: '2026-11', metric: undefined }],
  ['#/report?device=x&site=oslo', { device: 'x', month: '2026-11', metric: undefined }],
];
for (const [hash, query] of choices) {
  test(`${hash} asks for ${JSON.stringify(query)}`, () => {
    assert.deepEqual(queryOfChoice(reportChoiceOf(parseRoute(hash), DEVICES, NOW)), query);
  });
}

test('without devices there is no report, and without sites the first device has one', () => {
  assert.equal(reportChoiceOf(parseRoute('#/report'), [], NOW).of, undefined);
  assert.deepEqual(reportChoiceOf(parseRoute('#/report'), [{ deviceId: 'x' }], NOW).of, {
    kind: 'device',
    name: 'x',
  });
});

const SITE: ReportChoice = { of: { kind: 'site', name: 'seattle' }, month: '2026-11' };
const ONE: ReportChoice = { of: { kind: 'device', name: 'fridge-1' }, month: '2026-11' };
const withExcursions = (count: number) =>
  ({ report: { excursions: Array.from({ length: count }) } as unknown as SheetReport }) as SheetDevice;
const findings: readonly (readonly [choice: ReportChoice, devices: readonly SheetDevice[], text: string])[] =
  [
    [SITE, [withExcursions(0), withExcursions(0)], 'Seattle: no excursion'],
    [
      SITE,
      [withExcursions(2), withExcursions(0), withExcursions(1)],
      'Seattle: three excursions, on 2 of 3 devices',
    ],
    [ONE, [withExcursions(1)], 'Fridge 1: one excursion'],
    [ONE, [{} as SheetDevice], 'Fridge 1: nothing was measured'],
  ];
for (const [choice, devices, text] of findings)
  test(`the heading says “${text}”`, () => assert.equal(findingOf(choice, devices), text));

test('a file is named after its subject, without path separators', () => {
  assert.equal(
    fileNameOf({ ...SITE, of: { kind: 'site', name: '../a b' } }, 'csv'),
    'report--a-b-2026-11.csv',
  );
});
