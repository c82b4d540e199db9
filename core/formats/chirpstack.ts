// Events of ChirpStack, version 4 and version 3.
//
// @see https://www.chirpstack.io/docs/chirpstack/integrations/events.html

import {
  isObject,
  isText,
  type Draft,
  type Format,
  type Json,
  type Path,
  type Surroundings,
} from './draft.ts';
import { readInnerText } from './inner-text.ts';
import { readDecoded } from './lorawan.ts';
import { timeIn } from './samples.ts';

/** Members that only such events have. */
const MARKS = [
  'deduplicationId',
  'devAddr',
  'fCnt',
  'fPort',
  'rxInfo',
  'txInfo',
  'queueItemId',
  'integrationName',
];
const REMEDY = 'the uplink has no object: add a payload codec to the device profile in ChirpStack';

export const chirpstack: Format = { name: 'chirpstack', read };

/** `deviceInfo` with a name and another member of an event. Version 3: `applicationID`, `devEUI` and an object. */
function read(payload: unknown, surroundings: Surroundings): readonly Draft[] | undefined {
  if (!isObject(payload)) return undefined;
  const { deviceInfo: info, applicationID: application, devEUI: eui } = payload;
  if (isObject(info)) {
    const child = [info['devEui'], info['deviceName']].find(isText);
    const isEvent = child !== undefined && MARKS.some((name) => payload[name] !== undefined);
    return isEvent ? readEvent(payload, child, timeIn(payload, 'time', []), surroundings) : undefined;
  }
  // Without an object, the values may be next to the names: milesight.ts reads them.
  if (application === undefined || !isText(eui)) return undefined;
  if (!isObject(payload['object']) && !isText(payload['objectJSON'])) return undefined;
  return readEvent(payload, hexOf(eui), oldTimes(payload), surroundings);
}

/** Radio values are not measurements, but the battery of a status is; joins, acknowledgements and logs have no measurements. */
function readEvent(
  payload: Json,
  child: string,
  times: Draft['times'],
  surroundings: Surroundings,
): readonly Draft[] {
  const { object, objectJSON, location, batteryLevel } = payload;
  if (object === undefined && typeof batteryLevel === 'number') {
    const value = payload['batteryLevelUnavailable'] === true ? null : batteryLevel;
    return [{ child, times, values: [{ path: ['batteryLevel'], name: ['batteryLevel'], value, unit: '%' }] }];
  }
  if (object === undefined && isObject(location)) {
    const names = ['latitude', 'longitude', 'altitude'].filter((name) => typeof location[name] === 'number');
    const leaf = (name: string) => ({ path: ['location', name], name: [name], value: location[name] });
    return [{ child, times, values: names.map(leaf) }];
  }
  if (isText(objectJSON) && !isObject(object)) {
    const drafts = readInnerText(objectJSON, ['objectJSON'], surroundings) ?? [];
    if (drafts.length > 0)
      return drafts.map((draft) => ({ ...draft, child, times: [...draft.times, ...times] }));
  }
  if (object === undefined && payload['data'] === undefined && payload['fPort'] === undefined) return [];
  const path: Path = ['object'];
  return readDecoded(object, { child, times, path, remedy: REMEDY }, surroundings);
}

/** Version 3 has no time of its own; the gateways may have one. */
function oldTimes(payload: Json): Draft['times'] {
  const published = timeIn(payload, 'publishedAt', []);
  if (published.length > 0) return published;
  const gateways: unknown = payload['rxInfo'];
  const [first]: unknown[] = Array.isArray(gateways) ? gateways : [];
  return isObject(first) ? timeIn(first, 'time', ['rxInfo', '0']) : timeIn(payload, 'time', []);
}

/** Another encoder of version 3 writes the eight bytes in base64. */
function hexOf(eui: string): string {
  return /^[A-Za-z0-9+/]{11}=$/.test(eui) ? Buffer.from(eui, 'base64').toString('hex') : eui;
}
