// Formats rows as a table that fits the terminal, as CSV (RFC 4180) or as JSON.

import { styleText } from 'node:util';
import { printable } from '../core/channel-text.ts';
import { CommandError } from './command-error.ts';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];
export type Colour = Extract<Parameters<typeof styleText>[0], string>;

export interface Column<Row> {
  readonly title: string;
  /** Undefined gives an empty cell. */
  readonly value: (row: Row) => string | number | undefined;
  /** The value in CSV, for programs; `value` if absent. */
  readonly csv?: (row: Row) => string | number | undefined;
  /** Used on a terminal with colours; `NO_COLOR` switches them off. */
  readonly colour?: (row: Row) => Colour | undefined;
}

const USUAL_WIDTH = 80;
const GAP = '  ';
const SHORTEST_CELL = 6;

/** Columns of the terminal; unlimited for a pipe or a file. */
export const terminalWidth = () => (process.stdout.isTTY ? process.stdout.columns || USUAL_WIDTH : Infinity);

/** @throws CommandError for an unknown format. */
export function formatOf(text: string): Format {
  const found = FORMATS.find((format) => format === text);
  if (!found) throw new CommandError(`--format ${text}: must be ${FORMATS.join(', ')}`);
  return found;
}

/** Lines of text; JSON has the rows unchanged. A table that is too wide is cut, the widest column first. */
export function listing<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { format, width = terminalWidth() }: { readonly format: Format; readonly width?: number },
): string[] {
  if (format === 'json') return [JSON.stringify(rows, undefined, 2)];
  if (format === 'csv') {
    const lines = rows.map((row) => columns.map(({ value, csv = value }) => String(csv(row) ?? '')));
    return [columns.map(({ title }) => title), ...lines].map((line) => line.map(quoted).join(','));
  }
  const { head, line } = tableOf(rows, columns, width);
  return [head, ...rows.map(line)];
}

/** The head and the rows of a table whose columns are as wide as `sample` needs. */
export function tableOf<Row>(
  sample: readonly Row[],
  columns: readonly Column<Row>[],
  width = terminalWidth(),
): { readonly head: string; readonly line: (row: Row) => string } {
  const titles = columns.map(({ title }) => printable(title));
  const cellsOf = (row: Row) => columns.map(({ value }) => printable(String(value(row) ?? '')));
  const widths = fitted([titles, ...sample.map(cellsOf)], width - GAP.length * (columns.length - 1));
  return {
    head: joined(titles, widths, (text) => painted(text, 'bold')),
    line: (row) =>
      joined(cellsOf(row), widths, (text, column) => painted(text, columns[column]!.colour?.(row))),
  };
}

/** The text in a colour, if standard output is a terminal with colours. */
export function painted(text: string, colour: Colour | undefined): string {
  return colour === undefined ? text : styleText(colour, text, { stream: process.stdout });
}

function fitted(lines: readonly (readonly string[])[], room: number): number[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  while (widths.reduce((sum, width) => sum + width, 0) > room && Math.max(...widths) > SHORTEST_CELL) {
    widths[widths.indexOf(Math.max(...widths))]! -= 1;
  }
  return widths;
}

function joined(
  line: readonly string[],
  widths: readonly number[],
  paint: (text: string, column: number) => string,
): string {
  const cells = line.map((cell, column) => {
    const width = widths[column]!;
    const text = cell.length > width ? `${cell.slice(0, width - 2)}..` : cell;
    return paint(text, column) + (column < line.length - 1 ? ' '.repeat(width - text.length) : '');
  });
  return cells.join(GAP).trimEnd();
}

/** A spreadsheet would take a leading `=` or similar as a formula, so such cells are marked as text. */
export function quoted(cell: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
