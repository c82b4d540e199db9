// Property values for AWS IoT SiteWise, in the form that Greengrass stream manager carries.
//
// @see https://docs.aws.amazon.com/iot-sitewise/latest/APIReference/API_PutAssetPropertyValueEntry.html

import {
  isObject,
  isObjects,
  isText,
  type Draft,
  type Format,
  type Json,
  type Path,
  type TimeLeaf,
} from './draft.ts';
import { draftsOf, measuredAt, type Sample } from './samples.ts';

/**
 * An array `propertyValues` with `propertyAlias` or `propertyId`, or an array of such entries (in `entries`, or the payload
 * itself). The last part of an alias is the metric, those before it are the child; for ids, the asset is the child.
 */
export const sitewise: Format = {
  name: 'sitewise',
  read(payload) {
    if (isObjects(payload)) return readEntries(payload, []);
    if (!isObject(payload)) return undefined;
    if (isEntry(payload)) return draftsOf(samplesOf(payload, []));
    return isObjects(payload['entries']) ? readEntries(payload['entries'], ['entries']) : undefined;
  },
};

function isEntry(value: Json): boolean {
  return (
    isObjects(value['propertyValues']) && (isText(value['propertyAlias']) || isText(value['propertyId']))
  );
}

function readEntries(entries: readonly Json[], path: Path): readonly Draft[] | undefined {
  if (!entries.every(isEntry)) return undefined;
  return draftsOf(entries.flatMap((entry, index) => samplesOf(entry, [...path, String(index)])));
}

function samplesOf(entry: Json, at: Path): Sample[] {
  const { propertyAlias: alias, propertyId: property, assetId: asset } = entry;
  const parts = isText(alias) ? alias.split('/').filter((part) => part !== '') : [];
  const name = parts.at(-1) ?? String(property);
  const child = parts.length > 1 ? parts.slice(0, -1).join('/') : isText(asset) ? asset : undefined;
  return (entry['propertyValues'] as readonly Json[]).map((found, index) => {
    const path = [...at, 'propertyValues', String(index)];
    const value = isObject(found['value']) ? found['value'] : {};
    const member = Object.keys(value)[0];
    return {
      child,
      at: path,
      times: timesOf(found['timestamp'], [...path, 'timestamp']),
      path: [...path, 'value', ...(member === undefined ? [] : [member])],
      name: [name],
      value: found['quality'] === 'BAD' || member === undefined ? null : value[member],
    };
  });
}

function timesOf(timestamp: unknown, path: Path): TimeLeaf[] {
  if (!isObject(timestamp)) return [];
  const { timeInSeconds: seconds, offsetInNanos: nanos } = timestamp;
  if (typeof seconds !== 'number') return [];
  const ms = seconds * 1000 + Math.floor((typeof nanos === 'number' ? nanos : 0) / 1e6);
  return [measuredAt([...path, 'timeInSeconds'], ms)];
}
