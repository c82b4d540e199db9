// Splits a delta of many readings or metrics into parts, because DynamoDB limits the size of an update.

import type { Reading } from '../core/reading.ts';
import { partOf, type Delta } from '../core/window.ts';

/** An update expression has at most 4 KB. This is also the most metrics that a reading can have. */
const MAX_METRICS = 32;
/**
 * A condition may have 300 operators: 2 per reading, 4 per metric, 13 for the rest, and some to spare. It also stays
 * under 4 KB.
 */
const MAX_OPERATORS = 250;
/** Their fingerprints take 32 KB of an item, which may have 400 KB. */
const MAX_READINGS = 4000;

/** Parts that one update can count each; the delta itself if it fits. */
export function partsOf(delta: Delta): readonly Delta[] {
  if (delta.readings.size <= MAX_READINGS && delta.metrics.size <= MAX_METRICS) return [delta];
  const parts: Reading[][] = [];
  let names = new Set<string>();
  for (const reading of delta.readings.values()) {
    const own = reading.metrics.map(({ name }) => name);
    const grown = new Set([...names, ...own]);
    const part = parts.at(-1);
    if (part && part.length < MAX_READINGS && grown.size <= MAX_METRICS) {
      part.push(reading);
      names = grown;
    } else {
      parts.push([reading]);
      names = new Set(own);
    }
  }
  return parts.map((readings) => partOf(delta, readings));
}

/** Whether one condition can list the fingerprints of all its readings. */
export const isNameable = ({ readings, metrics }: Delta) =>
  readings.size * 2 + metrics.size * 4 <= MAX_OPERATORS;
