// The format for all other payloads: every number is a metric, nested ones too, and the time has one of the usual names.

import { createRecent } from '../recent.ts';
import { parseTimestamp } from '../timestamp.ts';
import { isObject, leavesOf, type Draft, type Json, type Leaf, type Path, type TimeLeaf } from './draft.ts';
import { withReportedUnits } from './reported-units.ts';

/**
 * Names of a reading's time, in small letters and without `_` and `-`, ordered by how many formats use them
 * (docs/devices.md has the list with its sources). Only `timestamp`, spelled exactly so, is Tidegate's own.
 */
const TIME_NAMES = [
  'timestamp ts time datetime dt tst observedat measuredat sampledat recordedat eventtime phenomenontime timeinstant',
  'dateobserved resulttime measurementtime utctime utc unixtime unix epoch epochtime timeutc reportedat publishedat',
  'receivedat lastseen sendtimestamp creationtimestamp gatewaytime gwts updated updatedat lastupdated lastupdate',
  'tsms timems timestampms epochms unixms timestampmillis timestampseconds timestampsec timestampnanos tsns timens',
  'createdat created date t',
].flatMap((names) => names.split(' '));
const RANKS: ReadonlyMap<string, number> = new Map(TIME_NAMES.map((name, rank) => [name, rank]));
/** A number with one of these names is never a measurement. */
const TIMES_ONLY = new Set(
  'timestamp ts tst datetime unixtime epochtime lastseen eventtime tsms timestampms epochms'.split(' '),
);
/** Smaller numbers are uptimes, counters or measurements. In seconds, this is 2001-09-09. */
const SMALLEST_TIME = 1e9;

/** Cached, because most messages have the same members. */
const plainNames = createRecent<string>(1000);

function plainName(name: string): string {
  const known = plainNames.get(name);
  if (known !== undefined) return known;
  const plain = name.toLowerCase().replaceAll(/[_-]/g, '');
  plainNames.set(name, plain);
  return plain;
}

/** The reading that an object is. `outer`: times of the surrounding message, for readings without a time of their own. */
export function generalDraft(value: Json, path: Path = [], outer: readonly TimeLeaf[] = []): Draft {
  const id = idOf(value, path);
  const times = timesOf(value, path);
  const taken = new Set(times.map((time) => time.path.at(-1)));
  const leaves = leavesOf(
    value,
    path,
    [],
    (member, depth) => depth === 0 && (taken.has(member) || (id !== undefined && member === 'id')),
  );
  const nested = leaves.filter(isNestedTime).map((leaf) => ({ ...leaf, isUnused: true }));
  const values = nested.length === 0 ? leaves : leaves.filter((leaf) => !isNestedTime(leaf));
  return {
    ...{ at: path, ...(id && { id }), times: [...times, ...outer, ...nested] },
    values: withReportedUnits(values, value),
  };
}

/** A time deeper in the payload is not known to be the reading's, and is not a measurement either. */
function isNestedTime({ name, value }: Leaf): boolean {
  if (name.length < 2 || isObject(value)) return false;
  const member = plainName(name.at(-1)!);
  return RANKS.has(member) && looksLikeTime(member, value);
}

/** An id is text or a number. */
export function idOf(value: Json, path: Path): Draft['id'] {
  const id = Object.hasOwn(value, 'id') ? value['id'] : undefined;
  const isId = (typeof id === 'string' && id !== '') || typeof id === 'number';
  return isId ? { path: [...path, 'id'], value: id } : undefined;
}

/** The members that look like a time: `timestamp` first, then by the rank of their names. */
export function timesOf(value: Json, path: Path): TimeLeaf[] {
  const found: { readonly rank: number; readonly leaf: TimeLeaf }[] = [];
  for (const member of Object.keys(value)) {
    const leaf = { path: [...path, member], value: value[member] };
    if (member === 'timestamp') {
      if (!isObject(leaf.value)) found.push({ rank: -1, leaf: { ...leaf, isStrict: true, isUtc: true } });
      continue;
    }
    const name = plainName(member);
    const rank = RANKS.get(name);
    if (rank !== undefined && looksLikeTime(name, leaf.value)) found.push({ rank, leaf });
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ leaf }) => leaf);
}

function looksLikeTime(name: string, value: unknown): boolean {
  if (typeof value === 'string' && value.length < 9) return false;
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  if (typeof value === 'number' && TIMES_ONLY.has(name)) return true;
  if (typeof value === 'number' && value < SMALLEST_TIME) return false;
  return 'ms' in parseTimestamp(value) && !(Number(value) < SMALLEST_TIME);
}

/** A reading, several in `readings`, or a bare array of readings. Undefined if it is neither an object nor an array. */
export function readGeneral(payload: unknown): readonly Draft[] | undefined {
  if (Array.isArray(payload)) return draftsIn(payload, [], []);
  if (!isObject(payload)) return undefined;
  if (!Object.hasOwn(payload, 'readings')) return [generalDraft(payload)];
  const { readings, ...outer } = payload;
  const times = timesOf(outer, []).map((time) => ({ ...time, isStrict: false }));
  if (isObject(readings)) return [generalDraft(readings, ['readings'], times)];
  return Array.isArray(readings) ? draftsIn(readings, ['readings'], times) : undefined;
}

/** An item that is not an object has no values, and so is rejected by its place. */
function draftsIn(readings: readonly unknown[], path: Path, outer: readonly TimeLeaf[]): Draft[] {
  return readings.map((reading, index) => {
    const at = [...path, String(index)];
    return isObject(reading) ? generalDraft(reading, at, outer) : { at, times: outer, values: [] };
  });
}
