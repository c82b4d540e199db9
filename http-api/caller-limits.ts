// Limits the requests of each caller, so that callers do not slow each other down, and guests never slow down users.

import { createRecent } from '../core/recent.ts';
import { filled, taken, waitFor, type Bucket, type Rate } from '../core/token-bucket.ts';
import { answerProblem } from './app.ts';
import { problemOf } from './problem.ts';
import type { ApiCaller } from './route.ts';

/**
 * Limits per execution environment of the function: concurrent environments count separately. Anyone can get guest
 * identities for free, so all guests together have a limit too, which is below that of the API.
 */
export const CALLER_LIMITS = {
  user: { perSecond: 50, burst: 100 },
  guest: { perSecond: 10, burst: 30 },
  guests: { perSecond: 25, burst: 60 },
} as const satisfies Readonly<Record<string, Rate>>;

/** Callers of each kind whose buckets are remembered; a forgotten caller has a full bucket. */
const MAX_CALLERS = 5000;
const ALL_GUESTS = '';

export interface Throttled {
  /** The limit that was reached. */
  readonly limit: keyof typeof CALLER_LIMITS;
  readonly response: Response;
}

/** Counts a request. Gives the answer if it is over a limit: status 429 with Retry-After. */
export type AdmitCaller = (caller: Pick<ApiCaller, 'id' | 'isGuest'>) => Throttled | undefined;

/** `now`: epoch milliseconds. */
export function createCallerLimits(now: () => number): AdmitCaller {
  const buckets = {
    user: createRecent<Bucket>(MAX_CALLERS),
    guest: createRecent<Bucket>(MAX_CALLERS),
    guests: createRecent<Bucket>(1),
  };
  return ({ id, isGuest }) => {
    const at = now();
    const limits = isGuest
      ? ([
          ['guest', id],
          ['guests', ALL_GUESTS],
        ] as const)
      : ([['user', id]] as const);
    const found = limits.map(([limit, key]) => {
      const bucket = filled(CALLER_LIMITS[limit], buckets[limit].get(key), at);
      return { limit, key, bucket, wait: waitFor(CALLER_LIMITS[limit], bucket) };
    });
    const full = found.find(({ wait }) => wait > 0);
    // A refused request takes from no bucket, so that one guest over the limit leaves the others their share.
    for (const { limit, key, bucket } of found) buckets[limit].set(key, full ? bucket : taken(bucket));
    return full && throttled(full.limit, full.wait);
  };
}

const SUBJECTS = { user: 'You', guest: 'You', guests: 'All guests together' } as const;

function throttled(limit: Throttled['limit'], wait: number): Throttled {
  const { perSecond, burst } = CALLER_LIMITS[limit];
  const seconds = Math.ceil(wait / 1000);
  const rest = limit === 'user' ? '' : '; users who log in have a higher limit of their own';
  const detail = `${SUBJECTS[limit]} may make ${perSecond} requests a second, and ${burst} at once: try again in ${seconds} s${rest}`;
  return { limit, response: answerProblem(problemOf(429, detail), { 'retry-after': String(seconds) }) };
}
