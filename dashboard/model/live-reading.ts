// Parses messages received over MQTT well enough for the page. The stored windows replace these values later.

import { measurementOf } from '../../core/measurement.ts';
import { METRIC_NAME, metricNameOf } from '../../core/metric-name.ts';
import type { LiveReading } from './windows.ts';

/** A message's sender, from its topic. A device behind a gateway is `<gateway>:<child>`. */
export interface Sender {
  readonly deviceId: string;
  readonly site: string;
}

const TIME_NAMES = ['timestamp', 'ts', 'time', 'receivedAt'];
/** Members that identify a reading and are not metrics. */
const OTHER_NAMES = new Set(['id', 'messageId', 'seq', ...TIME_NAMES]);
const SCALE = 1e15;
const MOST_DEPTH = 4;

export function senderOf(topic: string): Sender | undefined {
  const [root, site, thing, ...rest] = topic.split('/');
  if (root !== 'telemetry' || !site || !thing) return undefined;
  return { site, deviceId: [thing, ...rest].join(':') };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The event time in epoch milliseconds, if the reading has one as a number or as ISO 8601. */
function timeOf(reading: Readonly<Record<string, unknown>>): number | undefined {
  const given = TIME_NAMES.map((name) => reading[name]).find((value) => value !== undefined);
  if (typeof given === 'number') return given > 1e11 ? given : given * 1000;
  const parsed = typeof given === 'string' ? Date.parse(given) : NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

function collect(value: unknown, path: readonly string[], into: Record<string, number>): void {
  if (isRecord(value)) {
    if (path.length >= MOST_DEPTH) return;
    for (const [name, member] of Object.entries(value))
      if (path.length > 0 || !OTHER_NAMES.has(name)) collect(member, [...path, name], into);
    return;
  }
  const name = metricNameOf(path);
  if (!METRIC_NAME.test(name)) return;
  const found = measurementOf(value, name);
  if ('value' in found) into[name] = Number(found.value) / SCALE;
}

function readingOf(value: unknown, receivedAt: number): LiveReading | undefined {
  if (!isRecord(value)) return undefined;
  const values: Record<string, number> = {};
  collect(value, [], values);
  return Object.keys(values).length > 0 ? { at: timeOf(value) ?? receivedAt, values } : undefined;
}

/** The readings in a JSON payload; empty for formats that the page cannot parse, which appear with the stored windows. */
export function readingsOf(payload: string, receivedAt: number): LiveReading[] {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return [];
  }
  const parts = isRecord(value) && Array.isArray(value['readings']) ? value['readings'] : [value];
  return parts.flatMap((part: unknown) => readingOf(part, receivedAt) ?? []);
}
