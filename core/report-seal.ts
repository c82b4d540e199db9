// A seal by which a report on paper is compared with a later one: the SHA-256 of its values in one canonical form.

import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** Not sealed: the seal itself, the sources, which do not change the values, and what a later audit or day of the archive changes. */
export const UNSEALED: ReadonlySet<string> = new Set(['seal', 'audit', 'sources', 'archiveSeal']);

/** 64 hexadecimal digits. `entry`: a device of GET /reports as JSON has it, in the form of RFC 8785, without UNSEALED. */
export function sealOf(entry: Readonly<Record<string, unknown>>): string {
  const sealed = Object.fromEntries(Object.entries(entry).filter(([name]) => !UNSEALED.has(name)));
  return hash('sha256', canonicalJson(sealed), 'hex');
}
