// Runs every minute: sends notifications that a failure left, reminds, and checks alarms and silent devices.

import type { ScheduledEvent } from 'aws-lambda';
import { createHandler } from '../adapters/create-handler.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readSweepEnvironment } from '../adapters/environment.ts';
import { createLearnedItems } from '../adapters/learned-items.ts';
import { createLearnedStore } from '../adapters/learned-store.ts';
import { openAlerts } from '../adapters/open-alerts.ts';
import { createSweepProgress } from '../adapters/sweep-progress.ts';
import { createWindowsBefore } from '../adapters/windows-before.ts';
import { countDeliveries } from '../pipeline/deliver-events.ts';
import { createSweep } from '../pipeline/sweep.ts';

const environment = readSweepEnvironment(process.env);
const { alertsTable, devicesTable, windowsTable } = environment;
const client = openDynamoDb();
const alerts = openAlerts(environment, client);
const { now } = alerts;
const ports = {
  ...alerts,
  devices: createDeviceStore({ client, table: devicesTable }),
  windows: { before: createWindowsBefore({ client, table: windowsTable }) },
  learnedStore: createLearnedStore({ client, table: alertsTable }),
  learnedItems: createLearnedItems({ client, table: alertsTable }),
  sweepProgress: createSweepProgress({ client, table: alertsTable, now }),
};
const sweep = createSweep(ports, environment);

export const handler = createHandler(async (_event: ScheduledEvent, tools, context) => {
  await sweep(`sweep-${context.awsRequestId}`, {
    ...countDeliveries(tools),
    endsAt: now() + context.getRemainingTimeInMillis(),
    onUnreadable(error) {
      tools.count('RulesUnreadable', 1);
      tools.fail(error);
    },
    onLate(left) {
      tools.count('DevicesNotSwept', left);
      tools.warn('Sweep out of time: the next one begins with the devices that are left', { left });
    },
  });
});
