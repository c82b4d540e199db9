// Compares a saved report with the current one: agreement, differences, and a changed file.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { sealedIn, verified } from '../../commands/verify-report.ts';
import { sealOf } from '../../core/report-seal.ts';
import { reportSheet, type SheetDevice } from '../../core/report-sheet.ts';
import { temporaryFolder } from '../support/folders.ts';

const folder = temporaryFolder();
const write = (name: string, content: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};
const sealed = (changes: Partial<SheetDevice> = {}): SheetDevice => {
  const entry = {
    ...{ deviceId: 'a"b', month: '2026-11', timeZone: 'UTC', from: 0, to: 1, isOver: true, clockChanges: [] },
    ...{ limits: {}, audit: { checked: [], unchecked: [] } },
    report: {
      ...{ metric: 't', spanMs: 1, measuredMs: 1, inLimitsMs: 1, excursions: [], gaps: [], days: [] },
      isToTheWindow: true,
    },
    ...changes,
  };
  return { ...entry, seal: sealOf(entry) };
};
const kept = sealed();
const json = (devices: readonly SheetDevice[]) => JSON.stringify({ madeAt: 0, devices });
const today = sealed({ report: { ...kept.report!, inLimitsMs: 0 }, limits: { above: 8 } });

const cases: readonly (readonly [
  name: string,
  file: string,
  today: SheetDevice,
  isSame: boolean,
  text: RegExp,
])[] = [
  ['JSON with the same values', write('a.json', json([kept])), kept, true, /^a"b 2026-11: the same values/],
  [
    'a page with the same values',
    write('a.html', reportSheet([kept], '', { now: 0 })),
    kept,
    true,
    /the same values/,
  ],
  [
    'JSON with other values',
    write('b.json', json([kept])),
    today,
    false,
    /report: limits, report\.inLimitsMs; seal/,
  ],
  [
    'a page with other values',
    write('b.html', reportSheet([kept], '', { now: 0 })),
    today,
    false,
    /report; seal/,
  ],
  [
    'a month that was not over',
    write('c.html', reportSheet([sealed({ isOver: false })], '', { now: 0 })),
    ...([kept, false, /; the month was not over when it was made; seal/] as const),
  ],
  [
    'JSON that somebody changed',
    write('d.json', json([{ ...kept, timeZone: 'Europe/Oslo' }])),
    ...([kept, false, /the file was changed after it was made/] as const),
  ],
];
for (const [name, file, now, isSame, text] of cases)
  test(`compares ${name}`, () => {
    const [one, ...none] = sealedIn(file);
    assert.deepEqual(none, []);
    const found = verified(one!, now);
    assert.equal(found.isSame, isSame);
    assert.match(found.text, text);
  });

for (const [name, content] of [
  ['none.json', '{}'],
  ['list.json', '[1]'],
  ['null.json', 'null'],
  ['odd.json', '{"devices":[null,1,{}]}'],
  ['broken.json', '{'],
  ['plain.html', '<p>'],
] as const)
  test(`${name} without a sealed report is refused by name`, () => {
    const file = write(name, content);
    assert.throws(() => sealedIn(file), {
      name: 'CommandError',
      message: new RegExp(`^--verify .*${name}: `),
    });
  });

test('a missing file is refused by name', () => {
  assert.throws(() => sealedIn(path.join(folder, 'gone.json')), /--verify .*gone\.json: ENOENT/);
});
