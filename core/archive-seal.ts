// Until when the archive of a report's month is sealed, for the sheet and the API.

import type { Month } from './month.ts';
import { dayOf, DAY_MS, startOf } from './seal/sealed-days.ts';

/** Times in epoch milliseconds. */
export interface ArchiveSeal {
  /** The end of the last sealed day of the month; absent if none is. */
  readonly sealedTo?: number;
  /** Of that day. */
  readonly head?: string;
  /** Fingerprint of the key that signed that day. */
  readonly key?: string;
  /** The rest of the month so far. */
  readonly unsealed?: { readonly from: number; readonly to: number };
  /** Why the newest manifest cannot be read. */
  readonly problem?: string;
}

/** The days in UTC, by arrival, that a month touches so far, such as `2026-11-01`. */
export const sealedSpanOf = ({ from, until }: Pick<Month, 'from' | 'until'>) => ({
  from: dayOf(from),
  to: dayOf(Math.max(from, until - 1)),
});

/** `newest`: the newest sealed day of `sealedSpanOf`, or why it cannot be read. */
export function archiveSealOf(
  { from, until }: Pick<Month, 'from' | 'until'>,
  newest:
    | { readonly day: string; readonly head: string; readonly key: string }
    | { readonly problem: string }
    | undefined,
): ArchiveSeal {
  if (newest && 'problem' in newest) return { ...newest, ...restOf(from, until) };
  if (!newest) return restOf(from, until);
  const sealedTo = startOf(newest.day) + DAY_MS;
  const { head, key } = newest;
  return { sealedTo, head, key, ...restOf(Math.max(from, sealedTo), until) };
}

const restOf = (from: number, to: number) => (from < to ? { unsealed: { from, to } } : {});
