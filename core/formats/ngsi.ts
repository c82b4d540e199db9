// Entities of FIWARE: NGSI v2 and NGSI-LD, normalized or concise, alone or in a notification.
//
// @see https://github.com/telefonicaid/fiware-orion/blob/master/doc/manuals/orion-api.md
// @see https://www.etsi.org/deliver/etsi_gs/CIM/001_099/009/

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
import { draftsOf, measuredAt, timeIn, type Sample } from './samples.ts';

const MARKS = ['type', 'observedAt', 'unitCode', 'metadata'];
const TIMES = ['TimeInstant', 'dateObserved', 'dateModified', 'observedAt', 'modifiedAt'];
const NOT_MEASURED = new Set(['id', 'type', '@context', 'scope', 'createdAt', ...TIMES]);
const OTHER_TYPES =
  /^(?:Relationship|GeoProperty|LanguageProperty|VocabProperty|ListProperty|geo:.*|DateTime|ISO8601|Text|string|None)$/i;

export const ngsi: Format = { name: 'ngsi', read };

/**
 * `id` and `type` as text with an attribute, which is an object with `value` and `type`, `observedAt`, `unitCode` or
 * `metadata`; an array of such entities; or `subscriptionId` with an array `data` of entities in any form. The entity is
 * the child.
 */
function read(payload: unknown): readonly Draft[] | undefined {
  if (isObjects(payload)) return payload.every(isEntity) ? entities(payload, [], []) : undefined;
  if (!isObject(payload)) return undefined;
  const { subscriptionId: subscription, data } = payload;
  if (isText(subscription) && isObjects(data) && data.every(isNamed)) {
    return entities(data, ['data'], timeIn(payload, 'notifiedAt', []));
  }
  return isEntity(payload) ? entityDrafts(payload, [], []) : undefined;
}

const isNamed = (value: Json) => isText(value['id']) && isText(value['type']);
const isEntity = (value: Json) =>
  isNamed(value) && Object.values(value).some((found) => partsOf(found).some(isAttribute));
const isAttribute = (value: Json) =>
  value['value'] !== undefined && MARKS.some((mark) => value[mark] !== undefined);

/** An attribute may be an array, with one value per data set. */
const partsOf = (value: unknown): readonly Json[] =>
  isObject(value) ? [value] : isObjects(value) ? value : [];

function entities(found: readonly Json[], path: Path, outer: readonly TimeLeaf[]): readonly Draft[] {
  return found.flatMap((entity, index) => entityDrafts(entity, [...path, String(index)], outer));
}

function entityDrafts(entity: Json, at: Path, outer: readonly TimeLeaf[]): readonly Draft[] {
  const child = String(entity['id']);
  const times = [...timesOf(entity, at), ...outer].slice(0, 1);
  const samples: Sample[] = [];
  for (const name of Object.keys(entity)) {
    if (NOT_MEASURED.has(name)) continue;
    const value = entity[name];
    const path = [...at, name];
    const parts = partsOf(value);
    if (parts.length === 0) samples.push({ child, times, path, name: [name], value });
    for (const [index, part] of parts.entries()) {
      const partPath = Array.isArray(value) ? [...path, String(index)] : path;
      samples.push(
        ...attributeSamples(part, partPath, name).map((sample) => ({
          ...sample,
          child,
          times: own(sample.times, times),
        })),
      );
    }
  }
  return draftsOf(samples);
}

const own = (found: readonly TimeLeaf[] | undefined, outer: readonly TimeLeaf[]) =>
  found?.length ? found : outer;

/** Relationships, places and times are not measured. An object as a value is split into its members, as is one without `value`. */
function attributeSamples(attribute: Json, path: Path, name: string): Sample[] {
  const { value, type, unitCode: unit, metadata } = attribute;
  if (isText(type) && OTHER_TYPES.test(type) && typeof value !== 'number') return [];
  if (value === undefined) return isText(type) ? [] : leavesOf(attribute, path, [name]);
  const times = [
    ...timesOf(attribute, path),
    ...(isObject(metadata) ? timesOf(metadata, [...path, 'metadata']) : []),
  ];
  const shared = { times: times.slice(0, 1), ...(isText(unit) && { unit }) };
  const inner = [...path, 'value'];
  if (!isObject(value)) return [{ ...shared, path: inner, name: [name], value }];
  return leavesOf(value, inner, [name]).map((leaf) => ({ ...shared, ...leaf }));
}

/** Times as attributes, as metadata, or as plain members. */
function timesOf(value: Json, path: Path): TimeLeaf[] {
  return TIMES.flatMap((name) => {
    const found = value[name];
    if (isText(found)) return [measuredAt([...path, name], found, true)];
    return isObject(found) && isText(found['value'])
      ? [measuredAt([...path, name, 'value'], found['value'], true)]
      : [];
  });
}
