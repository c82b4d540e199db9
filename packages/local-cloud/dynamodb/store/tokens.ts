// The client tokens of the last ten minutes' transactions, which identify a repeated request.

import type { Database } from './database.ts';

export interface Tokens {
  /** The digest that was kept with the token, while the token is valid. Times are milliseconds since the epoch. */
  get(token: string, now: number): string | undefined;
  set(token: string, digest: string, now: number): void;
}

/** Ten minutes, as in DynamoDB. */
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
