// What the login remembers between requests (sessions, codes, grants), in memory: after a restart people log in again.

import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Of all kinds together; beyond it the oldest is dropped, because anybody may begin a login. */
const MAX_ENTRIES = 5_000;
/** The lifetime of an entry for which oidc-provider gives none. */
const FALLBACK_SECONDS = 3_600;

type Entries = Map<string, Entry>;

/** The payload of an entry that has not expired; an expired one is removed. */
function live(entries: Entries, key: string, now: number): AdapterPayload | undefined {
  const found = entries.get(key);
  if (found && found.until > now) return found.payload;
  entries.delete(key);
  return undefined;
}

/** Makes room for one more entry: removes what has expired or, failing that, the oldest. */
function evict(entries: Entries, now: number): void {
  if (entries.size < MAX_ENTRIES) return;
  for (const [key, { until }] of entries) if (until <= now) entries.delete(key);
  const [oldest] = entries.keys();
  if (entries.size >= MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
}

function findByUid(entries: Entries, model: string, uid: string, now: number): AdapterPayload | undefined {
  for (const key of entries.keys()) {
    const payload = key.startsWith(`${model}:`) ? live(entries, key, now) : undefined;
    if (payload?.uid === uid) return payload;
  }
  return undefined;
}

/** An adapter for each model of oidc-provider, all over one bounded store. @param now epoch milliseconds */
export function createLoginMemory(now: () => number): (model: string) => Adapter {
  const entries: Entries = new Map();
  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`;
    return {
      async upsert(id, payload, expiresIn) {
        entries.delete(keyOf(id));
        evict(entries, now());
        entries.set(keyOf(id), { payload, until: now() + (expiresIn ?? FALLBACK_SECONDS) * 1000 });
      },
      find: async (id) => live(entries, keyOf(id), now()),
      findByUid: async (uid) => findByUid(entries, model, uid, now()),
      findByUserCode: async () => undefined,
      async consume(id) {
        const payload = live(entries, keyOf(id), now());
        if (payload) payload['consumed'] = Math.floor(now() / 1000);
      },
      async destroy(id) {
        entries.delete(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
      },
    };
  };
}
