// The product's fold as contender: with all checks of ingest, exact sums, and each reading counted once.

import assert from 'node:assert/strict';
import { foldArchive, type FoldedWindow } from '../audit/fold-archive.ts';
import { parseArchiveLine } from '../core/archive/careful-line.ts';
import type { Reading } from '../core/reading.ts';
import { foldReadings, type Aggregate, type Delta } from '../core/window.ts';
import { chunksOf, linesOf, WINDOW_MILLISECONDS } from './fold-input.ts';
import type { FoldOutcome, MetricOutcome } from './fold-outcome.ts';
import type { Fold } from './fold-peer.ts';

const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const windowSeconds = WINDOW_MILLISECONDS / 1000;
/** A tenth, in units of the decimal type. */
const TENTH = 1e14;

const fold = (file: string) =>
  foldArchive(chunksOf(file), {
    ...limits,
    windowSeconds,
    onRejected: ({ line, rejection }) => assert.fail(`line ${line} is rejected: ${rejection.detail}`),
  });

/** Produces windows, as DuckDB and the others do. */
export const foldToWindows: Fold = async (file) => outcomeOf((await fold(file)).windows());

/** Produces what a replay applies to the table: deltas with the fingerprints of all readings. */
export const foldToDeltas: Fold = async (file) => outcomeOf((await fold(file)).deltas());

/** Like ingest: parses and checks every line, adds fingerprints, and folds. */
export const foldCarefully: Fold = (file) => outcomeOf(foldReadings(readingsOf(file), windowSeconds));

function* readingsOf(file: string): Generator<Reading> {
  for (const line of linesOf(file)) yield* parseArchiveLine(line, limits).accepted;
}

function outcomeOf(windows: Iterable<FoldedWindow | Delta>): FoldOutcome {
  let count = 0;
  let readings = 0;
  const temperature = { sum: 0, min: 0, max: 0 };
  const humidity = { sum: 0, min: 0, max: 0 };
  for (const window of windows) {
    count += 1;
    readings += typeof window.readings === 'number' ? window.readings : window.readings.size;
    add(temperature, window.metrics.get('temperature')!);
    add(humidity, window.metrics.get('humidity')!);
  }
  return { windows: count, readings, temperature, humidity };
}

function add(total: { -readonly [Name in keyof MetricOutcome]: number }, { sum, min, max }: Aggregate): void {
  total.sum += tenths(sum);
  total.min += tenths(min);
  total.max += tenths(max);
}

/** Exact, since the inputs have no more decimals, and a double's error is far smaller than one unit. */
function tenths(decimal: bigint): number {
  return Math.round(Number(decimal) / TENTH);
}
