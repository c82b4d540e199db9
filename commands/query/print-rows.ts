// Prints result rows as a table that fits the terminal, as CSV (RFC 4180) or as JSON, without losing digits of numbers.

import { once } from 'node:events';
import { printable } from '../../core/channel-text.ts';
import { quoted, tableOf, terminalWidth, type Column, type Format } from '../listing.ts';
import type { Result } from './duckdb.ts';

type Row = readonly unknown[];

/** Turns rows into lines, chunk by chunk. */
interface Form {
  lines(rows: readonly Row[]): readonly string[];
  /** The lines after the last row; `count` is the number of all rows. */
  end(count: number): readonly string[];
}

interface Head {
  readonly names: readonly string[];
  readonly types: readonly string[];
}

/** The first rows determine the widths of a table's columns. */
const MEASURED_ROWS = 1000;
/** A table wider than this many terminal widths is shown as blocks instead of being cut. */
const MOST_CUT = 1.5;
const GAP = '  ';
const PLAN_COLUMNS = 'explain_key,explain_value';
/** Types that come as text because a double cannot hold them. */
const NUMBERS = /^(?:U?BIGINT|U?HUGEINT|BIGNUM|DECIMAL\(\d+,\d+\))$/;

/** Writes to standard output at the speed at which it is read. */
export async function printRows(result: Result, format: Format): Promise<void> {
  const types = result.columnTypes().map(String);
  const form = formOf(format, { names: distinct(result.columnNames()), types });
  let count = 0;
  async function write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    if (!process.stdout.write(`${lines.join('\n')}\n`)) await once(process.stdout, 'drain');
  }
  for await (const rows of result.yieldRowsJson()) {
    count += rows.length;
    await write(form.lines(rows));
  }
  await write(form.end(count));
}

/** Exported for tests, which run without a terminal. */
export function formOf(format: Format, head: Head, width = terminalWidth()): Form {
  if (format === 'csv') return csvForm(head);
  if (format === 'json') return jsonForm(head);
  return head.names.join() === PLAN_COLUMNS ? planForm() : tableForm(head, width);
}

function tableForm({ names, types }: Head, width: number): Form {
  const columns = names.map((title, at): Column<Row> => {
    return { title, value: (row) => textOf(row[at], types[at]!) };
  });
  let waiting: Row[] = [];
  let linesOf: ((rows: readonly Row[]) => string[]) | undefined;
  function begin(): string[] {
    const sample = waiting;
    waiting = [];
    if (widthOf(sample, columns) > width * MOST_CUT) {
      linesOf = createBlocks(columns);
      return linesOf(sample);
    }
    const { head, line } = tableOf(sample, columns, width);
    linesOf = (rows) => rows.map(line);
    return [head, ...linesOf(sample)];
  }
  return {
    lines(rows) {
      if (linesOf) return linesOf(rows);
      waiting.push(...rows);
      return waiting.length < MEASURED_ROWS ? [] : begin();
    },
    end: (count) => [...(linesOf ? [] : begin()), `${count} ${count === 1 ? 'row' : 'rows'}`],
  };
}

/** The width of the table without cuts. */
function widthOf(rows: readonly Row[], columns: readonly Column<Row>[]): number {
  const widths = columns.map(({ title, value }) =>
    rows.reduce((most, row) => Math.max(most, String(value(row) ?? '').length), title.length),
  );
  return widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length);
}

/** One line per value, for rows that are much too wide for a table. */
function createBlocks(columns: readonly Column<Row>[]): (rows: readonly Row[]) => string[] {
  const titles = columns.map(({ title }) => printable(title));
  const longest = Math.max(...titles.map(({ length }) => length));
  let count = 0;
  return (rows) =>
    rows.flatMap((row) => [
      `row ${(count += 1)}`,
      ...columns.map(({ value }, at) =>
        `${GAP}${titles[at]!.padEnd(longest)}${GAP}${printable(String(value(row) ?? ''))}`.trimEnd(),
      ),
    ]);
}

/** Prints plans as drawings of several lines, which table cells cannot show. */
function planForm(): Form {
  return { lines: (rows) => rows.map(([, drawing]) => (drawing as string).trimEnd()), end: () => [] };
}

function csvForm({ names, types }: Head): Form {
  const head = names.map(quoted).join(',');
  let isBegun = false;
  const begin = () => {
    const lines = isBegun ? [] : [head];
    isBegun = true;
    return lines;
  };
  // Null is an empty field, an empty text a quoted one.
  const cell = (text: string | undefined) => (text === '' ? '""' : quoted(text ?? ''));
  return {
    lines: (rows) => [
      ...begin(),
      ...rows.map((row) => row.map((value, at) => cell(textOf(value, types[at]!))).join(',')),
    ],
    end: begin,
  };
}

function jsonForm({ names, types }: Head): Form {
  const keys = names.map((name) => JSON.stringify(name));
  let isBegun = false;
  const objectOf = (row: Row) =>
    `{${row.map((value, at) => `${keys[at]}: ${jsonOf(value, types[at]!)}`).join(', ')}}`;
  return {
    lines: (rows) =>
      rows.map((row) => {
        const start = isBegun ? ',' : '[';
        isBegun = true;
        return start + objectOf(row);
      }),
    end: () => [isBegun ? ']' : '[]'],
  };
}

/** The text of a value; undefined for null. */
function textOf(value: unknown, type: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'string') return JSON.stringify(value);
  return NUMBERS.test(type) ? withoutZeros(value) : value;
}

/** JSON does not limit numbers, so all digits are written; values that are not finite are text. */
const jsonOf = (value: unknown, type: string): string =>
  typeof value === 'string' && NUMBERS.test(type) ? withoutZeros(value) : JSON.stringify(value ?? null);

/** Removes trailing zeros, which only come from the decimal's type. */
const withoutZeros = (digits: string): string =>
  digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;

/** Distinct names for the members of an object: repeated names get a number. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n += 1) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}
