// Counts what a rebuild reads and writes, and formats the result.

import type { FoldedArchive } from './fold-archive.ts';
import type { RebuildOptions } from './rebuild-options.ts';
import type { Written } from './rebuild-target.ts';

export interface RebuildCounts {
  read(folded: Pick<FoldedArchive, 'lines' | 'accepted'>): void;
  rejected(reason: string): void;
  /** Counts a file that could not be read to its end, with the reason. */
  fault(text: string): void;
  /** Counts a window that would have expired by now. */
  expired(windowStart: number): void;
  written(window: Written): void;
  /** The progress, in one line. */
  progress(): string;
  /** The result, in lines. */
  lines(files: number): string[];
  isWhole(): boolean;
}

interface Device {
  made: number;
  completed: number;
  added: number;
}

export function createRebuildCounts({ isDryRun, table, retentionDays }: RebuildOptions): RebuildCounts {
  const totals = {
    lines: 0,
    accepted: 0,
    windows: 0,
    made: 0,
    completed: 0,
    added: 0,
    refused: 0,
    full: 0,
    expired: 0,
  };
  const reasons = new Map<string, number>();
  const devices = new Map<string, Device>();
  const faults: string[] = [];
  let newest = -Infinity;

  function countOf(deviceId: string): Device {
    const found = devices.get(deviceId) ?? { made: 0, completed: 0, added: 0 };
    devices.set(deviceId, found);
    return found;
  }

  const madeOf = ({ made, completed, added }: Device) =>
    `${made} windows ${isDryRun ? 'would be made' : 'made'}, ${completed} completed, ${added} readings counted`;

  return {
    read({ lines, accepted }) {
      totals.lines += lines;
      totals.accepted += accepted;
    },
    rejected: (reason) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1),
    fault: (text) => void faults.push(text),
    expired: () => void (totals.expired += 1),
    written({ delta, isNew, added, refused }) {
      totals.windows += 1;
      newest = Math.max(newest, delta.windowStart);
      if (refused > 0) totals.full += 1;
      totals.refused += refused;
      if (added === 0) return;
      for (const counts of [totals, countOf(delta.deviceId)]) {
        counts[isNew ? 'made' : 'completed'] += 1;
        counts.added += added;
      }
    },
    progress() {
      const until = newest === -Infinity ? 'nothing yet' : `windows up to ${new Date(newest).toISOString()}`;
      return `${until}: ${totals.lines} lines read, ${madeOf(totals)}`;
    },
    lines(files) {
      const rejected = [...reasons].map(([reason, count]) => `, ${count} rejected: ${reason}`).join('');
      const sorted = [...devices].sort(([a], [b]) => (a < b ? -1 : 1));
      return [
        `${totals.lines} lines in ${files} files: ${totals.accepted} readings${rejected}`,
        ...faults.map(
          (fault) => `${fault}: not read to its end; mend or replace the file, and run this again`,
        ),
        ...(isDryRun ? sorted.map(([deviceId, counts]) => `${deviceId}: ${madeOf(counts)}`) : []),
        `${table}: ${madeOf(totals)}${isDryRun ? ' at most: nothing was written' : ''}; devices: ${devices.size}`,
        ...(totals.refused > 0
          ? [
              `${totals.refused} readings have no room in ${totals.full} full windows, as ingest would have rejected them`,
            ]
          : []),
        ...(totals.expired > 0
          ? [`${totals.expired} windows left out: after ${retentionDays} days they would have expired by now`]
          : []),
      ];
    },
    isWhole: () => faults.length === 0,
  };
}
