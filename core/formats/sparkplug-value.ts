// Reads the value of a Sparkplug metric, whose type is in one member and whose value is in one of several others.

import type { Json } from './draft.ts';
import { shortestFloat } from './float32.ts';

export const TYPE_MEMBERS = ['dataType', 'datatype', 'type', 'data_type'] as const;
const SCALARS = ['int', 'long', 'float', 'double', 'boolean', 'string'];
export const VALUE_MEMBERS = [
  ...SCALARS.flatMap((type) => [`${type}Value`, `${type}_value`]),
  ...['datasetValue', 'dataset_value', 'bytesValue', 'bytes_value', 'templateValue', 'template_value'],
];

/** Type names by number, from 1. */
const TYPES = [
  ...['Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float', 'Double', 'Boolean'],
  ...['String', 'DateTime', 'Text', 'UUID', 'DataSet', 'Bytes', 'File', 'Template'],
].map((name) => name.toLowerCase());
/** Not measurements: times, texts, tables, bytes. `string` may hold a number. */
const NOT_MEASURED = new Set(TYPES.slice(12));
/** Bits of signed integers; smaller types are sent as 32 bits without a sign. */
const SIGNED: ReadonlyMap<string, bigint> = new Map([
  ['int8', 32n],
  ['int16', 32n],
  ['int32', 32n],
  ['int64', 64n],
]);

/** The member with the value, and the value; null for null. Undefined if it is not a measurement. */
export function sparkplugValue(
  metric: Json,
): { readonly member: string; readonly value: unknown } | undefined {
  const type = typeOf(metric);
  if (NOT_MEASURED.has(type)) return undefined;
  const member = ['value', ...SCALARS.flatMap((name) => [`${name}Value`, `${name}_value`])].find(
    (name) => metric[name] !== undefined,
  );
  const nothing = [metric['isNull'], metric['is_null']].includes(true);
  if (member === undefined)
    return nothing ? { member: 'isNull' in metric ? 'isNull' : 'is_null', value: null } : undefined;
  return { member, value: nothing ? null : typed(metric[member], type, member) };
}

function typeOf(metric: Json): string {
  const type = TYPE_MEMBERS.map((member) => metric[member]).find((found) => found !== undefined);
  const name = typeof type === 'number' ? TYPES[type - 1] : type;
  return typeof name === 'string' ? name.toLowerCase() : '';
}

function typed(value: unknown, type: string, member: string): unknown {
  if (type === 'float' || member.startsWith('float')) return shortestFloat(value);
  if (type === 'boolean' && (value === 0 || value === 1)) return value;
  const bits = SIGNED.get(type);
  return bits === undefined ? value : withSign(value, bits);
}

/** 4294967295 is -1. 64-bit values come as text. */
function withSign(value: unknown, bits: bigint): unknown {
  const isInteger = Number.isSafeInteger(value) || (typeof value === 'string' && /^\d{1,20}$/.test(value));
  if (!isInteger) return value;
  const integer = BigInt(value as number | string);
  if (integer < 2n ** (bits - 1n) || integer >= 2n ** bits) return value;
  return String(integer - 2n ** bits);
}
