// Collects the units that messages give, by device.

import type { ParsedMessage } from '../core/message.ts';

export interface ReportedUnits {
  /** By metric. */
  readonly units: Readonly<Record<string, string>>;
  /** When the last of the messages arrived, epoch milliseconds. */
  readonly at: number;
}

/** By device, only those with units. Of two units of one metric, the one that arrived later. */
export function unitsIn(messages: readonly ParsedMessage[]): ReadonlyMap<string, ReportedUnits> {
  const found = new Map<string, { units: Record<string, string>; at: number }>();
  const inOrder = messages.toSorted((a, b) => (a.context?.receivedAt ?? 0) - (b.context?.receivedAt ?? 0));
  for (const { accepted, context } of inOrder) {
    for (const { deviceId, metrics } of accepted) {
      for (const { name, unit } of metrics) {
        if (unit === undefined) continue;
        const known = found.get(deviceId) ?? { units: {}, at: 0 };
        known.units[name] = unit;
        known.at = context?.receivedAt ?? 0;
        found.set(deviceId, known);
      }
    }
  }
  return found;
}
