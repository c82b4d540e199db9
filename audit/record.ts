// Stores the result of an audit for each device, so that reports show what was checked and when.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createArchiveChecks } from '../adapters/archive-checks.ts';
import { DAY_MS, startOfDay, type ArchiveCheck } from '../core/archive-check.ts';
import { inParallel } from '../core/in-parallel.ts';

/** Newer data may differ because of the archive's delay, which is 300 s plus the time to write. */
const YOUNG_MS = 360_000;
const WRITES_AT_ONCE = 8;

export interface Compared {
  /** The starts of the archive's windows, by device. */
  readonly archived: ReadonlyMap<string, { keys(): Iterable<number> }>;
  readonly differing: readonly { readonly deviceId: string; readonly windowStart: number }[];
  /** Epoch milliseconds; half-open, like all spans. */
  readonly from: number;
  readonly to: number;
}

/** One check per device, of data older than the archive's delay; empty if there is none. */
export function checksOf({ archived, differing, from, to }: Compared, at: number): Map<string, ArchiveCheck> {
  const end = Math.min(to, at - YOUNG_MS);
  if (end <= from) return new Map();
  const first = startOfDay(from);
  const count = Math.ceil((end - first) / DAY_MS);
  const differingBy = Map.groupBy(differing, ({ deviceId }) => deviceId);
  return new Map(
    [...archived].map(([deviceId, windows]) => {
      const days = Array.from({ length: count }, (): [number, number] => [0, 0]);
      const add = (windowStart: number, which: 0 | 1) => {
        const day = windowStart < end ? days[Math.floor((windowStart - first) / DAY_MS)] : undefined;
        if (day) day[which] += 1;
      };
      for (const windowStart of windows.keys()) add(windowStart, 0);
      for (const { windowStart } of differingBy.get(deviceId) ?? []) add(windowStart, 1);
      return [deviceId, { at, from, to: end, days }];
    }),
  );
}

export interface RecordOptions {
  readonly historyTable: string;
  readonly retentionDays: number;
}

/** Reports what it wrote in a line. Rejects with DynamoDB's error. */
export async function recordChecks(
  client: DynamoDBClient,
  { historyTable: table, retentionDays }: RecordOptions,
  compared: Compared,
  { say, now }: { readonly say: (line: string) => void; readonly now: number },
): Promise<void> {
  const checks = checksOf(compared, now);
  const store = createArchiveChecks({ client, table, retentionDays });
  await inParallel([...checks], WRITES_AT_ONCE, async ([deviceId, check]) => store.record(deviceId, check));
  const [check] = checks.values();
  say(
    check
      ? `recorded for the reports of ${checks.size} ${checks.size === 1 ? 'device' : 'devices'}, until ${new Date(check.to).toISOString()}`
      : 'not recorded for reports: all of it is younger than six minutes, and the archive lags',
  );
}
