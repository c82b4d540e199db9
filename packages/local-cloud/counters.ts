// Running totals of what happened since the start, for the terminal line and the status page.

export interface Counters {
  readonly count: (name: string, by?: number) => void;
  get(name: string): number;
  all(): Readonly<Record<string, number>>;
}

export function createCounters(): Counters {
  const totals = new Map<string, number>();
  return {
    count: (name, by = 1) => totals.set(name, (totals.get(name) ?? 0) + by),
    get: (name) => totals.get(name) ?? 0,
    all: () => Object.fromEntries([...totals].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
