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
  /** It is cut only when no other column can be: a name that you type into other commands, or what the table is about. */
  readonly isWhole?: boolean;
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

/**
 * Lines of text; JSON has the rows unchanged. A table that is too wide leaves out columns without any value, and is then cut,
 * the widest column first.
 */
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
  const { head, line } = tableOf(
    rows,
    isTooWide(rows, columns, width) ? withValues(rows, columns) : columns,
    width,
  );
  return [head, ...rows.map(line)];
}

/** The head and the rows of a table whose columns are as wide as `sample` needs. */
export function tableOf<Row>(
  sample: readonly Row[],
  columns: readonly Column<Row>[],
  width = terminalWidth(),
): { readonly head: string; readonly line: (row: Row) => string } {
  const widths = fitted(columns, neededWidths(sample, columns), width - GAP.length * (columns.length - 1));
  return {
    head: joined(titlesOf(columns), widths, (text) => painted(text, 'bold')),
    line: (row) =>
      joined(cellsOf(row, columns), widths, (text, column) => painted(text, columns[column]!.colour?.(row))),
  };
}

const titlesOf = <Row>(columns: readonly Column<Row>[]) => columns.map(({ title }) => printable(title));
const cellsOf = <Row>(row: Row, columns: readonly Column<Row>[]) =>
  columns.map(({ value }) => printable(String(value(row) ?? '')));
const sum = (widths: readonly number[]) => widths.reduce((total, width) => total + width, 0);

function neededWidths<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): number[] {
  const lines = [titlesOf(columns), ...rows.map((row) => cellsOf(row, columns))];
  return columns.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
}

const isTooWide = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number) =>
  sum(neededWidths(rows, columns)) + GAP.length * (columns.length - 1) > width;

const withValues = <Row>(rows: readonly Row[], columns: readonly Column<Row>[]) =>
  columns.filter(({ value }) => rows.some((row) => (value(row) ?? '') !== ''));

/** The text in a colour, if standard output is a terminal with colours. */
export function painted(text: string, colour: Colour | undefined): string {
  return colour === undefined ? text : styleText(colour, text, { stream: process.stdout });
}

/** Takes from the widest column again and again, and from whole columns only when nothing else is left. */
function fitted<Row>(columns: readonly Column<Row>[], needed: readonly number[], room: number): number[] {
  const widths = [...needed];
  const others = columns.flatMap(({ isWhole = false }, column) => (isWhole ? [] : [column]));
  for (const cut of [others, [...columns.keys()]]) {
    const widest = () =>
      cut.reduce((found, column) => (widths[column]! > widths[found]! ? column : found), cut[0] ?? 0);
    while (sum(widths) > room && cut.length > 0 && widths[widest()]! > SHORTEST_CELL) widths[widest()]! -= 1;
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
