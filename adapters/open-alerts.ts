// Puts the parts of alerts together over the real services, for the functions that judge and tell.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { defaultRules } from '../core/rule-data.ts';
import { createAlertHistory } from './alert-history.ts';
import { createAlertStore, type AlertStore, type OpenAlerts } from './alert-store.ts';
import type { AlertEnvironment } from './environment.ts';
import { createNotifier } from './notifier.ts';
import { createPaying, type Paying } from '../pipeline/deliver.ts';
import { createRuleStore, type RuleStore } from './rule-store.ts';
import { openSns } from './sns-client.ts';
import { createStormGuard } from './storm-guard.ts';

export interface AlertParts {
  readonly alerts: AlertStore & OpenAlerts;
  readonly rules: RuleStore;
  readonly paying: Paying;
}

export function openAlerts(
  environment: AlertEnvironment,
  client: DynamoDBClient,
  now: () => number,
): AlertParts {
  const { alertsTable, alertHistoryTable, alertsTopicArn, windowRetentionDays } = environment;
  const alerts = createAlertStore({ client, table: alertsTable });
  const history = createAlertHistory({
    client,
    table: alertHistoryTable,
    retentionDays: windowRetentionDays,
  });
  const page = environment.dashboardOrigin;
  const notifier = createNotifier({ client: openSns(), topicArn: alertsTopicArn, page });
  const guard = createStormGuard({ client, table: alertsTable, perMinute: environment.alertsPerMinute, now });
  const defaults = defaultRules(environment);
  return {
    alerts,
    rules: createRuleStore({ client, table: environment.rulesTable, defaults }),
    paying: createPaying({ alerts, history, notifier, guard, now }),
  };
}
