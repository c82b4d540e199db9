// Adds missing units to DevicesTable for devices whose windows were rebuilt.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Delta } from '../core/window.ts';
import { inParallel } from '../core/in-parallel.ts';
import { createDeviceStore } from '../adapters/device-store.ts';

export interface UnitNotes {
  note(delta: Delta): void;
  /**
   * Adds units for metrics without one, for existing devices only, so that removed devices do not come back. Rejects
   * with the SDK's error.
   */
  flush(): Promise<void>;
}

const AT_ONCE = 16;

/** Does nothing without a table or in a dry run. */
export function createUnitNotes(
  client: DynamoDBClient,
  { devicesTable, isDryRun = false }: { readonly devicesTable?: string; readonly isDryRun?: boolean },
): UnitNotes {
  if (devicesTable === undefined || isDryRun) return { note: () => {}, flush: async () => {} };
  const store = createDeviceStore({ client, table: devicesTable });
  const said = new Map<string, { readonly units: Record<string, string>; at: number }>();

  return {
    note({ deviceId, lastReadingAt, readings }) {
      for (const { metrics } of readings.values()) {
        for (const { name, unit } of metrics) {
          if (unit === undefined) continue;
          const known = said.get(deviceId) ?? { units: {}, at: lastReadingAt };
          known.units[name] = unit;
          known.at = Math.max(known.at, lastReadingAt);
          said.set(deviceId, known);
        }
      }
    },
    async flush() {
      await inParallel([...said], AT_ONCE, async ([deviceId, { units, at }]) => {
        const known = await store.load(deviceId);
        const missing = Object.entries(units).filter(
          ([metric]) => !Object.hasOwn(known?.units ?? {}, metric),
        );
        if (known && missing.length > 0) await store.noteUnits(deviceId, Object.fromEntries(missing), at);
      });
    },
  };
}
