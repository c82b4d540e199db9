// The condition keys whose value is the time of the request.

import type { Clock } from '../clock.ts';
import { canonicalKey } from './key.ts';
import type { Lookup } from './pattern.ts';

/** A lookup of `values`, by the canonical spelling of their keys, and of the time. */
export function withTime(
  values: ReadonlyMap<string, string | readonly string[]>,
  clock: Pick<Clock, 'now'>,
): Lookup {
  return (written) => {
    const key = canonicalKey(written);
    if (key === 'aws:CurrentTime') return new Date(clock.now()).toISOString();
    if (key === 'aws:EpochTime') return String(Math.floor(clock.now() / 1000));
    return key && values.get(key);
  };
}
