// Observations of OGC SensorThings, single or in a data array; only the server knows what they measure.
//
// @see https://docs.ogc.org/is/18-088/18-088.html

import {
  isObject,
  isObjects,
  isText,
  leavesOf,
  type Draft,
  type Format,
  type Json,
  type Path,
  type TimeLeaf,
} from './draft.ts';
import { parseTimestamp } from '../timestamp.ts';
import { measuredAt } from './samples.ts';

const MEMBER =
  /^(?:result|phenomenonTime|resultTime|resultQuality|validTime|parameters|Datastream|FeatureOfInterest|.*@iot\..*)$/;

/**
 * `result` with `phenomenonTime`, or an array of objects with arrays `components` and `dataArray`. The data stream is the
 * child, because it is one quantity of one sensor; the metric is the stream's name if the message has it, otherwise `result`.
 */
export const sensorThings: Format = {
  name: 'sensorthings',
  read(payload) {
    if (isObject(payload)) {
      if (payload['result'] === undefined || !('ms' in parseTimestamp(endOf(payload['phenomenonTime']))))
        return undefined;
      if (!Object.keys(payload).every((name) => MEMBER.test(name))) return undefined;
      return [draftOf(payload, payload, [], (name) => [name])];
    }
    if (!isObjects(payload) || !payload.every(isDataArray)) return undefined;
    return payload.flatMap((group, index) => rowsOf(group, [String(index), 'dataArray']));
  },
};

const isDataArray = (value: Json) => Array.isArray(value['components']) && Array.isArray(value['dataArray']);

function rowsOf(group: Json, path: Path): readonly Draft[] {
  const components = group['components'] as readonly unknown[];
  return (group['dataArray'] as readonly unknown[])
    .filter(Array.isArray)
    .map((row: readonly unknown[], index) => {
      const observation = Object.fromEntries(components.map((name, place) => [String(name), row[place]]));
      const at = [...path, String((group['dataArray'] as readonly unknown[]).indexOf(row, index))];
      return draftOf(observation, group, at, (name) => [String(components.indexOf(name))]);
    });
}

/** `place` gives the path of an observation's member. */
function draftOf(observation: Json, around: Json, at: Path, place: (name: string) => Path): Draft {
  const stream = around['Datastream'];
  const named = isObject(stream) && isText(stream['name']) ? stream['name'] : 'result';
  const id = isObject(stream) ? stream['@iot.id'] : undefined;
  const child = isText(id) || typeof id === 'number' ? String(id) : undefined;
  const { result } = observation;
  const path = [...at, ...place('result')];
  return {
    at,
    child,
    times: ['phenomenonTime', 'resultTime']
      .flatMap((name) => timeOf(observation[name], [...at, ...place(name)]))
      .slice(0, 1),
    values: isObject(result) ? leavesOf(result, path, [named]) : [{ path, name: [named], value: result }],
  };
}

/** The end of an interval. */
function timeOf(value: unknown, path: Path): TimeLeaf[] {
  return isText(value) ? [measuredAt(path, endOf(value))] : [];
}

const endOf = (value: unknown) => (isText(value) ? value.split('/').at(-1) : undefined);
