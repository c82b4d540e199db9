// Puts the parts of ingestion together over the real services, for both functions that take readings.

import { S3Client } from '@aws-sdk/client-s3';
import { createAlerting } from '../pipeline/judge.ts';
import { createDeviceStore } from './device-store.ts';
import { openDynamoDb } from './dynamodb-client.ts';
import type { IngestEnvironment } from './environment.ts';
import { createErrorStore } from './error-store.ts';
import { createIngestion, type Ingest } from '../pipeline/ingest.ts';
import { openAlerts } from './open-alerts.ts';
import { createRemembering } from '../core/recent.ts';
import { createRecentRules } from './rule-store.ts';
import { createWindowStore } from './window-store.ts';

/** Devices report all the time and are rarely in alarm, so most messages need no look at the alerts table. */
const CALM_SECONDS = 10;
/** How long a changed rule may take until it is judged by. */
const RULES_SECONDS = 30;
/** How long what the registry says of a device is taken for known, where rules match by it. */
const DEVICE_SECONDS = 60;
const KNOWN_DEVICES = 10_000;

/** `rememberedWindows`: how many windows an environment keeps in mind between events, to save a write. */
export function openIngestion(
  environment: IngestEnvironment,
  options: { readonly callsAtOnce: number; readonly rememberedWindows?: number },
): Ingest {
  const { callsAtOnce, rememberedWindows } = options;
  const dynamodb = openDynamoDb();
  const windows = createWindowStore({
    client: dynamodb,
    table: environment.windowsTable,
    retentionDays: environment.windowRetentionDays,
    rememberedWindows,
  });
  const now = () => Date.now();
  const devices = createDeviceStore({ client: dynamodb, table: environment.devicesTable });
  const { alerts, rules, paying } = openAlerts(environment, dynamodb, now);
  const judgeWindows = createAlerting({
    rules: createRecentRules(rules, { seconds: RULES_SECONDS, now }),
    alerts,
    device: createRemembering(async (deviceId) => devices.load(deviceId), {
      limit: KNOWN_DEVICES,
      forMs: DEVICE_SECONDS * 1000,
      now,
    }),
    windows,
    paying,
    now,
    calmFor: Math.min(environment.windowSeconds, CALM_SECONDS) * 1000,
  });
  const keepRejected = createErrorStore({ client: new S3Client(), bucket: environment.errorsBucket });
  return createIngestion({
    keepRejected,
    windows,
    devices,
    judgeWindows,
    windowSeconds: environment.windowSeconds,
    callsAtOnce,
  });
}
