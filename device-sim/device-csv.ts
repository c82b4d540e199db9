// Reads a table with one device per line, and reports all its faults before any device is made.

import { parseCsv, type CsvRecord } from './csv.ts';
import {
  attributeNameProblem,
  attributeValueProblem,
  nameProblem,
  thingNameProblem,
} from '../core/thing-names.ts';
import { unitsOf } from './device-fields.ts';
import { OnboardingError } from './onboarding-error.ts';

export interface DeviceRow {
  readonly line: number;
  readonly name: string;
  readonly type: string | undefined;
  readonly group: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The values of a row's empty cells. */
export type RowDefaults = Pick<DeviceRow, 'type' | 'group' | 'attributes'>;

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html#thing-limits */
const MAX_ATTRIBUTES = 50;
const MAX_ATTRIBUTES_WITHOUT_TYPE = 3;
const MAX_SHOWN = 100;
const KNOWN = ['name', 'type', 'group', 'units'];

type Report = (line: number, place: string, problem: string) => void;

/**
 * The header names the columns: `name`, and optionally `type`, `group` and `units`; every other column is an attribute.
 * An empty cell takes the default.
 *
 * @throws OnboardingError with a line for each fault.
 */
export function parseDevices(text: string, file: string, defaults: RowDefaults): readonly DeviceRow[] {
  const faults: { readonly line: number; readonly text: string }[] = [];
  const report: Report = (line, place, problem) =>
    void faults.push({ line, text: `${file}:${line}: ${place} ${problem}` });
  const { records, faults: unreadable } = parseCsv(text);
  const [header, ...others] = records;
  if (!header)
    throw new OnboardingError(`${file} is empty: its first line names the columns, such as name,type,group`);
  const columns = header.cells.map((cell) => cell.trim());
  for (const { line, cell, problem } of unreadable)
    report(line, `column ${columns[cell - 1] ?? cell}:`, problem);
  checkHeader(columns, header.line, report);
  const whole = columns.includes('name') ? others.filter(({ isBroken }) => !isBroken) : [];
  const rows = whole.map((record) => rowOf(record, columns, defaults, report));
  reportTwice(rows, report);
  if (faults.length === 0 && rows.length === 0)
    throw new OnboardingError(`${file} has no device: write one per line below ${columns.join(',')}`);
  if (faults.length === 0) return rows;
  const sorted = faults.sort((a, b) => a.line - b.line).map(({ text }) => text);
  const lines = [...new Set(sorted)];
  const shown = [
    ...lines.slice(0, MAX_SHOWN),
    ...(lines.length > MAX_SHOWN ? [`and ${lines.length - MAX_SHOWN} more`] : []),
  ];
  const count = lines.length === 1 ? '1 problem' : `${lines.length} problems`;
  throw new OnboardingError(`${file}: ${count}, so nothing was made`, { details: shown });
}

function checkHeader(columns: readonly string[], line: number, report: Report): void {
  const [only = ''] = columns;
  if (columns.length === 1 && /[;\t]/.test(only))
    return report(line, 'the header', 'has no commas: save the table as CSV (comma delimited)');
  if (!columns.some((column) => column.toLowerCase() === 'name'))
    report(line, 'the header', 'has no column name');
  for (const [at, column] of columns.entries()) {
    if (columns.indexOf(column) < at) report(line, `column ${JSON.stringify(column)}`, 'occurs twice');
    else if (column === '') report(line, `column ${at + 1}`, 'has no name');
    else if (KNOWN.includes(column)) continue;
    else if (KNOWN.includes(column.toLowerCase()))
      report(line, `column ${column}`, `would be an attribute: write ${column.toLowerCase()} in lower case`);
    else {
      const problem = attributeNameProblem(column);
      if (problem !== undefined) report(line, `column ${JSON.stringify(column)}`, problem);
    }
  }
}

function rowOf(
  record: CsvRecord,
  columns: readonly string[],
  defaults: RowDefaults,
  report: Report,
): DeviceRow {
  const { line } = record;
  const cells = record.cells.map((cell) => cell.trim());
  if (cells.length !== columns.length)
    report(
      line,
      'the line',
      `has ${cells.length === 1 ? '1 cell' : `${cells.length} cells`}, but the header has ${columns.length}: put cells with commas in quotes`,
    );
  const textOf = (column: string) => cells[columns.indexOf(column)] || undefined;
  const check = (column: string, problemOf: (text: string) => string | undefined) => {
    const found = columns.includes(column) ? textOf(column) : undefined;
    const problem = found === undefined ? undefined : problemOf(found);
    if (problem !== undefined)
      report(line, `column ${column}: ${JSON.stringify(found?.slice(0, 150))}`, problem);
    return found;
  };
  const name = check('name', thingNameProblem);
  if (name === undefined) report(line, 'column name:', 'is empty: every device needs a name');
  const type = check('type', nameProblem) ?? defaults.type;
  const group = check('group', nameProblem) ?? defaults.group;
  const attributes: Record<string, string> = { ...defaults.attributes };
  for (const column of columns.filter((column) => column !== '' && !KNOWN.includes(column))) {
    const value = check(column, attributeValueProblem);
    if (value !== undefined) attributes[column] = value;
  }
  const units = columns.includes('units') ? textOf('units') : undefined;
  const read = units === undefined ? undefined : unitsOf(units);
  if (read && 'problem' in read) report(line, 'column units:', read.problem);
  else if (read) attributes['units'] = read.units;
  reportTooMany(line, Object.keys(attributes).length, type, report);
  return { line, name: name ?? '', type, group, attributes };
}

function reportTooMany(line: number, count: number, type: string | undefined, report: Report): void {
  if (type === undefined && count > MAX_ATTRIBUTES_WITHOUT_TYPE)
    report(
      line,
      'the device',
      `has ${count} attributes, but AWS IoT allows ${MAX_ATTRIBUTES_WITHOUT_TYPE} for a thing without a type: add the column type, or --type`,
    );
  else if (count > MAX_ATTRIBUTES)
    report(line, 'the device', `has ${count} attributes, but AWS IoT allows ${MAX_ATTRIBUTES}`);
}

function reportTwice(rows: readonly DeviceRow[], report: Report): void {
  const lines = new Map<string, number>();
  for (const { line, name } of rows) {
    const before = lines.get(name);
    if (name !== '' && before !== undefined)
      report(line, `column name: ${JSON.stringify(name)}`, `is in line ${before} already`);
    else lines.set(name, line);
  }
}
