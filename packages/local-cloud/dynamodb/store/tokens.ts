// The client tokens of transactions of the last ten minutes, by which a repeated request is known.

import type { Database } from './database.ts';

export interface Tokens {
  /** What was kept with the token, if it is known still. Times are milliseconds since the epoch. */
  get(token: string, now: number): string | undefined;
  set(token: string, digest: string, now: number): void;
}

/** DynamoDB's own time. */
const KEPT_MS = 600_000;

export function createTokens({ sql, beginWrite }: Database): Tokens {
  const select = sql.prepare('SELECT digest FROM tokens WHERE token = ? AND since > ?');
  return {
    get: (token, now) => select.get(token, now - KEPT_MS)?.['digest'] as string | undefined,
    set(token, digest, now) {
      beginWrite();
      sql.prepare('DELETE FROM tokens WHERE since <= ?').run(now - KEPT_MS);
      sql.prepare('INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)').run(token, digest, now);
    },
  };
}
