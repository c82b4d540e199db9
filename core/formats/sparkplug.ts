// Sparkplug B in JSON, as host applications forward it: in the specification's form, Cirrus Link's, or protobuf's.
//
// @see https://sparkplug.eclipse.org/specification/version/3.0/documents/sparkplug-specification-3.0.0.pdf
// @see https://docs.chariot.io

import { isObject, isText, type Draft, type Format, type Json, type Path } from './draft.ts';
import { draftsOf, timeIn, type Sample } from './samples.ts';
import { sparkplugValue, TYPE_MEMBERS, VALUE_MEMBERS } from './sparkplug-value.ts';

/** Metrics that do not measure the process: https://sparkplug.eclipse.org/specification/ sections 6.4.2 and 6.4.21 */
const BOOKKEEPING = /^(?:bdSeq$|Node Control\/|Device Control\/|Properties\/|Node Info\/|Device Info\/)/;

export const sparkplug: Format = { name: 'sparkplug', read };

/**
 * An array `metrics` of objects that have `name` or `alias` and a type or a typed value, beside `seq` or `timestamp`; or
 * objects `topic` and `payload` around it. The child is the edge node, followed by its device after a colon.
 */
function read(payload: unknown): readonly Draft[] | undefined {
  if (!isObject(payload)) return undefined;
  const { topic, payload: inner } = payload;
  if (isObject(inner) && isObject(topic) && isText(topic['edgeNodeId'])) {
    const child = [topic['edgeNodeId'], topic['deviceId']].filter(isText).join(':');
    return readMetrics(inner, ['payload'], child);
  }
  return readMetrics(payload, [], undefined);
}

function readMetrics(payload: Json, at: Path, child: string | undefined): readonly Draft[] | undefined {
  const { metrics } = payload;
  if (payload['timestamp'] === undefined && payload['seq'] === undefined) return undefined;
  if (!Array.isArray(metrics) || !metrics.every(isMetric)) return undefined;
  if (metrics.length === 0 && payload['seq'] === undefined) return undefined;
  const samples: Sample[] = [];
  for (const [index, metric] of metrics.entries()) {
    const path = [...at, 'metrics', String(index)];
    const name = nameOf(metric);
    const found = sparkplugValue(metric);
    if (!found || BOOKKEEPING.test(name)) continue;
    const times = [...timeIn(metric, 'timestamp', path), ...timeIn(payload, 'timestamp', at)].slice(0, 1);
    const value = isGood(metric['properties']) ? found.value : null;
    samples.push({ at: path, child, times, path: [...path, found.member], name: name.split('/'), value });
  }
  return draftsOf(samples);
}

function isMetric(value: unknown): value is Json {
  if (!isObject(value) || value['fields'] !== undefined) return false;
  if (!isText(value['name']) && value['alias'] === undefined) return false;
  return [...TYPE_MEMBERS, ...VALUE_MEMBERS].some((member) => value[member] !== undefined);
}

/** Data messages may name a metric only by the number that its birth message assigned. */
function nameOf(metric: Json): string {
  const { name, alias } = metric;
  return isText(name) ? name : `alias_${typeof alias === 'number' ? alias : String(alias)}`;
}

/** The property `Quality` has OPC's codes: 192 is good, 0 is bad, 500 is stale; a metric without it is good. */
function isGood(properties: unknown): boolean {
  if (!isObject(properties)) return true;
  const { Quality: quality, keys, values } = properties;
  let code: unknown = isObject(quality) ? quality['value'] : quality;
  if (Array.isArray(keys) && Array.isArray(values)) {
    const found: unknown = values[keys.findIndex((key) => /^quality$/i.test(String(key)))];
    if (isObject(found)) code = found['intValue'] ?? found['int_value'] ?? found['value'];
  }
  return code === undefined || (Number(code) >= 192 && Number(code) < 256);
}
