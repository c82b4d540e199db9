// Stores the connection state and the registry's data of a device whenever it connects or disconnects.

import { createHandler } from '../adapters/create-handler.ts';
import { createDeviceStore } from '../adapters/device-store.ts';
import { openDynamoDb } from '../adapters/dynamodb-client.ts';
import { readPresenceEnvironment } from '../adapters/environment.ts';
import { openIot } from '../adapters/iot-client.ts';
import { createPresenceLog } from '../adapters/presence-log.ts';
import { createThingReader } from '../adapters/thing-registry.ts';
import { parsePresence, type LifecycleEvent, type PresenceEvent } from '../core/presence.ts';
import { isTimeZone } from '../core/quiet-hours.ts';
import type { Counting } from '../pipeline/ports.ts';

const environment = readPresenceEnvironment(process.env);
const client = openDynamoDb();
const devices = createDeviceStore({ client, table: environment.devicesTable });
const log = createPresenceLog({ client, table: environment.alertHistoryTable });
const METRICS = { applied: 'PresenceApplied', stale: 'PresenceStale', unknown: 'PresenceIgnored' } as const;
const readThing = createThingReader({ client: openIot(), now: () => Date.now() });

export const handler = createHandler(async (event: LifecycleEvent, tools) => {
  const presence = parsePresence(event);
  tools.identify({ deviceId: presence?.deviceId });
  tools.count(presence ? await take(presence, tools) : 'PresenceIgnored', 1);
});

/** Gives the metric that counts the outcome. */
async function take(presence: PresenceEvent, tools: Pick<Counting, 'warn'>): Promise<string> {
  // The registry is read when a device connects; when it disconnects, only if its connect was never seen.
  const known = presence.online ? 'unknown' : await devices.applyPresence(presence);
  if (known !== 'unknown') return logged(presence, METRICS[known]);
  const thing = await readThing(presence.deviceId);
  if (thing?.timeZone !== undefined && !isTimeZone(thing.timeZone))
    tools.warn(
      'Attribute timezone of the thing or its group is not a time zone such as America/Los_Angeles',
      {
        ...{ deviceId: presence.deviceId, timezone: thing.timeZone },
      },
    );
  // Dashboards and claim certificates connect too, and have no thing.
  return thing ? logged(presence, METRICS[await devices.applyPresence(presence, thing)]) : METRICS.unknown;
}

/** Late events belong to the connection log too. */
async function logged(presence: PresenceEvent, metric: string): Promise<string> {
  await log.record(presence);
  return metric;
}
