// Opens the adapters of ingest, for both functions that take readings.

import type { IngestPorts } from '../pipeline/ports.ts';
import { createDeviceStore } from './device-store.ts';
import { openDynamoDb } from './dynamodb-client.ts';
import type { IngestEnvironment } from './environment.ts';
import { createOnDemand } from './load-on-demand.ts';
import { createMappingStore } from './mapping-store.ts';
import { openAlerts } from './open-alerts.ts';
import { createRollupStore } from './rollup-store.ts';
import { createWindowStore } from './window-store.ts';

/** `rememberedWindows`: how many windows an environment remembers between events, to save a write. */
export function openIngest(
  environment: IngestEnvironment,
  { rememberedWindows }: { readonly rememberedWindows?: number } = {},
): IngestPorts {
  const { windowsTable, fingerprintsTable, devicesTable, rulesTable, errorsBucket } = environment;
  const { windowRetentionDays: retentionDays, windowSeconds } = environment;
  const { rollupsTable, historyRetentionDays } = environment;
  const client = openDynamoDb();
  const alerts = openAlerts(environment, client);
  /** The S3 client is a quarter of what a cold start imports, and few environments ever reject a reading. */
  const errorStore = createOnDemand(async () =>
    (await import('./open-error-store.ts')).openErrorStore(errorsBucket),
  );
  return {
    ...alerts,
    async keepRejected(context, rejected, event) {
      if (rejected.length > 0) await (await errorStore())(context, rejected, event);
    },
    windows: createWindowStore({
      client,
      table: windowsTable,
      fingerprintsTable,
      retentionDays,
      windowSeconds,
      rememberedWindows,
    }),
    devices: createDeviceStore({ client, table: devicesTable }),
    rollups: createRollupStore({
      ...{ client, table: rollupsTable, now: alerts.now },
      ...{ retentionDays: historyRetentionDays, windowRetentionDays: retentionDays },
    }),
    mappings: createMappingStore({ client, table: rulesTable }),
  };
}
