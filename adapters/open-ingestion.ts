// Puts the parts of ingestion together over the real services, for both functions that take readings.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { defaultRules } from '../core/alert-rule.ts';
import { createAlertStore } from './alert-store.ts';
import { createAlerting } from './alerting.ts';
import { createDeviceStore } from './device-store.ts';
import type { IngestEnvironment } from './environment.ts';
import { createErrorStore } from './error-store.ts';
import { createIngestion, type Ingest } from './ingestion.ts';
import { createNotifier } from './notifier.ts';
import { createPaying } from './paying.ts';
import { createRecentRules, createRuleStore } from './rule-store.ts';
import { createWindowStore } from './window-store.ts';

/** Devices report all the time and are rarely in alarm, so most messages need no look at the alerts table. */
const CALM_SECONDS = 10;
/** How long a changed rule may take until it is judged by. */
const RULES_SECONDS = 30;

/** `rememberedWindows`: how many windows an environment keeps in mind between events, to save a write. */
export function openIngestion(
  environment: IngestEnvironment,
  options: { readonly callsAtOnce: number; readonly rememberedWindows?: number },
): Ingest {
  const { callsAtOnce, rememberedWindows } = options;
  const dynamodb = new DynamoDBClient();
  const windows = createWindowStore({
    client: dynamodb,
    table: environment.windowsTable,
    retentionDays: environment.windowRetentionDays,
    rememberedWindows,
  });
  const now = () => Date.now();
  const alerts = createAlertStore({ client: dynamodb, table: environment.alertsTable });
  const notify = createNotifier({ client: new SNSClient(), topicArn: environment.alertsTopicArn });
  const rules = createRuleStore({
    client: dynamodb,
    table: environment.rulesTable,
    defaults: defaultRules(environment),
  });
  const judgeWindows = createAlerting({
    rules: createRecentRules(rules, { seconds: RULES_SECONDS, now }),
    alerts,
    windows,
    pay: createPaying({ alerts, notify, now }),
    now,
    calmFor: Math.min(environment.windowSeconds, CALM_SECONDS) * 1000,
  });
  const keepRejected = createErrorStore({ client: new S3Client(), bucket: environment.errorsBucket });
  return createIngestion({
    keepRejected,
    windows,
    devices: createDeviceStore({ client: dynamodb, table: environment.devicesTable }),
    judgeWindows,
    windowSeconds: environment.windowSeconds,
    callsAtOnce,
  });
}
