// Telemetry in the form of ThingsBoard's device API and its gateway API.
//
// @see https://thingsboard.io/docs/reference/mqtt-api/
// @see https://thingsboard.io/docs/reference/gateway-mqtt-api/

import {
  hasOnly,
  isObject,
  isObjects,
  leavesOf,
  type Draft,
  type Format,
  type Json,
  type Path,
} from './draft.ts';
import { timeIn } from './samples.ts';

const MEMBERS = new Set(['ts', 'values', 'metadata']);

export const thingsboard: Format = {
  name: 'thingsboard',
  /** `ts` with an object `values` and nothing else, or an array of such points. */
  read(payload) {
    if (isObject(payload)) return isPoint(payload) ? [draftOf(payload, [])] : undefined;
    if (!isObjects(payload) || !payload.every(isPoint)) return undefined;
    return payload.map((point, index) => draftOf(point, [String(index)]));
  },
};

export const thingsboardGateway: Format = {
  name: 'thingsboard-gateway',
  /** Every member is named after a device, and is an array of objects with an object `values`, with or without `ts`. */
  read(payload) {
    if (!isObject(payload)) return undefined;
    const devices = Object.entries(payload);
    if (devices.length === 0) return undefined;
    const drafts: Draft[] = [];
    for (const [child, points] of devices) {
      if (!isObjects(points) || !points.every(isGatewayPoint)) return undefined;
      for (const [index, point] of points.entries())
        drafts.push({ ...draftOf(point, [child, String(index)]), child });
    }
    return drafts;
  },
};

const isGatewayPoint = (value: Json) => isObject(value['values']) && hasOnly(value, MEMBERS);
const isPoint = (value: Json) => value['ts'] !== undefined && isGatewayPoint(value);

function draftOf(point: Json, at: Path): Draft {
  return { at, times: timeIn(point, 'ts', at), values: leavesOf(point['values'] as Json, [...at, 'values']) };
}
