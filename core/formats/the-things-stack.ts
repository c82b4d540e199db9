// Uplinks of The Things Stack (The Things Network v3) and of its predecessor, v2.
//
// @see https://www.thethingsindustries.com/docs/integrations/data-formats/

import {
  isObject,
  isText,
  leavesOf,
  type Draft,
  type Format,
  type Json,
  type Path,
  type Surroundings,
} from './draft.ts';
import { readDecoded } from './lorawan.ts';
import { measuredAt, timeIn } from './samples.ts';

const EVENTS = [
  ...['uplink_message', 'uplink_normalized', 'join_accept', 'downlink_ack', 'downlink_nack', 'downlink_sent'],
  ...['downlink_queued', 'downlink_queue_invalidated', 'downlink_failed', 'location_solved', 'service_data'],
];
const REMEDY =
  'the uplink has no decoded_payload: add a payload formatter to the end device in The Things Stack console';

export const theThingsStack: Format = { name: 'the-things-stack', read };

/** `end_device_ids` with one of the events; v2: `app_id` and `dev_id` with a payload. Joins and downlinks have no measurements. */
function read(payload: unknown, surroundings: Surroundings): readonly Draft[] | undefined {
  if (!isObject(payload)) return undefined;
  const ids = payload['end_device_ids'];
  if (!isObject(ids)) return readOld(payload, surroundings);
  const event = EVENTS.find((name) => isObject(payload[name]));
  if (event === undefined) return undefined;
  if (event !== 'uplink_message' && event !== 'uplink_normalized') return [];
  return readUplink(payload[event] as Json, event, payload, surroundings);
}

function readUplink(
  uplink: Json,
  event: string,
  payload: Json,
  surroundings: Surroundings,
): readonly Draft[] {
  const { device_id: name } = payload['end_device_ids'] as Json;
  const child = isText(name) ? name : undefined;
  const times = [...timeIn(uplink, 'received_at', [event]), ...timeIn(payload, 'received_at', [])].slice(
    0,
    1,
  );
  const normalized = normalizedIn(uplink, event);
  // Both hold the same values, so only one is read: the decoder's names are preferred.
  const decoded = uplink['decoded_payload'];
  const isDecoded = isObject(decoded) && Object.keys(decoded).length > 0;
  if (!isDecoded && normalized.length > 0)
    return normalized.map(([part, path]) => {
      const own = isText(part['time']) ? [measuredAt([...path, 'time'], part['time'])] : [];
      const values = leavesOf(part, path, [], (member, depth) => depth === 0 && member === 'time');
      return { at: path, child, times: [...own, ...times], values };
    });
  return readDecoded(
    decoded,
    { child, times, path: [event, 'decoded_payload'], remedy: REMEDY },
    surroundings,
  );
}

/** The objects of `normalized_payload`, which is one or an array, and their paths. */
function normalizedIn(uplink: Json, event: string): (readonly [Json, Path])[] {
  const normalized = uplink['normalized_payload'];
  const path: Path = [event, 'normalized_payload'];
  if (isObject(normalized)) return [[normalized, path]];
  if (!Array.isArray(normalized)) return [];
  return normalized.flatMap((part: unknown, index) =>
    isObject(part) ? [[part, [...path, String(index)]] as const] : [],
  );
}

/** @see https://www.thethingsnetwork.org/docs/applications/mqtt/api/ */
function readOld(payload: Json, surroundings: Surroundings): readonly Draft[] | undefined {
  const { app_id: app, dev_id: name, payload_fields: fields, payload_raw: raw, metadata } = payload;
  if (!isText(app) || !isText(name) || (!isObject(fields) && !isText(raw))) return undefined;
  const times = isObject(metadata) ? timeIn(metadata, 'time', ['metadata']) : [];
  return readDecoded(fields, { child: name, times, path: ['payload_fields'], remedy: REMEDY }, surroundings);
}
