// The one table of which group a route needs and what callers restricted to some sites see of it, for the API and its docs.

import { isAtLeast, seesSite, type Group } from '../core/access.ts';
import type { DeviceStore } from '../pipeline/ports.ts';
import { ApiProblem } from './problem.ts';
import type { ApiCaller, Method, Route } from './route.ts';

type Named = Pick<Route, 'method' | 'path'>;

const keyOf = ({ method, path }: Named) => `${method} ${path}` as const;

/** Routes that change something and are open to operators. */
const OPERATOR: readonly `${Method} ${string}`[] = [
  'POST /devices/{deviceId}/alerts/{ruleId}/acknowledge',
  'POST /devices/{deviceId}/alerts/{ruleId}/comment',
  'PUT /devices/{deviceId}/snooze',
  'DELETE /devices/{deviceId}/snooze',
  'PATCH /devices/{deviceId}/shadow',
  'DELETE /devices/{deviceId}/outlook/{ruleId}',
  'PUT /devices/{deviceId}/outlook/{ruleId}/defrosts',
  'DELETE /devices/{deviceId}/outlook/{ruleId}/defrosts',
  'POST /errors/replay',
];

/** Routes for callers who have not logged in, if the stack allows guests. */
const GUEST: readonly `${Method} ${string}`[] = [
  'GET /devices',
  'GET /devices/{deviceId}',
  'GET /devices/{deviceId}/windows',
  'GET /windows',
  'GET /fleet',
];

/** They change nothing but the caller's own access to live data. */
const VIEWER: readonly `${Method} ${string}`[] = [
  'POST /live-access',
  'POST /devices/{deviceId}/messages/explain',
];

/** Routes that leave out data of other sites. */
const FILTERED: readonly `${Method} ${string}`[] = [
  ...(['GET /devices', 'GET /fleet', 'GET /windows', 'GET /alerts'] as const),
  ...(['GET /reports', 'GET /reports/csv', 'POST /live-access'] as const),
];

/** Routes whose body names a site, which must be one of the caller's; the route itself checks that. */
const OWN: readonly `${Method} ${string}`[] = ['POST /devices'];

/** Settings of the whole stack, which have no site and which every caller may read. */
const SHARED: readonly `${Method} ${string}`[] = [
  'GET /health',
  'GET /recipients',
  'GET /rules',
  'GET /rules/{ruleId}',
  'GET /mappings',
  'GET /mappings/{mappingId}',
];

/** Reads need viewer, changes need admin, unless OPERATOR lists them. */
export function leastGroup(route: Named): Group {
  if (route.method === 'GET' || VIEWER.includes(keyOf(route))) return 'viewer';
  return OPERATOR.includes(keyOf(route)) ? 'operator' : 'admin';
}

export const isForGuests = (route: Named): boolean => GUEST.includes(keyOf(route));

/** What a user restricted to some sites sees of a route. */
export type SiteScope = 'device' | 'own' | 'filtered' | 'shared' | 'refused';

export function siteScope(route: Named): SiteScope {
  if (route.path.startsWith('/devices/{deviceId}')) return 'device';
  if (OWN.includes(keyOf(route))) return 'own';
  if (FILTERED.includes(keyOf(route))) return 'filtered';
  return SHARED.includes(keyOf(route)) ? 'shared' : 'refused';
}

const groupsFrom = (least: Group) => (least === 'admin' ? 'admin' : `${least} or a higher one`);

/** Throws an ApiProblem, 403, that names the missing group. */
export function requireGroup(route: Named & Pick<Route, 'isPublic'>, { group, isGuest }: ApiCaller): void {
  if (route.isPublic) return;
  const least = leastGroup(route);
  if (isGuest ? isForGuests(route) : isAtLeast(group, least)) return;
  const detail = isGuest
    ? `Guests cannot use ${keyOf(route)}: log in as a user of the group ${groupsFrom(least)}`
    : `${keyOf(route)} needs the group ${groupsFrom(least)}, and you are in ${group}: ask an administrator to add you`;
  throw new ApiProblem(403, detail);
}

/** The same route, restricted to devices of the caller's sites. */
export function withinSites(route: Route, devices: Pick<DeviceStore, 'load'>): Route {
  const scope = siteScope(route);
  if (scope === 'filtered' || scope === 'shared' || scope === 'own') return route;
  return {
    ...route,
    async run(request) {
      const { caller, params } = request;
      if (caller.sites !== undefined && scope === 'refused')
        throw new ApiProblem(
          403,
          `${keyOf(route)} is about all sites, and you see only ${caller.sites.join(', ')}: ask someone who sees all sites`,
        );
      if (caller.sites !== undefined) await requireSite(String(params['deviceId']), caller);
      return route.run(request);
    },
  };

  /** A device of another site gets the same answer as one that does not exist. */
  async function requireSite(deviceId: string, caller: ApiCaller): Promise<void> {
    const device = await devices.load(deviceId);
    if (device && seesSite(caller, device.site)) return;
    throw new ApiProblem(404, `There is no device ${deviceId} at your sites, ${caller.sites?.join(', ')}`);
  }
}
