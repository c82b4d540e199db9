// Opens the adapters of ingest, for both functions that take readings.

import type { IngestPorts } from '../pipeline/ports.ts';
import { createDeviceStore } from './device-store.ts';
import { openDynamoDb } from './dynamodb-client.ts';
import type { IngestEnvironment } from './environment.ts';
import { createErrorStore } from './error-store.ts';
import { createMappingStore } from './mapping-store.ts';
import { openAlerts } from './open-alerts.ts';
import { openS3 } from './s3-client.ts';
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
  return {
    ...alerts,
    keepRejected: createErrorStore({ client: openS3(), bucket: errorsBucket }),
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
