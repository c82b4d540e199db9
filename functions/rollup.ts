// Runs every minute: stores the latest values of a large fleet, and folds completed hours.

import type { ScheduledEvent } from 'aws-lambda';
import { createHandler } from '../adapters/create-handler.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readRollupEnvironment } from '../adapters/environment.ts';
import { createFleetSnapshots } from '../adapters/fleet-snapshots.ts';
import { createRollupStore } from '../adapters/rollup-store.ts';
import { createWindowHistory } from '../adapters/window-history.ts';
import { createKeepFleet, everyDevice } from '../pipeline/fleet.ts';
import { createFoldHours } from '../pipeline/fold-hours.ts';

const environment = readRollupEnvironment(process.env);
const { windowsTable, rollupsTable, devicesTable, windowSeconds } = environment;
const { windowRetentionDays, historyRetentionDays: retentionDays } = environment;
const client = openDynamoDb();
const now = () => Date.now();
const devices = createDeviceStore({ client, table: devicesTable });
const windows = { client, table: windowsTable, windowSeconds, now };
const keepFleet = createKeepFleet({
  history: createWindowHistory(windows),
  snapshots: createFleetSnapshots({ client, table: rollupsTable }),
  now,
});
const foldHours = createFoldHours({
  rollups: createRollupStore({ client, table: rollupsTable, retentionDays, windowRetentionDays, now }),
  windows: createWindowHistory({ ...windows, isConsistent: true }),
  ...{ windowSeconds, retentionDays: windowRetentionDays, now },
});

/** Shares of the time; the rest is for work in progress. */
const FLEET_SHARE = 0.5;
const HOURS_SHARE = 0.85;

export const handler = createHandler(async (_event: ScheduledEvent, tools, context) => {
  const [begun, left] = [now(), context.getRemainingTimeInMillis()];
  const all = await everyDevice(devices);
  await keepFleet(all, { endsAt: begun + left * FLEET_SHARE });
  const { isLate } = await foldHours(all, { endsAt: begun + left * HOURS_SHARE });
  tools.count('HoursAtRisk', isLate ? 1 : 0);
});
