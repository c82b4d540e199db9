// A rate limit: a bucket of tokens that fills at a fixed rate, and each use takes one.

export interface Rate {
  /** Tokens per second in the long run. */
  readonly perSecond: number;
  /** Maximum number of tokens at once. */
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  /** The time of that count; epoch milliseconds. */
  readonly at: number;
}

/** A new bucket is full. A clock that stepped back adds nothing. */
export function filled({ perSecond, burst }: Rate, bucket: Bucket | undefined, now: number): Bucket {
  if (!bucket) return { tokens: burst, at: now };
  const grown = bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond;
  return { tokens: Math.min(burst, grown), at: now };
}

/** Milliseconds until there is a token; 0 if there is one. */
export function waitFor({ perSecond }: Rate, { tokens }: Bucket): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000);
}

export const taken = ({ tokens, at }: Bucket): Bucket => ({ tokens: tokens - 1, at });
