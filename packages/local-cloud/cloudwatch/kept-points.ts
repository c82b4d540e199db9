// Caches the newest stored points of one metric: alarms read the same minutes every minute, and the file is slower.

import { merge } from './meter.ts';
import type { Point } from './metric-file.ts';

export interface KeptPoints {
  /** Minutes since the epoch; `from` is included, `to` is not. In the order of their minutes. */
  points(from: number, to: number): readonly Point[];
  /** What has been written to the file since. */
  add(points: readonly Point[]): void;
}

/** Eight days, because an alarm reads seven at most. Older points are read from the file. */
const MOST_MINUTES = 11_520;

/** Adds to `points`, which are in the order of their minutes. New points are nearly always the last. */
export function mergePoint(points: Point[], point: Point): void {
  const { minute } = point;
  const place = points.findLastIndex((each) => each.minute <= minute);
  if (points[place]?.minute === minute) points[place] = { minute, ...merge(points[place], point) };
  else points.splice(place + 1, 0, point);
}

/** @param read from the file, as `points` */
export function keepPoints(read: (from: number, to: number) => Point[]): KeptPoints {
  /** All stored points from this minute on; Infinity while nothing is kept. */
  let keptFrom = Infinity;
  let kept: Point[] = [];
  /** Minutes before the newest point that were read; older ones are dropped. */
  let span = 0;

  function between(from: number, to: number): readonly Point[] {
    const first = kept.findIndex(({ minute }) => minute >= from);
    if (first < 0) return [];
    const end = kept.findLastIndex(({ minute }) => minute < to) + 1;
    return kept.slice(first, Math.max(first, end));
  }

  return {
    points(from, to) {
      if (to - from > MOST_MINUTES) return read(from, to);
      if (from < keptFrom) {
        if (keptFrom - from > MOST_MINUTES && keptFrom < Infinity) return read(from, to);
        kept = read(from, Infinity);
        keptFrom = from;
      }
      span = Math.max(span, to - from);
      return between(from, to);
    },
    add(points) {
      if (keptFrom === Infinity) return;
      for (const point of points) if (point.minute >= keptFrom) mergePoint(kept, point);
      const newest = kept.at(-1)?.minute ?? keptFrom;
      const oldest = newest - span - 1;
      if (oldest <= keptFrom) return;
      keptFrom = oldest;
      const first = kept.findIndex(({ minute }) => minute >= oldest);
      kept = first < 0 ? [] : kept.slice(first);
    },
  };
}
