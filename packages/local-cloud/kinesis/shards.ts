// The shards of a stream over its life: a stream whose number of shards changes goes on in new ones, each with its parents.

import { evenRanges, type HashRange } from './hash-key.ts';

export interface Shard {
  readonly number: number;
  readonly range: HashRange;
  /** Shards that had a part of this range before; their records come first. */
  readonly parents: readonly number[];
  /** A closed shard takes no more records. */
  readonly closed: boolean;
}

export const shardIdOf = (number: number): string => `shardId-${String(number).padStart(12, '0')}`;

const overlaps = (a: HashRange, b: HashRange) => a.start <= b.end && b.start <= a.end;

/**
 * The shards that a stream of `count` has after those of `before`: the same, when that is how many are open; else all are
 * closed, and as many as wanted are opened over the whole range.
 */
export function reshard(before: readonly Shard[], count: number): Shard[] {
  const open = before.filter(({ closed }) => !closed);
  if (open.length === count) return [...before];
  const first = (before.at(-1)?.number ?? -1) + 1;
  const next = evenRanges(count).map((range, n) => ({
    number: first + n,
    range,
    parents: open.filter((shard) => overlaps(shard.range, range)).map(({ number }) => number),
    closed: false,
  }));
  return [...before.map((shard) => ({ ...shard, closed: true })), ...next];
}

/** As it lies on disk: numbers of 128 bits are text in JSON. */
export function shardsText(shards: readonly Shard[]): string {
  return JSON.stringify(shards, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

export function shardsFromText(text: string): Shard[] {
  type Stored = Omit<Shard, 'range'> & { readonly range: { readonly start: string; readonly end: string } };
  return (JSON.parse(text) as Stored[]).map((shard) => ({
    ...shard,
    range: { start: BigInt(shard.range.start), end: BigInt(shard.range.end) },
  }));
}
