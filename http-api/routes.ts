// Builds all routes of the HTTP API over the ports that they need.

import { createDryRun } from '../pipeline/dry-run.ts';
import { createMapping } from '../core/map-message.ts';
import type { TimeLimits } from '../core/reading.ts';
import { createFailures } from '../pipeline/failures.ts';
import { createFindDevices } from '../pipeline/find-devices.ts';
import { createReadFleet } from '../pipeline/fleet.ts';
import { createFollowMessage } from '../pipeline/follow-message.ts';
import type { ApiPorts } from '../pipeline/api-ports.ts';
import { createDeviceOutlooks } from '../pipeline/device-outlook.ts';
import { createArchivedDay } from '../pipeline/archived-days.ts';
import { createReadWindows } from '../pipeline/read-windows.ts';
import { createReadArchiveSeal } from '../pipeline/archive-seal.ts';
import { createReportDevice } from '../pipeline/report.ts';
import { createRemoveDevice } from '../pipeline/remove-device.ts';
import { createSampleMetrics } from '../pipeline/sent-metrics.ts';
import { alertRoutes } from './alert-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import { errorRoutes } from './error-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { withinSites } from './least-group.ts';
import { liveAccessRoute } from './live-access.ts';
import { mappingRoutes } from './mapping-routes.ts';
import { messageRoutes } from './message-routes.ts';
import type { Route } from './route.ts';
import { outlookRoutes } from './outlook-routes.ts';
import { recipientRoutes } from './recipient-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { ruleRoutes } from './rule-routes.ts';
import { thingRoutes } from './thing-routes.ts';
import { windowRoutes } from './window-routes.ts';

interface Settings extends TimeLimits {
  readonly windowSeconds: number;
  readonly windowRetentionDays: number;
  readonly historyRetentionDays: number;
  /** IANA name. */
  readonly timeZone: string;
}

/** What several routes use. */
function createShared(ports: ApiPorts, settings: Settings) {
  const { windows, devices, alerts, rules, mappings, history, now } = ports;
  const { windowSeconds } = settings;
  return {
    archivedDay: createArchivedDay({ rows: ports.archive, windowSeconds, limits: settings }),
    find: createFindDevices({ devices, alerts }),
    follow: createFollowMessage({
      ...{ devices, rules, now, windows, history, limits: settings },
      mapMessage: createMapping({ mappings, devices, now }),
    }),
  };
}

type Shared = ReturnType<typeof createShared>;

/** Devices, their messages and their windows. */
function dataRoutes(ports: ApiPorts, settings: Settings, { archivedDay, find, follow }: Shared): Route[] {
  const { windows: history, devices, alerts, rules, learnedItems, now } = ports;
  const { windowSeconds, windowRetentionDays, historyRetentionDays } = settings;
  return [
    ...deviceRoutes({
      ...{ devices, history, find, presence: ports.presence },
      remove: createRemoveDevice({ devices, alerts, history: ports.history, rules, learnedItems, now }),
    }),
    ...messageRoutes({ follow, lastMessages: ports.lastMessages, now }),
    ...fleetRoutes({
      readFleet: createReadFleet({ devices, history, snapshots: ports.fleet, now }),
      alerts,
    }),
    ...windowRoutes({
      ...{ devices, windowSeconds, now },
      read: createReadWindows({
        ...{ history, archivedDay, limits: settings, windowRetentionDays, historyRetentionDays, now },
      }),
    }),
  ];
}

/** Alerts and reports, and the rules and mappings that they follow from. */
function alertingRoutes(ports: ApiPorts, settings: Settings, { archivedDay, find }: Shared): Route[] {
  const { windows: history, devices, alerts, rules, mappings, now } = ports;
  const { windowSeconds, historyRetentionDays, timeZone } = settings;
  return [
    ...alertRoutes({ alerts, history: ports.history, now }),
    ...reportRoutes({
      ...{ find, devices, rules, now },
      readArchiveSeal: createReadArchiveSeal(ports.seals),
      reportDevice: createReportDevice({
        ...{ windows: history, history: ports.history, checks: ports.checks, archivedDay },
        ...{ windowSeconds, historyRetentionDays, timeZone, now },
      }),
    }),
    ...ruleRoutes({
      ...{ rules, now },
      runDry: createDryRun({ devices, history, windowSeconds }),
      sampleMetrics: createSampleMetrics({ devices, history }),
    }),
    ...mappingRoutes({ mappings, lastMessages: ports.lastMessages, devices, rules, now }),
    ...outlookRoutes({
      devices,
      outlooks: createDeviceOutlooks({
        ...{ rules, windowSeconds, now },
        windows: { before: ports.windowsBefore },
        learnedStore: ports.learnedStore,
      }),
    }),
  ];
}

export function createRoutes(ports: ApiPorts, settings: Settings): Route[] {
  const { devices, now } = ports;
  const shared = createShared(ports, settings);
  const routes = [
    ...dataRoutes(ports, settings, shared),
    ...alertingRoutes(ports, settings, shared),
    ...recipientRoutes(ports.listRecipients),
    ...errorRoutes(createFailures({ ...ports, follow: shared.follow })),
    ...healthRoutes({ devices, now }),
  ];
  return routes.map((route) => withinSites(route, devices));
}

/** The routes for their description only; they cannot be served. */
export function describeRoutes(): Route[] {
  const unreachable = new Proxy({}, { get: () => undefined }) as ApiPorts;
  const attach = async () => {};
  return [
    ...createRoutes(unreachable, {
      ...{ windowSeconds: 10, timeZone: 'UTC', maxLatenessSeconds: 0, maxSkewSeconds: 0 },
      ...{ windowRetentionDays: 1, historyRetentionDays: 1 },
    }),
    ...thingRoutes(unreachable as never),
    liveAccessRoute({ attach, policyName: '', iotArn: '' }),
  ];
}
