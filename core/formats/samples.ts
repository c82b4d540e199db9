// For formats that give every value its own name, time or device: values of one device and one time form one reading.

import { parseTimestamp } from '../timestamp.ts';
import { metricNameOf } from '../metric-name.ts';
import { pathText, type Draft, type Json, type Leaf, type Path, type TimeLeaf } from './draft.ts';

/** One value with its time and device. */
export interface Sample extends Leaf {
  readonly times?: readonly TimeLeaf[];
  readonly child?: string;
  /** The part of the payload that the sample was made from. */
  readonly at?: Path;
}

/** Smaller numbers are uptimes, or clocks that were never set. This is 2001-09-09. */
const SMALLEST_TIME_MS = 1e12;

/**
 * The time that a format gives for a measurement. If it is too late or too early, it rejects the reading, which would
 * otherwise count at its arrival; a value that is not a time, such as 0 of a clock that is not set, leaves the arrival.
 * `isUtc`: the format defines that a time without a zone is UTC.
 */
export function measuredAt(path: Path, value: unknown, isUtc = false): TimeLeaf {
  const time = parseTimestamp(value);
  const isStrict = 'ms' in time && time.ms >= SMALLEST_TIME_MS && (isUtc || !time.isZoneless);
  return { path, value, isUtc, isStrict };
}

/** The member as a time, if the object has it. */
export function timeIn(value: Json, member: string, path: Path, isUtc = false): TimeLeaf[] {
  const found = value[member];
  return found === undefined || found === null ? [] : [measuredAt([...path, member], found, isUtc)];
}

/** Readings in the order of their first samples. A name that a reading already has starts the next reading. */
export function draftsOf(samples: readonly Sample[]): Draft[] {
  const groups = new Map<string, Sample[]>();
  const seen = new Map<string, number>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.child, (sample.times ?? []).map(timeText)]);
    const named = `${key} ${metricNameOf(sample.name)}`;
    const place = seen.get(named) ?? 0;
    seen.set(named, place + 1);
    const group = groups.get(`${key} ${place}`);
    if (group) group.push(sample);
    else groups.set(`${key} ${place}`, [sample]);
  }
  return [...groups.values()].map(draftOf);
}

/** The same text for equal times in any unit. */
export function timeText({ value, isRelative }: TimeLeaf): string {
  const time = isRelative ? undefined : parseTimestamp(value);
  return time && 'ms' in time ? String(time.ms) : `${isRelative}:${String(value)}`;
}

function draftOf(samples: readonly Sample[]): Draft {
  const [first] = samples;
  const times = new Map<string, TimeLeaf>();
  for (const sample of samples) for (const time of sample.times ?? []) times.set(pathText(time.path), time);
  const at = samples.length === 1 ? first?.at : undefined;
  return {
    ...(at && { at }),
    ...(first?.child !== undefined && { child: first.child }),
    times: [...times.values()],
    values: samples.map(({ path, name, value, unit }) => ({
      path,
      name,
      value,
      ...(unit !== undefined && { unit }),
    })),
  };
}
