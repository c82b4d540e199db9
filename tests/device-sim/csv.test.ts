// Tables of devices: RFC 4180, and every error with its line and column.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseCsv } from '../../device-sim/csv.ts';
import { parseDevices } from '../../device-sim/device-csv.ts';
import { OnboardingError } from '../../device-sim/onboarding-error.ts';

const tables: readonly (readonly [title: string, text: string, cells: string[][]])[] = [
  [
    'lines of either kind, the last without an end',
    'a,b\r\nc,d\ne,f',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ],
  ],
  [
    'quoted commas, quotes and line breaks',
    '"a,b","c ""d""\r\ne"\nf,g',
    [
      ['a,b', 'c "d"\r\ne'],
      ['f', 'g'],
    ],
  ],
  [
    'empty cells, and lines without any',
    'a,,\n\n  \n,b,',
    [
      ['a', '', ''],
      ['', 'b', ''],
    ],
  ],
  ['a byte order mark', '\uFEFFname\nx\n', [['name'], ['x']]],
  ['nothing', '', []],
];
for (const [title, text, cells] of tables) {
  test(`CSV has ${title}`, () => {
    const { records, faults } = parseCsv(text);
    assert.deepEqual(faults, []);
    assert.deepEqual(
      records.map((record) => record.cells),
      cells,
    );
  });
}

test('a record has the line number of its start, also after quoted line breaks', () => {
  const { records } = parseCsv('h\n"a\nb\nc"\nd');
  assert.deepEqual(
    records.map(({ line }) => line),
    [1, 2, 5],
  );
});

test('any cells are read as they were written', () => {
  const letters = ['a', '"', ',', '\n', '\r\n', ' ', 'é'];
  let state = 7;
  const next = (most: number) => (state = (state * 48271) % 2147483647) % most;
  for (let round = 0; round < 300; round += 1) {
    const rows = Array.from({ length: 1 + next(4) }, () =>
      Array.from({ length: 2 + next(3) }, () =>
        Array.from({ length: next(6) }, () => letters[next(letters.length)]).join(''),
      ),
    );
    const text = rows
      .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
      .join('\r\n');
    const { records, faults } = parseCsv(text);
    assert.deepEqual([faults, records.map(({ cells }) => cells)], [[], rows]);
  }
});

const none = { type: undefined, group: undefined, attributes: {} };

test('a row is a device, with attributes by column and the defaults of the command line', () => {
  const text =
    'name,type,group,units,city,floor\nf-1,sensor,,"temperature=°C; humidity:%",Seattle,\nf-2,,Cold,,,2\n';
  assert.deepEqual(
    parseDevices(text, 'd.csv', { type: 'fridge', group: 'Seattle', attributes: { floor: '1' } }),
    [
      {
        ...{ line: 2, name: 'f-1', type: 'sensor', group: 'Seattle' },
        attributes: { floor: '1', city: 'Seattle', units: 'temperature:C,humidity:percent' },
      },
      { line: 3, name: 'f-2', type: 'fridge', group: 'Cold', attributes: { floor: '2' } },
    ],
  );
});

const faults: readonly (readonly [title: string, text: string, details: readonly RegExp[]])[] = [
  ['no column name', 'device,type\na,b\n', [/^d\.csv:1: the header has no column name$/]],
  ['a column Name', 'Name,type\na,b\n', [/:1: column Name would be an attribute: write name in lower case$/]],
  ['semicolons', 'name;type\na;b\n', [/:1: the header has no commas: save the table as CSV/]],
  [
    'a column twice and one without a name',
    'name,x,x,\na,1,1,\n',
    [/column "x" occurs twice$/, /column 4 has no name$/],
  ],
  [
    'a column with a space',
    'name,my city\na,b\n',
    [/column "my city" is not allowed as the name of an attribute/],
  ],
  ['a column Type', 'name,Type\na,b\n', [/column Type would be an attribute: write type in lower case$/]],
  ['too few cells', 'name,type\na\n', [/^d\.csv:2: .*has 1 cell, but the header has 2/]],
  [
    'no name, and one of a child',
    'name,x\n,1\ngw:a,1\n',
    [/:2: column name: is empty/, /:3: column name: "gw:a" is not allowed: gateway:child/],
  ],
  [
    'a value with a space',
    'name,city\na,New York\n',
    [/^d\.csv:2: column city: "New York" is not allowed as an attribute/],
  ],
  [
    'a unit that is none',
    'name,units\na,temperature\n',
    [/^d\.csv:2: column units: has "temperature": write metric=unit/],
  ],
  ['a name twice', 'name,x\na,1\nb,1\na,1\n', [/^d\.csv:4: column name: "a" is in line 2 already$/]],
  [
    'four attributes without a type',
    'name,a,b,c,d\nx,1,2,3,4\n',
    [/:2: the device has 4 attributes, but AWS IoT allows 3/],
  ],
  [
    'a quote that never ends',
    'name,x\na,"b\nc,d\n',
    [/^d\.csv:2: column x: has an opening quote without a closing one$/],
  ],
  ['text behind a quote', 'name,x\n"a"b,1\n', [/^d\.csv:2: column name: "b" follows the closing quote/]],
  [
    'a quote in the middle',
    'name,x\na,b"c\nd:e,f\n',
    [/:2: column x: has a quote in the middle/, /:3: column name: "d:e" is not/],
  ],
];
for (const [title, text, details] of faults) {
  test(`a table with ${title} is refused by line and column`, () => {
    assert.throws(
      () => parseDevices(text, 'd.csv', none),
      (error) => {
        assert.ok(error instanceof OnboardingError);
        assert.equal(error.details.length, details.length, error.details.join('\n'));
        for (const [at, pattern] of details.entries()) assert.match(error.details[at]!, pattern);
        assert.match(error.message, /^d\.csv: \d+ problems?, so nothing was made$/);
        return true;
      },
    );
  });
}

test('a table without a device and an empty table are refused with the expected format', () => {
  assert.throws(() => parseDevices('name,type\n', 'd.csv', none), /^OnboardingError: d\.csv has no device/);
  assert.throws(() => parseDevices('\n', 'd.csv', none), /^OnboardingError: d\.csv is empty: its first line/);
});

test('of very many faults a hundred are shown', () => {
  const text = `name\n${Array.from({ length: 250 }, (_, n) => `a:${n}`).join('\n')}`;
  assert.throws(
    () => parseDevices(text, 'd.csv', none),
    (error) => error instanceof OnboardingError && error.details.at(-1) === 'and 150 more',
  );
});
