// All routes of the HTTP API, over the ports that they need.

import { createRehearsing } from '../pipeline/dry-run.ts';
import { createFindDevices } from '../pipeline/find-devices.ts';
import { createReadFleet } from '../pipeline/fleet.ts';
import type { ApiPorts } from '../pipeline/ports.ts';
import { createReportDevice } from '../pipeline/report.ts';
import { createRemoveDevice } from '../pipeline/remove-device.ts';
import { createLookAtMetrics } from '../pipeline/sent-metrics.ts';
import { alertRoutes } from './alert-routes.ts';
import { deviceRoutes } from './device-routes.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { withinSites } from './least-group.ts';
import { liveAccessRoute } from './live-access.ts';
import { mappingRoutes } from './mapping-routes.ts';
import type { Route } from './route.ts';
import { reportRoutes } from './report-routes.ts';
import { ruleRoutes } from './rule-routes.ts';
import { thingRoutes } from './thing-routes.ts';
import { windowRoutes } from './window-routes.ts';

export function createRoutes(
  ports: ApiPorts,
  settings: { readonly windowSeconds: number; /** IANA name. */ readonly timeZone: string },
): Route[] {
  const { windows: history, devices, alerts, rules, mappings, now } = ports;
  const { windowSeconds, timeZone } = settings;
  const find = createFindDevices({ devices, alerts });
  const routes = [
    ...deviceRoutes({
      ...{ devices, history, find, presence: ports.presence },
      remove: createRemoveDevice({ devices, alerts, history: ports.history, rules, now }),
    }),
    ...fleetRoutes({
      readFleet: createReadFleet({ devices, history, snapshots: ports.fleet, now }),
      alerts,
    }),
    ...windowRoutes({ history, devices, windowSeconds, now }),
    ...alertRoutes({ alerts, history: ports.history, now }),
    ...reportRoutes({
      ...{ find, devices, rules, now },
      reportDevice: createReportDevice({
        ...{ windows: history, history: ports.history, windowSeconds, timeZone, now },
      }),
    }),
    ...ruleRoutes({
      rules,
      rehearse: createRehearsing({ devices, history, windowSeconds }),
      look: createLookAtMetrics({ devices, history }),
      now,
    }),
    ...mappingRoutes({ mappings, lastMessages: ports.lastMessages, devices, rules, now }),
    ...healthRoutes({ devices, now }),
  ];
  return routes.map((route) => withinSites(route, devices));
}

/** The routes as their description needs them: to look at, not to be served. */
export function describeRoutes(): Route[] {
  const unreachable = new Proxy({}, { get: () => undefined }) as ApiPorts;
  const attach = async () => {};
  return [
    ...createRoutes(unreachable, { windowSeconds: 10, timeZone: 'UTC' }),
    ...thingRoutes(unreachable as never),
    liveAccessRoute({ attach, policyName: '', iotArn: '' }),
  ];
}
