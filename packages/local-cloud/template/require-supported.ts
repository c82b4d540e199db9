// Refuses properties that do something on AWS and nothing here, so that none is silently ignored.

import { readAll } from '../start-error.ts';
import type { Place } from './document.ts';
import type { Value } from './evaluate.ts';
import type { TypeSupport } from './property-check.ts';
import type { Fail } from './sections.ts';
import { support } from './support.ts';

type Segments = readonly string[];
const isBelow = (path: Segments, segment: string, index: number) =>
  segment === '*' || segment === path[index];

/** Whether `path` matches `pattern`, or is under its `**`. */
function covers(pattern: string, path: Segments): boolean {
  const segments = pattern.split('.');
  const subtree = segments.at(-1) === '**';
  const fixed = subtree ? segments.slice(0, -1) : segments;
  if (subtree ? path.length < fixed.length : path.length !== fixed.length) return false;
  return fixed.every((segment, index) => isBelow(path, segment, index));
}

/** Whether `path` is above something that matches `pattern`. */
const leadsTo = (pattern: string, path: Segments) => {
  const segments = pattern.split('.');
  return segments.length > path.length && path.every((_, index) => isBelow(path, segments[index]!, index));
};

function checkAt(
  value: Value,
  path: Segments,
  place: Place,
  id: string,
  type: TypeSupport,
  fail: Fail,
): void {
  const shown = path.join('.').replaceAll(/\.(\d+)/g, '[$1]');
  const honoured = Object.keys(type.honours).find((pattern) => covers(pattern, path));
  if (honoured !== undefined) {
    const check = type.honours[honoured]!;
    if (check.accepts(value.kind === 'scalar' ? value.text : '', value)) return;
    const found = value.kind === 'scalar' ? value.text : `a ${value.kind}`;
    fail(place, `${id}: ${shown} is ${found}, which the local cloud does not support: use ${check.describe}`);
  }
  if (Object.keys(type.ignores).some((pattern) => covers(pattern, path))) return;
  const patterns = [...Object.keys(type.honours), ...Object.keys(type.ignores)];
  if (path.length > 0 && !patterns.some((pattern) => leadsTo(pattern, path))) {
    fail(
      place,
      `${id}: property ${shown} is not supported by the local cloud: remove it, or run this template on AWS`,
    );
  }
  if (value.kind === 'scalar')
    return fail(place, `${id}: ${shown} must be a mapping or a list, not ${value.text}`);
  if (value.kind === 'list') {
    readAll(value.items.entries(), ([index, item]) =>
      checkAt(item, [...path, String(index)], item.place, id, type, fail),
    );
    return;
  }
  readAll(value.entries, ([key, entry]) => checkAt(entry.value, [...path, key], entry.place, id, type, fail));
}

function has(value: Value, path: Segments): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  const entry = value.kind === 'map' ? value.entries.get(key) : undefined;
  return entry !== undefined && has(entry.value, rest);
}

/**
 * Checks the properties of one resource, or its `Metadata` when `part` says so.
 * @throws StartError with the line of each property, or value, that the local cloud does not support.
 */
export function requireSupported(
  id: string,
  type: string,
  part: 'properties' | 'metadata',
  value: Value,
  place: Place,
  fail: Fail,
): void {
  const found = support[type]?.[part];
  if (!found) return;
  const missing = (found.required ?? []).filter((path) => !has(value, path.split('.')));
  readAll<() => void, void>(
    [
      () => checkAt(value, [], place, id, found, fail),
      ...missing.map(
        (path) => () => fail(place, `${id}: property ${path} is missing: every ${type} needs it`),
      ),
    ],
    (check) => check(),
  );
}
