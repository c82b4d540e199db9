// Opens what judging and delivering alerts needs, for the functions that do.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { defaultRules } from '../core/rule-data.ts';
import type { AlertPorts } from '../pipeline/ports.ts';
import { createAlertHistory } from './alert-history.ts';
import { createAlertStore } from './alert-store.ts';
import type { AlertEnvironment } from './environment.ts';
import { createNotifier } from './notifier.ts';
import { createRuleStore } from './rule-store.ts';
import { openSns } from './sns-client.ts';
import { createStormGuard } from './storm-guard.ts';

export function openAlerts(environment: AlertEnvironment, client: DynamoDBClient): AlertPorts {
  const { alertsTable, alertHistoryTable, rulesTable, alertsTopicArn, alertsPerMinute } = environment;
  const { historyRetentionDays: retentionDays, dashboardOrigin: page, timeZone } = environment;
  const now = () => Date.now();
  return {
    alerts: createAlertStore({ client, table: alertsTable }),
    history: createAlertHistory({ client, table: alertHistoryTable, retentionDays }),
    rules: createRuleStore({ client, table: rulesTable, defaults: defaultRules(environment) }),
    notifier: createNotifier({ client: openSns(), topicArn: alertsTopicArn, settings: { page, timeZone } }),
    guard: createStormGuard({ client, table: alertsTable, perMinute: alertsPerMinute, now }),
    now,
  };
}
