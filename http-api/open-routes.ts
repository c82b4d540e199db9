// Puts all routes together over the real services.

import { defaultRules } from '../core/rule-data.ts';
import { createAlertHistory } from '../adapters/alert-history.ts';
import { createAlertStore } from '../adapters/alert-store.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import type { ApiEnvironment } from '../adapters/environment.ts';
import { createRehearsing } from '../pipeline/dry-run.ts';
import { createRuleStore } from '../adapters/rule-store.ts';
import { createWindowHistory } from '../adapters/window-history.ts';
import { alertRoutes } from './alert-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import type { Route } from './route.ts';
import { ruleRoutes } from './rule-routes.ts';
import { windowRoutes } from './window-routes.ts';

export function openRoutes(environment: ApiEnvironment): Route[] {
  const client = openDynamoDb();
  const now = () => Date.now();
  const { windowSeconds, windowsTable } = environment;
  const history = createWindowHistory({ client, table: windowsTable, windowSeconds, now });
  const devices = createDeviceStore({ client, table: environment.devicesTable });
  const alerts = createAlertStore({ client, table: environment.alertsTable });
  const alertHistory = createAlertHistory({
    ...{ client, table: environment.alertHistoryTable },
    retentionDays: environment.windowRetentionDays,
  });
  const defaults = defaultRules(environment);
  const rules = createRuleStore({ client, table: environment.rulesTable, defaults });
  return [
    ...deviceRoutes({ devices, history }),
    ...windowRoutes({ history, windowSeconds, now }),
    ...alertRoutes({ alerts, history: alertHistory, now }),
    ...ruleRoutes({ rules, rehearse: createRehearsing({ devices, history, windowSeconds }), now }),
  ];
}
