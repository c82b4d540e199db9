// Opens the adapters for judging and delivering alerts.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRefreshing } from '../core/recent.ts';
import { defaultRules } from '../core/rule-data.ts';
import type { AlertPorts } from '../pipeline/ports.ts';
import { createAlertHistory } from './alert-history.ts';
import { createAlertStore } from './alert-store.ts';
import type { AlertEnvironment } from './environment.ts';
import { createNotifier } from './notifier.ts';
import { createListRecipients } from './recipients.ts';
import { createRuleStore } from './rule-store.ts';
import { openSns } from './sns-client.ts';
import { createRateLimit } from './rate-limit.ts';

/** SNS allows 30 such calls a second for the whole account. */
const RECIPIENTS_MS = 10_000;

export function openAlerts(environment: AlertEnvironment, client: DynamoDBClient): AlertPorts {
  const { alertsTable, alertHistoryTable, rulesTable, alertsTopicArn, alertsPerMinute } = environment;
  const { historyRetentionDays: retentionDays, dashboardOrigin: page, timeZone } = environment;
  const now = () => Date.now();
  const sns = openSns();
  return {
    alerts: createAlertStore({ client, table: alertsTable }),
    history: createAlertHistory({ client, table: alertHistoryTable, retentionDays }),
    rules: createRuleStore({ client, table: rulesTable, defaults: defaultRules(environment) }),
    notifier: createNotifier({ client: sns, topicArn: alertsTopicArn, settings: { page, timeZone } }),
    listRecipients: createRefreshing(createListRecipients({ client: sns, topicArn: alertsTopicArn }), {
      ...{ forMs: RECIPIENTS_MS, now },
    }),
    rateLimit: createRateLimit({ client, table: alertsTable, perMinute: alertsPerMinute, now }),
    now,
  };
}
