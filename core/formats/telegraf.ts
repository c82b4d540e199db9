// Telegraf's JSON, one metric or a batch.
//
// @see https://github.com/influxdata/telegraf/tree/master/plugins/serializers/json

import { isObject, isObjects, isText, type Draft, type Format, type Json, type Path } from './draft.ts';
import { draftsOfPoints, type Point } from './points.ts';
import { timeIn } from './samples.ts';

/** Objects `fields` and `tags` with `name`, or an array of these, alone or in `metrics`. The time's magnitude gives its unit. */
export const telegraf: Format = {
  name: 'telegraf',
  read(payload) {
    if (isObjects(payload)) return payload.every(isMetric) ? readAll(payload, []) : undefined;
    if (!isObject(payload)) return undefined;
    if (isMetric(payload)) return draftsOfPoints([pointOf(payload, [])]);
    const { metrics } = payload;
    if (!isObjects(metrics) || !metrics.every(isMetric)) return undefined;
    return readAll(metrics, ['metrics']);
  },
};

function readAll(metrics: readonly Json[], path: Path): Draft[] {
  return draftsOfPoints(metrics.map((metric, index) => pointOf(metric, [...path, String(index)])));
}

const isMetric = (value: Json) =>
  isObject(value['fields']) && isObject(value['tags']) && isText(value['name']);

function pointOf(metric: Json, at: Path): Point {
  const fields = metric['fields'] as Json;
  const tags = Object.entries(metric['tags'] as Json).filter((tag): tag is [string, string] =>
    isText(tag[1]),
  );
  return {
    at,
    measurement: String(metric['name']),
    tags: new Map(tags),
    fields: Object.keys(fields).map((name) => ({ path: [...at, 'fields', name], name, value: fields[name] })),
    times: timeIn(metric, 'timestamp', at),
  };
}
