// Opens the adapters for judging and delivering alerts.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRefreshing } from '../core/recent.ts';
import { defaultRules } from '../core/rule-data.ts';
import type { AlertPorts } from '../pipeline/ports.ts';
import { createAlertHistory } from './alert-history.ts';
import { createAlertStore } from './alert-store.ts';
import type { AlertEnvironment } from './environment.ts';
import { createOnDemand } from './load-on-demand.ts';
import { createRuleStore } from './rule-store.ts';
import { createRateLimit } from './rate-limit.ts';

/** SNS allows 30 such calls a second for the whole account. */
const RECIPIENTS_MS = 10_000;

export function openAlerts(environment: AlertEnvironment, client: DynamoDBClient): AlertPorts {
  const { alertsTable, alertHistoryTable, rulesTable, alertsTopicArn, alertsPerMinute } = environment;
  const { historyRetentionDays: retentionDays, dashboardOrigin: page, timeZone } = environment;
  const now = () => Date.now();
  /** Few messages make an alert, and the SNS client need not be in each cold start. */
  const sns = createOnDemand(async () =>
    (await import('./open-notifier.ts')).openNotifier(alertsTopicArn, { page, timeZone }),
  );
  return {
    alerts: createAlertStore({ client, table: alertsTable }),
    history: createAlertHistory({ client, table: alertHistoryTable, retentionDays }),
    rules: createRuleStore({ client, table: rulesTable, defaults: defaultRules(environment) }),
    notifier: {
      notify: async (...given) => (await sns()).notifier.notify(...given),
      notifyAll: async (...given) => (await sns()).notifier.notifyAll(...given),
    },
    listRecipients: createRefreshing(async () => (await sns()).listRecipients(), {
      ...{ forMs: RECIPIENTS_MS, now },
    }),
    rateLimit: createRateLimit({ client, table: alertsTable, perMinute: alertsPerMinute, now }),
    now,
  };
}
