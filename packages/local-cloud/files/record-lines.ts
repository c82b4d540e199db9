// The lines of a record file: each has the changes of one batch and their checksum, by which a torn line is found.

import { crc32 } from 'node:zlib';
import { StartError } from '../start-error.ts';

/** One record set (`value`) or removed (`undefined`). */
export interface Change {
  readonly kind: string;
  readonly key: string;
  readonly value: object | undefined;
}

/** Records by kind, then by key. */
export type Tables = Map<string, Map<string, object>>;

export function tableOf(tables: Tables, kind: string): Map<string, object> {
  let table = tables.get(kind);
  if (!table) tables.set(kind, (table = new Map()));
  return table;
}

/** Applies changes and returns those that undo them. */
export function apply(tables: Tables, changes: readonly Change[]): Change[] {
  const undo: Change[] = [];
  for (const { kind, key, value } of changes) {
    const table = tableOf(tables, kind);
    undo.unshift({ kind, key, value: table.get(key) });
    if (value) table.set(key, value);
    else table.delete(key);
  }
  return undo;
}

export function toLine(changes: readonly Change[]): string {
  const text = JSON.stringify(changes.map(({ kind, key, value }) => [kind, key, value ?? null]));
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** @returns the line's changes, or undefined when it is not whole. */
function fromLine(line: string): Change[] | undefined {
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${crc32(text).toString(16).padStart(8, '0')} `) return undefined;
  const changes = JSON.parse(text) as [string, string, object | null][];
  return changes.map(([kind, key, value]) => ({ kind, key, value: value ?? undefined }));
}

/** Reads the file into `tables` and returns how many bytes are good; a torn last line was never confirmed and is dropped. */
export function load(file: string, content: Buffer, tables: Tables): number {
  let lines = 0;
  let at = 0;
  for (;;) {
    const end = content.indexOf(10, at);
    const changes = end === -1 ? undefined : fromLine(content.toString('utf8', at, end));
    if (!changes) {
      if (end !== -1 && content.indexOf(10, end + 1) !== -1) {
        throw new StartError(
          `${file} is damaged at line ${lines + 1}: restore it from a copy, or delete it to start without what it holds`,
        );
      }
      return at;
    }
    apply(tables, changes);
    lines += 1;
    at = end + 1;
  }
}

export function snapshot(tables: Tables): string {
  return [...tables]
    .flatMap(([kind, table]) => [...table].map(([key, value]) => toLine([{ kind, key, value }])))
    .join('');
}
