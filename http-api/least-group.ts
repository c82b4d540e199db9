// Which group a route is for, and what of it somebody sees who is left some sites: the one table, from which the API decides,
// and openapi.json and docs/api.md are made.

import { isAtLeast, seesSite, type Group } from '../core/access.ts';
import type { DeviceStore } from '../pipeline/ports.ts';
import { ApiProblem } from './problem.ts';
import type { ApiCaller, Method, Route } from './route.ts';

type Named = Pick<Route, 'method' | 'path'>;

const keyOf = ({ method, path }: Named) => `${method} ${path}` as const;

/** Routes that change something and are not for administrators alone. */
const OPERATOR: readonly `${Method} ${string}`[] = [
  'POST /devices/{deviceId}/alerts/{ruleId}/acknowledge',
  'POST /devices/{deviceId}/alerts/{ruleId}/comment',
  'PUT /devices/{deviceId}/snooze',
  'DELETE /devices/{deviceId}/snooze',
  'PATCH /devices/{deviceId}/shadow',
  'DELETE /devices/{deviceId}/outlook/{ruleId}',
  'POST /errors/replay',
];

/** Routes for somebody who has not logged in, where the stack takes guests. */
const GUEST: readonly `${Method} ${string}`[] = [
  'GET /devices',
  'GET /devices/{deviceId}',
  'GET /devices/{deviceId}/windows',
  'GET /windows',
  'GET /fleet',
];

/** They change nothing but what the caller hears. */
const VIEWER: readonly `${Method} ${string}`[] = [
  'POST /live-access',
  'POST /devices/{deviceId}/messages/explain',
];

/** Routes that leave out what is of other sites. */
const FILTERED: readonly `${Method} ${string}`[] = [
  ...(['GET /devices', 'GET /fleet', 'GET /windows', 'GET /alerts'] as const),
  ...(['GET /reports', 'GET /reports/csv', 'POST /live-access'] as const),
];

/** Routes whose body names a site, which has to be one of the caller's: the route itself sees to that. */
const OWN: readonly `${Method} ${string}`[] = ['POST /devices'];

/** Settings of the whole stack, which have no site and which everybody may read. */
const SHARED: readonly `${Method} ${string}`[] = [
  'GET /health',
  'GET /recipients',
  'GET /rules',
  'GET /rules/{ruleId}',
  'GET /mappings',
  'GET /mappings/{mappingId}',
];

/** Reading is for viewers, whatever changes something for administrators, unless OPERATOR has it. */
export function leastGroup(route: Named): Group {
  if (route.method === 'GET' || VIEWER.includes(keyOf(route))) return 'viewer';
  return OPERATOR.includes(keyOf(route)) ? 'operator' : 'admin';
}

export const isForGuests = (route: Named): boolean => GUEST.includes(keyOf(route));

/** What a user sees of a route who is left some sites. */
export type SiteScope = 'device' | 'own' | 'filtered' | 'shared' | 'refused';

export function siteScope(route: Named): SiteScope {
  if (route.path.startsWith('/devices/{deviceId}')) return 'device';
  if (OWN.includes(keyOf(route))) return 'own';
  if (FILTERED.includes(keyOf(route))) return 'filtered';
  return SHARED.includes(keyOf(route)) ? 'shared' : 'refused';
}

const groupsFrom = (least: Group) => (least === 'admin' ? 'admin' : `${least} or a higher one`);

/** Throws an ApiProblem, 403, that names the group that is missing. */
export function requireGroup(route: Named & Pick<Route, 'isPublic'>, { group, isGuest }: ApiCaller): void {
  if (route.isPublic) return;
  const least = leastGroup(route);
  if (isGuest ? isForGuests(route) : isAtLeast(group, least)) return;
  const detail = isGuest
    ? `Guests do not use ${keyOf(route)}: log in as a user of the group ${groupsFrom(least)}`
    : `${keyOf(route)} needs the group ${groupsFrom(least)}, and you are in ${group}: ask an administrator to add you`;
  throw new ApiProblem(403, detail);
}

/** The same route, which shows of devices and serves for changes of them only those of the caller's sites. */
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
          `${keyOf(route)} is about all sites, and you see ${caller.sites.join(', ')} alone: ask somebody who sees all`,
        );
      if (caller.sites !== undefined) await requireSite(String(params['deviceId']), caller);
      return route.run(request);
    },
  };

  /** Says the same of a device that there is not. */
  async function requireSite(deviceId: string, caller: ApiCaller): Promise<void> {
    const device = await devices.load(deviceId);
    if (device && seesSite(caller, device.site)) return;
    throw new ApiProblem(404, `There is no device ${deviceId} at your sites, ${caller.sites?.join(', ')}`);
  }
}
