// A message may pack readings: how many, and what is wrong with what is no pack.

import { isObject } from './formats/draft.ts';
import type { Fault } from './reading.ts';

export const MAX_READINGS = 1000;

/** Of the member `readings`; undefined for a pack, and for an object, which is read as any other. */
export function packFault(readings: unknown): Fault | undefined {
  if (isObject(readings)) return undefined;
  if (!Array.isArray(readings)) return { fault: 'readings-not-array', detail: 'readings is not an array' };
  if (readings.length === 0) return { fault: 'no-readings', detail: 'readings is empty' };
  if (readings.length <= MAX_READINGS) return undefined;
  return { fault: 'too-many-readings', detail: `readings has more than ${MAX_READINGS} entries` };
}
