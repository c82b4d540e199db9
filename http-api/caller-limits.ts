// How many requests each caller may make, so that nobody keeps others waiting, and guests never keep users waiting.

import { createRecent } from '../core/recent.ts';
import { filled, taken, waitFor, type Bucket, type Rate } from '../core/token-bucket.ts';
import { answerProblem } from './app.ts';
import { problemOf } from './problem.ts';
import type { ApiCaller } from './route.ts';

/**
 * Of one execution environment of the function: of several at once each counts for itself. Whoever calls gets an identity as
 * a guest for nothing, so that all guests together have a limit too, which is below what the API takes.
 */
export const CALLER_LIMITS = {
  user: { perSecond: 50, burst: 100 },
  guest: { perSecond: 10, burst: 30 },
  guests: { perSecond: 25, burst: 60 },
} as const satisfies Readonly<Record<string, Rate>>;

/** Callers whose buckets are remembered, of each kind; who is forgotten has a full one. */
const MAX_CALLERS = 5000;
const ALL_GUESTS = '';

export interface Throttled {
  /** Whose limit it is. */
  readonly limit: keyof typeof CALLER_LIMITS;
  readonly response: Response;
}

/** Counts a request; gives the answer where it is one too many, which is status 429 with Retry-After. */
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
    const asked = isGuest
      ? ([
          ['guest', id],
          ['guests', ALL_GUESTS],
        ] as const)
      : ([['user', id]] as const);
    const found = asked.map(([limit, key]) => {
      const bucket = filled(CALLER_LIMITS[limit], buckets[limit].get(key), at);
      return { limit, key, bucket, wait: waitFor(CALLER_LIMITS[limit], bucket) };
    });
    const full = found.find(({ wait }) => wait > 0);
    // A request that is refused takes from no bucket: one guest who asks too often leaves the others theirs.
    for (const { limit, key, bucket } of found) buckets[limit].set(key, full ? bucket : taken(bucket));
    return full && throttled(full.limit, full.wait);
  };
}

const subjects = { user: 'You', guest: 'You', guests: 'All guests together' } as const;

function throttled(limit: Throttled['limit'], wait: number): Throttled {
  const { perSecond, burst } = CALLER_LIMITS[limit];
  const seconds = Math.ceil(wait / 1000);
  const rest = limit === 'user' ? '' : '; who logs in has a limit of their own, which is higher';
  const detail = `${subjects[limit]} may make ${perSecond} requests a second, and ${burst} at once: ask again in ${seconds} s${rest}`;
  return { limit, response: answerProblem(problemOf(429, detail), { 'retry-after': String(seconds) }) };
}
