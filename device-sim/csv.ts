// Parses CSV (RFC 4180), and continues after a fault, so that all faults are reported at once.

export interface CsvRecord {
  /** The line where it begins, from 1; a quoted cell may contain line breaks. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Whether it has a fault, so that its cells may be wrong. */
  readonly isBroken: boolean;
}

export interface CsvFault {
  readonly line: number;
  /** Number of the cell, from 1. */
  readonly cell: number;
  readonly problem: string;
}

/** A quoted cell, closed or not, with the text between its end and the next comma; or a plain cell. */
const CELL = /"([^"]*(?:""[^"]*)*)("?)([^,\r\n]*)|([^,\r\n]*)/y;
const BREAK = /\r\n|\r|\n/g;

/** Skips empty lines and a byte order mark. */
export function parseCsv(given: string): {
  readonly records: readonly CsvRecord[];
  readonly faults: readonly CsvFault[];
} {
  const text = given.replace(/^\uFEFF/, '');
  const records: CsvRecord[] = [];
  const faults: CsvFault[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const cells: string[] = [];
    const [first, before] = [line, faults.length];
    for (;;) {
      CELL.lastIndex = at;
      const [all = '', quoted, close, rest, plain = ''] = CELL.exec(text) ?? [];
      const problem = problemOf(quoted, close, rest, plain);
      if (problem !== undefined) faults.push({ line, cell: cells.length + 1, problem });
      cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      at += all.length;
      line += all.match(BREAK)?.length ?? 0;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text.startsWith('\r\n', at)) at += 2;
    else if (at < text.length) at += 1;
    line += 1;
    if (cells.length > 1 || cells[0]?.trim() !== '')
      records.push({ line: first, cells, isBroken: faults.length > before });
  }
  return { records, faults };
}

function problemOf(
  quoted: string | undefined,
  close: string | undefined,
  rest: string | undefined,
  plain: string,
): string | undefined {
  if (quoted !== undefined && close === '') return 'has an opening quote without a closing one';
  if (rest) return `${JSON.stringify(rest.slice(0, 20))} follows the closing quote: double the quotes inside`;
  if (plain.includes('"'))
    return 'has a quote in the middle: put the whole cell in quotes, and double the quotes inside';
  return undefined;
}
