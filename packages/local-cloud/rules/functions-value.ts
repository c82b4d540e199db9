// Functions that look into values or replace missing ones.

import type { SqlFunction } from './sql-function.ts';
import type { MessageContext } from './message-context.ts';
import { SqlFailure } from './sql-error.ts';
import {
  isObject,
  jsonOf,
  memberOf,
  type ObjectValue,
  setMember,
  toInt,
  toText,
  type Value,
} from '../json/value.ts';

const MAX_TRANSFORM_BYTES = 131_072;

function get(_message: MessageContext, of: Value, key: Value): Value {
  if (isObject(of)) return typeof key === 'string' ? memberOf(of, key) : undefined;
  if (typeof of !== 'string' && !Array.isArray(of)) return undefined;
  const index = toInt(key);
  return index === undefined ? undefined : of[index];
}

/** Any Array makes the result an Array, else any String a String. */
function concat(_message: MessageContext, ...args: Value[]): Value {
  if (args.length < 2) return args[0];
  if (args.some((arg) => Array.isArray(arg))) return args.flat().filter((arg) => arg !== undefined);
  if (!args.some((arg) => typeof arg === 'string')) return undefined;
  const texts = args.map((arg) => toText(arg));
  return texts.includes(undefined) ? undefined : texts.join('');
}

function merged(element: ObjectValue, object: ObjectValue): ObjectValue {
  const result: ObjectValue = { ...element };
  for (const name of Object.keys(object)) setMember(result, name, object[name]);
  return result;
}

function transform(_message: MessageContext, mode: Value, object: Value, array: Value): Value {
  if (mode !== 'enrichArray' || !isObject(object) || !Array.isArray(array)) return undefined;
  const result: Value[] = [];
  let size = 0;
  for (const element of array) {
    if (!isObject(element)) return undefined;
    const enriched = merged(element, object);
    size += Buffer.byteLength(jsonOf(enriched)) + 1;
    if (size > MAX_TRANSFORM_BYTES) throw new SqlFailure('the result of transform() is larger than 128 KiB');
    result.push(enriched);
  }
  return result;
}

const isMissing = (value: Value) => value === undefined || value === null;

export const valueFunctions: Readonly<Record<string, SqlFunction>> = {
  concat: { minimum: 0, maximum: Infinity, evaluate: concat },
  get: { minimum: 2, maximum: 2, evaluate: get },
  isnull: { minimum: 1, maximum: 1, evaluate: (_message, value) => value === null },
  isundefined: { minimum: 1, maximum: 1, evaluate: (_message, value) => value === undefined },
  nanvl: {
    minimum: 2,
    maximum: 2,
    evaluate: (_message, value, otherwise) => (isMissing(value) ? otherwise : value),
  },
  transform: { minimum: 3, maximum: 3, evaluate: transform },
};
