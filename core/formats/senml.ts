// SenML packs: an array of records with short labels, in which base values apply to all records that follow.
//
// @see https://www.rfc-editor.org/rfc/rfc8428

import {
  hasOnly,
  isObject,
  isObjects,
  isText,
  type Draft,
  type Format,
  type Json,
  type Path,
  type TimeLeaf,
} from './draft.ts';
import { draftsOf, type Sample } from './samples.ts';
import { senmlName } from './senml-name.ts';

const VALUES = ['v', 'vs', 'vb', 'vd', 's'];
const LABELS = new Set(['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 't', 'ut', ...VALUES]);
const OLD_LABELS = new Set(['bn', 'bt', 'bu', 'ver', 'e']);
/** Section 4.4: the version that this file reads. */
const VERSION = 10;
/** Section 4.5.3: smaller times, in seconds, are relative to now. */
const RELATIVE_BELOW = 2 ** 28;

export const senml: Format = { name: 'senml', read };

/**
 * An array of objects with known labels only, whose first has `bn`, or `n` and a value. Also the object in drafts of the
 * RFC: `{"bn", "bt", "bu", "e": [records]}`.
 */
function read(payload: unknown): readonly Draft[] | undefined {
  if (isObject(payload)) {
    const { e: records, ...base } = payload;
    if (!isObjects(records) || !hasOnly(payload, OLD_LABELS) || !records.every(isRecord)) return undefined;
    return readPack(records, ['e'], base);
  }
  if (!isObjects(payload) || !payload.every(isRecord)) return undefined;
  return isText(payload[0]!['bn']) || isText(payload[0]!['n']) ? readPack(payload, [], {}) : undefined;
}

/** Unknown labels may be ignored (section 4.4), but a pack whose records have only unknown labels is not SenML. */
function isRecord(record: Json): boolean {
  const isNamed = isText(record['bn']) || isText(record['n']) || hasOnly(record, LABELS);
  const isLong = Object.keys(record).some((label) => label.length > 4 && !label.endsWith('_'));
  return isNamed && !isLong && ['bn', ...VALUES].some((label) => record[label] !== undefined);
}

interface Base {
  readonly name: string;
  readonly time: number;
  /** The place of the base time. */
  readonly timePath?: Path;
  readonly unit?: string;
  readonly value: number;
  readonly sum?: number;
}

function readPack(records: readonly Json[], path: Path, outer: Json): readonly Draft[] {
  const fault = faultOf(records);
  if (fault !== undefined) return [{ times: [], values: [], remedy: fault }];
  let base = withBase({ name: '', time: 0, value: 0 }, outer, []);
  const samples: Sample[] = [];
  for (const [index, record] of records.entries()) {
    const at = [...path, String(index)];
    base = withBase(base, record, at);
    samples.push(...samplesOf(record, base, at));
  }
  return draftsOf(samples);
}

/** Section 4.4: a label that ends in `_` must be supported, and so must the version. */
function faultOf(records: readonly Json[]): string | undefined {
  for (const record of records) {
    const label = Object.keys(record).find((name) => name.endsWith('_'));
    if (label !== undefined) return `the SenML label ${label.slice(0, 40)} is required but not supported`;
    const { bver } = record;
    if (typeof bver === 'number' && bver > VERSION)
      return `SenML version ${bver} is not known: bver is ${VERSION} at most`;
  }
  return undefined;
}

function withBase(base: Base, record: Json, path: Path): Base {
  const { bn: name, bt: time, bu: unit, bv: value, bs: sum } = record;
  return {
    ...base,
    ...(typeof name === 'string' && { name }),
    ...(typeof time === 'number' && { time, timePath: [...path, 'bt'] }),
    ...(typeof unit === 'string' && { unit }),
    ...(typeof value === 'number' && { value }),
    ...(typeof sum === 'number' && { sum }),
  };
}

/** Section 4.5.4: units, values and sums are added to their bases. Bytes (`vd`) are not measurements. */
function samplesOf(record: Json, base: Base, at: Path): Sample[] {
  const { n: name, u: unit = base.unit, v: value, vs: text, vb: flag, s: sum } = record;
  const { child, metric } = senmlName(base.name, isText(name) ? name : '');
  const shared = { child, at, times: timesOf(record, base, at), ...(isText(unit) && { unit }) };
  const samples: Sample[] = [];
  const add = (label: string, found: unknown, called = metric) =>
    samples.push({ ...shared, path: [...at, label], name: [called], value: found });
  if (value !== undefined) add('v', typeof value === 'number' ? base.value + value : value);
  else if (flag !== undefined) add('vb', flag);
  else if (text !== undefined) add('vs', text);
  else if (base.value !== 0 && record['vd'] === undefined && name !== undefined) add('n', base.value);
  if (typeof sum === 'number') add('s', (base.sum ?? 0) + sum, `${metric}_sum`);
  return samples;
}

/** Section 4.5.3. Zero means now, which is the arrival. */
function timesOf(record: Json, base: Base, at: Path): TimeLeaf[] {
  const { t: own } = record;
  const value = base.time + (typeof own === 'number' ? own : 0);
  const path = own === undefined ? base.timePath : [...at, 't'];
  if (path === undefined || value === 0) return [];
  // Floating point must not shift a time by a microsecond.
  const seconds = Number(value.toPrecision(15));
  return [{ path, value: seconds, isStrict: true, ...(value < RELATIVE_BELOW && { isRelative: true }) }];
}
