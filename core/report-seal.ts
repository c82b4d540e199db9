// A seal by which a report on paper is compared with a later one: the SHA-256 of its figures in one canonical form.

import { hash } from 'node:crypto';

/** Not sealed: the seal itself, the checks, which a later audit changes, and the sources, which do not change the values. */
const UNSEALED = new Set(['seal', 'audit', 'sources']);

/** 64 hexadecimal digits. `entry`: a device of GET /reports as JSON has it, in the form of RFC 8785, without `seal`, `audit` and `sources`. */
export function sealOf(entry: Readonly<Record<string, unknown>>): string {
  const sealed = Object.fromEntries(Object.entries(entry).filter(([name]) => !UNSEALED.has(name)));
  // As JSON has it: members without a value are not there, and numbers are doubles.
  return hash('sha256', canonical(JSON.parse(JSON.stringify(sealed))), 'hex');
}

/** RFC 8785: members by the code units of their names, numbers and texts as ECMAScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
