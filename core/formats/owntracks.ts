// OwnTracks: the position of a phone, and its step count.

import { isObject, leavesOf, type Format, type Json } from './draft.ts';
import { withUnits } from './units.ts';

/** Names, triggers, and what the app reports of its network and settings. */
const BOOKKEEPING = new Set([
  ...['_type', '_id', 'tid', 't', 'tst', 'wtst', 'created_at', 'conn', 'inregions', 'inrids'],
  ...['topic', 'rid', 'event', 'desc', 'SSID', 'BSSID', 'm', 'poi', 'tag', 'image', 'imagename'],
  ...['from', 'to', 'face', 'source'],
]);
const UNITS: Readonly<Record<string, string>> = {
  lat: 'lat',
  lon: 'lon',
  acc: 'm',
  alt: 'm',
  vac: 'm',
  vel: 'km/h',
  cog: 'deg',
  batt: '%',
  p: 'kPa',
};

/**
 * Recognised by `_type` with the members of that type: a location and a transition have `lat` and `lon`, steps a number.
 * A waypoint is a place that the user defined, and has no measurement.
 * @see https://owntracks.org/booklet/tech/json/
 */
export const owntracks: Format = {
  name: 'owntracks',
  read: (payload) => {
    if (!isObject(payload)) return undefined;
    if (isWaypoint(payload)) return [];
    if (!isMeasured(payload)) return undefined;
    const times = ['tst', 'created_at']
      .filter((name) => Object.hasOwn(payload, name))
      .map((name) => ({ path: [name], value: payload[name] }));
    const values = leavesOf(payload, [], [], (name, depth) => depth === 0 && BOOKKEEPING.has(name));
    return [{ times, values: withUnits(values, UNITS) }];
  },
};

const isWaypoint = ({ _type: type, tst, desc }: Json) =>
  type === 'waypoint' && tst !== undefined && desc !== undefined;

function isMeasured({ _type: type, lat, lon, tst, steps }: Json): boolean {
  if (type === 'steps') return typeof steps === 'number' && tst !== undefined;
  return (type === 'location' || type === 'transition') && typeof lat === 'number' && typeof lon === 'number';
}
