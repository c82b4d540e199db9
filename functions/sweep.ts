// Every minute: sends what a failure left unsent, reminds, and looks after alarms and devices that no message comes from.

import { createHandler } from '../adapters/create-handler.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readSweepEnvironment } from '../adapters/environment.ts';
import { openAlerts } from '../adapters/open-alerts.ts';
import { readRules } from '../adapters/rule-store.ts';
import { createSweeping } from '../pipeline/sweep.ts';
import { createWatch } from '../adapters/watch.ts';
import { createWindowStore } from '../adapters/window-store.ts';

const environment = readSweepEnvironment(process.env);
const { alertsTable, devicesTable, windowsTable, windowSeconds, windowRetentionDays } = environment;
const client = openDynamoDb();
const now = () => Date.now();
const { alerts, rules, paying } = openAlerts(environment, client, now);
const sweep = createSweeping({
  rules: async () => readRules(rules),
  alerts,
  devices: createDeviceStore({ client, table: devicesTable }),
  windows: createWindowStore({ client, table: windowsTable, retentionDays: windowRetentionDays }),
  paying,
  watch: createWatch({ client, table: alertsTable, now }),
  windowSeconds,
  now,
});

export const handler = createHandler(async (_event, tools, context) => {
  await sweep(`sweep-${context.awsRequestId}`, {
    onSent: () => tools.count('AlertsSent', 1),
    endsAt: now() + context.getRemainingTimeInMillis(),
    onUnreadable(error) {
      tools.count('RulesUnreadable', 1);
      tools.fail(error);
    },
    onLate(left) {
      tools.count('DevicesNotSwept', left);
      tools.warn('Sweep out of time: the next begins with the devices that are left', { left });
    },
  });
});
