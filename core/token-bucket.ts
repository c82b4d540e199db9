// How often somebody may do something: a bucket of tokens that fills at a rate, of which each time takes one.

export interface Rate {
  /** Tokens a second, over a long time. */
  readonly perSecond: number;
  /** Tokens at once, at most. */
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  /** When it had so many; epoch milliseconds. */
  readonly at: number;
}

/** Without a bucket so far, it is full. A clock that stepped back fills nothing. */
export function filled({ perSecond, burst }: Rate, bucket: Bucket | undefined, now: number): Bucket {
  if (!bucket) return { tokens: burst, at: now };
  const grown = bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond;
  return { tokens: Math.min(burst, grown), at: now };
}

/** Milliseconds until there is a token; 0 when there is one. */
export function waitFor({ perSecond }: Rate, { tokens }: Bucket): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000);
}

export const taken = ({ tokens, at }: Bucket): Bucket => ({ tokens: tokens - 1, at });
