// DynamoDB limits what one update may carry, so a delta of many readings or metrics is applied in parts.

import type { Reading } from '../core/reading.ts';
import { partOf, type Delta } from '../core/window.ts';

/** An update expression is 4 KB at most: as many metrics as a single reading has. */
const MAX_METRICS = 32;
/** A condition may have 300 operators: 2 a reading, 4 a metric, 13 for the rest, and some to spare. It is under 4 KB then, too. */
const MAX_OPERATORS = 250;
/** Their fingerprints fill 32 KB of an item, which may have 400. */
const MAX_READINGS = 4000;

/** Parts of which each can be counted by one update; the delta itself where it can. */
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

/** Whether one condition can name the fingerprints of all its readings. */
export const isNameable = ({ readings, metrics }: Delta) =>
  readings.size * 2 + metrics.size * 4 <= MAX_OPERATORS;
