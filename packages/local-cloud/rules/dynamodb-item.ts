// Writes values of rules SQL as DynamoDB attribute values, for the DynamoDB actions.

import { isObject, toText, typeOf, type Value, type ValueType } from '../json/value.ts';

export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

function toMap(value: Value): Record<string, AttributeValue> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, toAttribute(member)]),
  );
}

const WRITERS: Readonly<Record<Exclude<ValueType, 'undefined'>, (value: Value) => AttributeValue>> = {
  null: () => ({ NULL: true }),
  boolean: (value) => ({ BOOL: value as boolean }),
  number: (value) => ({ N: toText(value)! }),
  string: (value) => ({ S: value as string }),
  array: (value) => ({ L: (value as Value[]).filter((item) => item !== undefined).map(toAttribute) }),
  object: (value) => ({ M: toMap(value) }),
};

export function toAttribute(value: Value): AttributeValue {
  return WRITERS[typeOf(value) as keyof typeof WRITERS](value);
}

/** One attribute per member; undefined for a value that is not an object. */
export function toItem(value: Value): Record<string, AttributeValue> | undefined {
  return isObject(value) ? toMap(value) : undefined;
}
