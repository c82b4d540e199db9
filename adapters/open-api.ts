// Opens the adapters for the routes of the HTTP API.

import { defaultRules } from '../core/rule-data.ts';
import type { ApiPorts } from '../pipeline/api-ports.ts';
import { createAlertHistory } from './alert-history.ts';
import { createAlertStore } from './alert-store.ts';
import { createArchiveChecks } from './archive-checks.ts';
import { createDeviceRows } from './device-rows.ts';
import { createDeviceStore } from './device-store.ts';
import { openDynamoDb } from './dynamodb-client.ts';
import { createErrorBucket } from './error-bucket.ts';
import type { ApiEnvironment } from './environment.ts';
import { createFleetSnapshots } from './fleet-snapshots.ts';
import { createIngestAgain } from './ingest-again.ts';
import { openLambda } from './lambda-client.ts';
import { createLastMessages } from './last-messages.ts';
import { createMappingStore } from './mapping-store.ts';
import { createLearnedItems } from './learned-items.ts';
import { createLearnedStore } from './learned-store.ts';
import { createPresenceLog } from './presence-log.ts';
import { createRuleStore } from './rule-store.ts';
import { createListRecipients } from './recipients.ts';
import { openS3 } from './s3-client.ts';
import { createSealedDays } from './seal-store.ts';
import { openSns } from './sns-client.ts';
import { createWindowHistory } from './window-history.ts';
import { createWindowsBefore } from './windows-before.ts';

/** API Gateway waits 29 seconds. */
const LAST_MESSAGES_MS = 5000;

export function openApi(environment: ApiEnvironment): ApiPorts {
  const { windowsTable, rollupsTable, devicesTable, rulesTable, alertsTable, alertHistoryTable } =
    environment;
  const {
    rawBucket,
    parsedBucket,
    errorsBucket,
    ingestFunction,
    alertsTopicArn,
    windowSeconds,
    historyRetentionDays: retentionDays,
  } = environment;
  const client = openDynamoDb();
  const s3 = openS3();
  const now = () => Date.now();
  return {
    windows: createWindowHistory({ client, table: windowsTable, rollupsTable, windowSeconds, now }),
    archive: createDeviceRows({ client: s3, bucket: parsedBucket }),
    fleet: createFleetSnapshots({ client, table: rollupsTable }),
    devices: createDeviceStore({ client, table: devicesTable }),
    rules: createRuleStore({ client, table: rulesTable, defaults: defaultRules(environment) }),
    mappings: createMappingStore({ client, table: rulesTable }),
    lastMessages: createLastMessages({ client: s3, bucket: rawBucket, now, maxMs: LAST_MESSAGES_MS }),
    seals: createSealedDays({ client: s3, bucket: rawBucket }),
    errors: createErrorBucket({ client: s3, bucket: errorsBucket }),
    ingestAgain: createIngestAgain({ client: openLambda(), functionName: ingestFunction }),
    windowsBefore: createWindowsBefore({ client, table: windowsTable }),
    learnedStore: createLearnedStore({ client, table: alertsTable }),
    learnedItems: createLearnedItems({ client, table: alertsTable }),
    listRecipients: createListRecipients({ client: openSns(), topicArn: alertsTopicArn }),
    alerts: createAlertStore({ client, table: alertsTable }),
    history: createAlertHistory({ client, table: alertHistoryTable, retentionDays }),
    presence: createPresenceLog({ client, table: alertHistoryTable }),
    checks: createArchiveChecks({ client, table: alertHistoryTable, retentionDays }),
    now,
  };
}
