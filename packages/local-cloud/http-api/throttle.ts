// Limits the rate of requests: a bucket of tokens that fills at a rate.

import type { Clock } from '../clock.ts';

/** @returns a function that takes a token; false when there is none. Without `rate` there always is one. */
export function createThrottle(
  { rate, burst }: { readonly rate: number | undefined; readonly burst: number | undefined },
  clock: Pick<Clock, 'elapsed'>,
): () => boolean {
  if (rate === undefined) return () => true;
  const size = burst ?? rate;
  let tokens = size;
  let filledAt = clock.elapsed();
  return () => {
    const now = clock.elapsed();
    tokens = Math.min(size, tokens + ((now - filledAt) / 1000) * rate);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
