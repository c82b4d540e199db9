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

interface Totals extends Made {
  lines: number;
  accepted: number;
  windows: number;
  refused: number;
  full: number;
  expired: number;
}

interface Made {
  made: number;
  completed: number;
  added: number;
}

const madeText = ({ made, completed, added }: Made, { isDryRun }: Pick<RebuildOptions, 'isDryRun'>) =>
  `${made} windows ${isDryRun ? 'would be made' : 'made'}, ${completed} completed, ${added} readings counted`;

interface Counted {
  readonly files: number;
  readonly totals: Readonly<Totals>;
  readonly reasons: ReadonlyMap<string, number>;
  readonly devices: ReadonlyMap<string, Made>;
  readonly faults: readonly string[];
}

function resultLines(
  options: RebuildOptions,
  { files, totals, reasons, devices, faults }: Counted,
): string[] {
  const { isDryRun, table, retentionDays } = options;
  const rejected = [...reasons].map(([reason, count]) => `, ${count} rejected: ${reason}`).join('');
  const sorted = [...devices].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${totals.lines} lines in ${files} files: ${totals.accepted} readings${rejected}`,
    ...faults.map((fault) => `${fault}: not read to its end; repair or replace the file, and run this again`),
    ...(isDryRun ? sorted.map(([deviceId, made]) => `${deviceId}: ${madeText(made, options)}`) : []),
    `${table}: ${madeText(totals, options)}${isDryRun ? ' at most: nothing was written' : ''}; devices: ${devices.size}`,
    ...(totals.refused > 0
      ? [
          `${totals.refused} readings have no room in ${totals.full} full windows, as ingest would have rejected them`,
        ]
      : []),
    ...(totals.expired > 0
      ? [`${totals.expired} windows left out: after ${retentionDays} days they would have expired by now`]
      : []),
  ];
}

const nothing = (): Totals => ({
  ...{ lines: 0, accepted: 0, windows: 0, made: 0, completed: 0, added: 0 },
  ...{ refused: 0, full: 0, expired: 0 },
});

export function createRebuildCounts(options: RebuildOptions): RebuildCounts {
  const totals = nothing();
  const reasons = new Map<string, number>();
  const devices = new Map<string, Made>();
  const faults: string[] = [];
  let newest = -Infinity;

  function countOf(deviceId: string): Made {
    const found = devices.get(deviceId) ?? { made: 0, completed: 0, added: 0 };
    devices.set(deviceId, found);
    return found;
  }

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
      return `${until}: ${totals.lines} lines read, ${madeText(totals, options)}`;
    },
    lines: (files) => resultLines(options, { files, totals, reasons, devices, faults }),
    isWhole: () => faults.length === 0,
  };
}
