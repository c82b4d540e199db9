// The route for the whole fleet in one call: each device's site, latest values and worst alert.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import { matches, SEVERITIES, type Match } from '../core/alert-rule.ts';
import { ALERT_STATES, type AlertState } from '../core/alert-state.ts';
import { isAlarm } from '../core/alert-step.ts';
import { unitsOf } from '../core/unit.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import { DEVICE_STATES, isWholeSilence, type DeviceState } from '../pipeline/find-devices.ts';
import type { ReadFleet } from '../pipeline/fleet.ts';
import type { OpenAlerts } from '../pipeline/ports.ts';
import type { FleetEntry } from '../pipeline/rollup-ports.ts';
import { byUrgency } from './alert-order.ts';
import { deviceId, matchFields, pageLimit, time } from './fields.ts';
import { statisticFields, shownStatistics, units } from './statistics.ts';
import { ApiProblem } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const USUAL_PAGE = 1000;
const LARGEST_PAGE = 10_000;
/** Characters; a response of Lambda has at most 6 MB. */
const MAX_LENGTH = 5_000_000;

const worstAlert = z
  .strictObject({
    ruleId: z.string(),
    state: z.enum(ALERT_STATES),
    severity: z.optional(z.enum(SEVERITIES)),
    since: z.optional(time),
    value: z.string(),
    unit: z.optional(z.string()),
  })
  .check(z.describe('The most severe active alert; of several, the oldest'));

const fleetDevice = z.strictObject({
  deviceId: z.string(),
  gateway: z.optional(z.string().check(z.describe('The device that sends the messages of this one'))),
  site: z.optional(z.string()),
  type: z.optional(z.string()),
  groups: z.optional(z.array(z.string())),
  attributes: z.optional(z.record(z.string(), z.string())),
  timeZone: z.optional(z.string()),
  online: z.optional(z.boolean()),
  presenceSince: z.optional(time),
  lastSeenAt: z.optional(time),
  units,
  lastWindow: z.optional(z.strictObject({ start: time, ...statisticFields })),
  alerts: z.optional(z.int().check(z.describe('Number of active alerts'))),
  worstAlert: z.optional(worstAlert),
});

type OpenByDevice = ReadonlyMap<string, readonly AlertState[]>;

/** The active alerts at the time of the call, by device, the most severe first. */
async function openAlerts(alerts: Pick<OpenAlerts, 'listOpen'>): Promise<OpenByDevice> {
  const open: AlertState[] = [];
  try {
    for await (const state of alerts.listOpen()) if (isAlarm(state)) open.push(state);
  } catch (error) {
    // It comes after all others; the sweep reports it every minute.
    if (!(error instanceof UnreadableStateError)) throw error;
  }
  return Map.groupBy(open.sort(byUrgency), (state) => state.deviceId);
}

/** The gateway of `<gateway>:<child>`, if it is a device. */
function gatewayOf(id: string, known: ReadonlySet<string>): string | undefined {
  for (let at = id.indexOf(':'); at > 0; at = id.indexOf(':', at + 1)) {
    const gateway = id.slice(0, at);
    if (known.has(gateway)) return gateway;
  }
  return undefined;
}

function shownEntry({ device, lastWindow }: FleetEntry, known: ReadonlySet<string>, open?: OpenByDevice) {
  const {
    deviceId: id,
    site,
    type,
    groups,
    attributes,
    timeZone,
    online,
    presenceSince,
    lastSeenAt,
  } = device;
  const alerts = open?.get(id) ?? [];
  const [worst] = alerts;
  const { start, ...texts } = lastWindow ?? {};
  return {
    ...{ deviceId: id, gateway: gatewayOf(id, known), site, type, groups, attributes, timeZone },
    ...{ online, presenceSince, lastSeenAt, units: unitsOf(device) },
    ...(start !== undefined && {
      lastWindow: { start, ...shownStatistics(texts as typeof lastWindow & object) },
    }),
    ...(open && { alerts: alerts.length }),
    ...(worst && { worstAlert: shownWorst(worst) }),
  };
}

const shownWorst = ({ ruleId, state, severity, value, alarm }: AlertState) => ({
  ...{ ruleId, state, severity, since: alarm?.announced.since, value, unit: alarm?.announced.unit },
});

interface FleetParts {
  readonly readFleet: ReadFleet;
  readonly alerts: Pick<OpenAlerts, 'listOpen'>;
}

interface FleetQuestion {
  readonly limit: number;
  readonly next: string | undefined;
  readonly match: Match;
  readonly state: DeviceState | undefined;
}

/** The devices of a page that the caller may see; their alerts only if the caller is not a guest. */
async function readPage(
  { readFleet, alerts }: FleetParts,
  { limit, next, match, state }: FleetQuestion,
  caller: ApiCaller,
) {
  const [fleet, open] = await Promise.all([readFleet(), caller.isGuest ? undefined : openAlerts(alerts)]);
  const known = new Set(fleet.entries.map(({ device }) => device.deviceId));
  const wanted = fleet.entries.filter(
    ({ device }) => matches(match, device) && seesSite(caller, device.site) && hasState(state, device, open),
  );
  const left = next === undefined ? wanted : wanted.filter(({ device }) => device.deviceId > next);
  const page = fitting(left.slice(0, limit).map((entry) => shownEntry(entry, known, open)));
  return {
    ...{ asOf: fleet.asOf, devices: page, total: wanted.length },
    next: page.length < left.length ? page.at(-1)!.deviceId : undefined,
  };
}

export function fleetRoutes(parts: FleetParts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/fleet',
      summary:
        'Every device by name with its newest window and its worst alert, in one call. With more than 200 devices, windows are up to a minute old',
      params: {},
      query: {
        limit: pageLimit(USUAL_PAGE, LARGEST_PAGE),
        next: z.optional(deviceId),
        ...matchFields,
        state: z.optional(z.enum(DEVICE_STATES)),
      },
      answer: z.strictObject({
        asOf: time.check(z.describe('When the newest windows were read, epoch milliseconds')),
        devices: z.array(fleetDevice),
        total: z.int().check(z.describe('Number of devices that match, on all pages')),
        next: z.optional(z.string()),
      }),
      async run({ query: { limit = USUAL_PAGE, next, state, ...given }, caller }) {
        if (caller.isGuest && (state === 'alarm' || state === 'silent'))
          throw new ApiProblem(403, 'Guests do not see alerts: log in to use this `state`');
        const match = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        return readPage(parts, { limit, next, match, state }, caller);
      },
    }),
  ];
}

function hasState(
  state: DeviceState | undefined,
  { deviceId: id, online }: FleetEntry['device'],
  open: OpenByDevice | undefined,
): boolean {
  if (state === undefined) return true;
  if (state === 'online' || state === 'offline') return online === (state === 'online');
  const alerts = open?.get(id) ?? [];
  return state === 'alarm' ? alerts.length > 0 : alerts.some(({ alarm }) => isWholeSilence(alarm?.announced));
}

/** As many entries as fit a response, at least one. */
function fitting<Shown>(shown: readonly Shown[]): Shown[] {
  let length = 0;
  const end = shown.findIndex((each, index) => {
    length += JSON.stringify(each).length;
    return index > 0 && length > MAX_LENGTH;
  });
  return shown.slice(0, end < 0 ? shown.length : end);
}
