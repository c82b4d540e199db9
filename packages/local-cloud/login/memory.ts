// What the login remembers between requests (sessions, codes, grants), in memory: after a restart people log in again.

import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Of all kinds together; beyond it the oldest goes. Anybody may begin a login. */
const MAX_ENTRIES = 5_000;
/** Of what oidc-provider gives no end. */
const FALLBACK_SECONDS = 3_600;

/** An adapter for each model of oidc-provider, all over one bounded store. */
export function createLoginMemory(now: () => number): (model: string) => Adapter {
  const entries = new Map<string, Entry>();
  const live = (key: string): AdapterPayload | undefined => {
    const found = entries.get(key);
    if (found && found.until > now()) return found.payload;
    entries.delete(key);
    return undefined;
  };
  function evict(): void {
    if (entries.size < MAX_ENTRIES) return;
    for (const [key, { until }] of entries) if (until <= now()) entries.delete(key);
    const [oldest] = entries.keys();
    if (entries.size >= MAX_ENTRIES && oldest !== undefined) entries.delete(oldest);
  }
  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`;
    const first = (fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
      for (const key of entries.keys()) {
        const payload = key.startsWith(`${model}:`) ? live(key) : undefined;
        if (payload && fits(payload)) return payload;
      }
      return undefined;
    };
    return {
      async upsert(id, payload, expiresIn) {
        entries.delete(keyOf(id));
        evict();
        entries.set(keyOf(id), { payload, until: now() + (expiresIn ?? FALLBACK_SECONDS) * 1000 });
      },
      find: async (id) => live(keyOf(id)),
      findByUid: async (uid) => first((payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      async consume(id) {
        const payload = live(keyOf(id));
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
