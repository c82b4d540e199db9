// Checks that both regions together have everything: each archive against its windows, and their union against the acknowledged messages.

import { Decimal } from 'decimal.js';
import { readArchive, readTables, type StoredWindow } from '../chaos/evidence.ts';
import { recompute, windowKey, type Recomputed } from '../chaos/recompute.ts';
import { judgeWindows } from '../chaos/verdict.ts';
import type { Region } from './regions.ts';

export interface RegionEvidence {
  readonly region: string;
  readonly archive: readonly string[];
  readonly windows: readonly StoredWindow[];
}

export interface Judgement {
  /** Acknowledged messages that are in neither archive. */
  readonly lost: readonly string[];
  /** Windows that differ from those recomputed from the archives. */
  readonly findings: readonly string[];
  /** By name; the JSON of a report has them under this name. */
  readonly figures: Readonly<Record<string, number>>;
}

export async function readEvidence({ name, stack }: Region): Promise<RegionEvidence> {
  const { windows } = await readTables(stack);
  return { region: name, archive: readArchive(stack), windows };
}

/** The readings of all windows with the same key, in both regions. */
function readingsOf(evidence: readonly RegionEvidence[]): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const { deviceId, windowStart, numbers } of evidence.flatMap(({ windows }) => windows)) {
    const key = windowKey(deviceId, windowStart);
    sums.set(key, (sums.get(key) ?? new Decimal(0)).plus(numbers.get('readings') ?? 0));
  }
  return sums;
}

/**
 * A message whose acknowledgement was lost with the first region is sent again to the second, and each region counts its
 * readings once. So the windows together hold the union, plus a second count of what is in both.
 */
function judgeUnion(evidence: readonly RegionEvidence[], union: Recomputed, single: readonly Recomputed[]) {
  const stored = readingsOf(evidence);
  const archived = (key: string) =>
    single.reduce((sum, { windows }) => sum + (windows.get(key)?.readings ?? 0), 0);
  const findings: string[] = [];
  let twice = 0;
  for (const [key, { readings }] of union.windows) {
    twice += archived(key) - readings;
    const found = stored.get(key)?.toNumber() ?? 0;
    if (found !== archived(key))
      findings.push(
        `window ${key} has ${found} readings in both regions, not the ${archived(key)} of the archives`,
      );
  }
  return { findings, twice };
}

/** @param acknowledged the keys of all devices' acknowledged messages */
export function judge(evidence: readonly RegionEvidence[], acknowledged: ReadonlySet<string>): Judgement {
  const single = evidence.map(({ archive }) => recompute(archive));
  const union = recompute(evidence.flatMap(({ archive }) => archive));
  const own = evidence.flatMap(({ region, windows }, index) =>
    judgeWindows(windows, single[index]!).map(({ text }) => `${region}: ${text}`),
  );
  const { findings, twice } = judgeUnion(evidence, union, single);
  return {
    lost: [...acknowledged].filter((key) => !union.keys.has(key)),
    findings: [...own, ...findings],
    figures: {
      acknowledged: acknowledged.size,
      'readings of both archives': union.readings,
      'of them in both regions': twice,
      ...Object.fromEntries(evidence.map(({ region, windows }) => [`windows in ${region}`, windows.length])),
    },
  };
}
