// Equality, order and containment of attribute values, by DynamoDB's rules.

import { bytesOf, typeOf, type AttributeValue, type Item, type Value } from './attribute-value.ts';
import { compareNumbers } from './number.ts';

function equalLists(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  return a.length === b.length && a.every((each, index) => equal(each, b[index]));
}

function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
  );
}

function equalSets(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(a);
  return a.length === b.length && b.every((each) => members.has(each));
}

/** Sets are equal in any order. */
export function equal(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (!a || !b || !type || type !== typeOf(b)) return false;
  const [left, right] = [a[type], b[type]];
  if (type === 'L') return equalLists(left as AttributeValue[], right as AttributeValue[]);
  if (type === 'M') return equalMaps(left as Item, right as Item);
  return Array.isArray(left) ? equalSets(left as string[], right as string[]) : left === right;
}

/** Negative, 0 or positive; NaN when the two have no order: other types, or types without one. */
export function order(a: Value, b: Value): number {
  const type = typeOf(a);
  if (!a || !b || type !== typeOf(b)) return Number.NaN;
  if (type === 'N') return compareNumbers(a['N'] as string, b['N'] as string);
  if (type === 'S') return Buffer.compare(Buffer.from(a['S'] as string), Buffer.from(b['S'] as string));
  return type === 'B' ? Buffer.compare(bytesOf(a), bytesOf(b)) : Number.NaN;
}

/** Whether a set or list has the member `part`, or a text or bytes contain `part`. */
export function contains(whole: Value, part: Value): boolean {
  const [type, partType] = [typeOf(whole), typeOf(part)];
  if (!whole || !part || !type || !partType) return false;
  if (type === 'L') return (whole['L'] as AttributeValue[]).some((member) => equal(member, part));
  if (type === `${partType}S`) return (whole[type] as string[]).includes(part[partType] as string);
  if (type !== partType) return false;
  if (type === 'S') return (whole['S'] as string).includes(part['S'] as string);
  return type === 'B' && bytesOf(whole).includes(bytesOf(part));
}

export function beginsWith(whole: Value, start: Value): boolean {
  const type = typeOf(whole);
  if (!whole || !start || type !== typeOf(start)) return false;
  if (type === 'S') return (whole['S'] as string).startsWith(start['S'] as string);
  if (type !== 'B') return false;
  const prefix = bytesOf(start);
  return bytesOf(whole).subarray(0, prefix.length).equals(prefix);
}
