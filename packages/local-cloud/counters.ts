// Running totals of what happened since the start, for the terminal line and the status page.

export interface Counters {
  readonly count: (name: string, by?: number) => void;
  get(name: string): number;
  all(): Readonly<Record<string, number>>;
  /** `refresh` adds what is counted elsewhere, before the totals are read. @returns a function that ends it */
  beforeRead(refresh: () => void): () => void;
}

export function createCounters(): Counters {
  const totals = new Map<string, number>();
  const refreshes = new Set<() => void>();
  const refresh = () => {
    for (const each of refreshes) each();
  };
  return {
    count: (name, by = 1) => totals.set(name, (totals.get(name) ?? 0) + by),
    get(name) {
      refresh();
      return totals.get(name) ?? 0;
    },
    all() {
      refresh();
      return Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    beforeRead(each) {
      refreshes.add(each);
      return () => void refreshes.delete(each);
    },
  };
}
