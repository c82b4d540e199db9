// A message may pack several readings: the maximum number, and what is wrong with an invalid pack.

import { isObject } from './formats/draft.ts';
import type { Fault } from './reading.ts';

export const MAX_READINGS = 1000;

/** What is wrong with the member `readings`; undefined for a valid pack, and for an object, which is one reading. */
export function packFault(readings: unknown): Fault | undefined {
  if (isObject(readings)) return undefined;
  if (!Array.isArray(readings)) return { fault: 'readings-not-array', detail: 'readings is not an array' };
  if (readings.length === 0) return { fault: 'no-readings', detail: 'readings is empty' };
  if (readings.length <= MAX_READINGS) return undefined;
  return { fault: 'too-many-readings', detail: `readings has more than ${MAX_READINGS} entries` };
}
