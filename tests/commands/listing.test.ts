// Rows as a table, as CSV and as JSON.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { formatOf, listing, type Column } from '../../commands/listing.ts';

interface Fridge {
  readonly name: string;
  readonly value?: number;
}
const columns: readonly Column<Fridge>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'value', value: ({ value }) => value },
];
const fridges: readonly Fridge[] = [{ name: 'a "cold" one', value: -1.5 }, { name: 'b' }];

test('a table has a line for its titles and one for each row, without spaces at the end', () => {
  assert.deepEqual(listing(fridges, columns, { format: 'table', width: 80 }), [
    'name          value',
    'a "cold" one  -1.5',
    'b',
  ]);
});

test('a table cuts the widest column until it fits', () => {
  const lines = listing([{ name: 'x'.repeat(200), value: 7 }], columns, { format: 'table', width: 30 });
  assert.deepEqual(
    lines.map(({ length }) => length),
    [30, 26],
  );
  assert.match(lines[1]!, /^x{21}\.\.  7$/);
});

test('a table that is too wide leaves out columns without a value', () => {
  const rows = [{ name: 'a-device-of-27-characters-..' }];
  assert.deepEqual(listing(rows, columns, { format: 'table', width: 30 }), ['name', rows[0]!.name]);
  assert.equal(listing(rows, columns, { format: 'table', width: 40 })[0]!.split(/ +/).length, 2);
});

test('a table cuts a name only when no other column can be cut', () => {
  const named: readonly Column<Fridge>[] = [
    { title: 'name', value: ({ name }) => name, isWhole: true },
    { title: 'note', value: () => 'a remark of some length' },
  ];
  const rows = [{ name: 'temperature-high' }];
  assert.equal(listing(rows, named, { format: 'table', width: 30 })[1], 'temperature-high  a remark o..');
  assert.equal(listing(rows, named, { format: 'table', width: 20 })[1], 'temperatur..  a re..');
});

test('a table shows control characters instead of obeying them', () => {
  const [, line] = listing([{ name: 'a\u001b[31m\u202eb' }], columns, { format: 'table', width: 80 });
  assert.equal(line, String.raw`a\u001b[31m\u202eb`);
});

const cells: readonly (readonly [name: string, cell: string])[] = [
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['a "b"', '"a ""b"""'],
  ['two\nlines', '"two\nlines"'],
  // What a spreadsheet would compute
  ['=1+1', "'=1+1"],
  ['-cmd', "'-cmd"],
  ['-1.5', '-1.5'],
];
for (const [name, cell] of cells) {
  test(`CSV has ${JSON.stringify(name)} as ${JSON.stringify(cell)}`, () => {
    assert.equal(listing([{ name }], columns, { format: 'csv' })[1], `${cell},`);
  });
}

test('JSON has the rows as they are', () => {
  assert.deepEqual(JSON.parse(listing(fridges, columns, { format: 'json' }).join('')), fridges);
});

test('another format is refused by name', () => {
  assert.throws(() => formatOf('xml'), /^CommandError: --format xml: must be table, csv, json$/);
});
