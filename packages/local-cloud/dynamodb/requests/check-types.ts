// Reads a request by its shape: unknown members are left out, and wrong types are refused in DynamoDB's words.

import { serializationError } from '../error.ts';
import type { Members, Shape } from './shape.ts';
import { MAX_LEVELS, tooDeep, UNSTORABLE, unstorable } from '../values/unstorable.ts';

type Data = Readonly<Record<string, unknown>>;

const STRUCTURE = 'Start of structure or map found where not expected';
const PARAMETERIZED =
  'class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class ' +
  '(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader ' +
  "'bootstrap')";
const SERVICE = 'com.amazonaws.dynamodb.v20120810.';
const nameOfClass = (javaType: string) => (javaType.includes('.') ? javaType : SERVICE + javaType);

function refuseStructure(value: unknown, javaType: string): void {
  if (Array.isArray(value)) throw serializationError(`Unrecognized collection type class ${javaType}`);
  if (typeof value === 'object') throw serializationError(STRUCTURE);
}

function nameOfToken(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  if (typeof value === 'string') return 'STRING_VALUE';
  return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
}

function takeText(value: unknown): string {
  if (typeof value === 'string') return value;
  refuseStructure(value, 'java.lang.String');
  throw serializationError(`${nameOfToken(value)} cannot be converted to String`);
}

const YES = new Set(['TRUE', '1', 'YES']);
const NO = new Set(['FALSE', '0', 'NO']);

function takeBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  refuseStructure(value, 'java.lang.Boolean');
  if (typeof value === 'number')
    throw serializationError(`${nameOfToken(value)} cannot be converted to Boolean`);
  const word = (value as string).toUpperCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw serializationError('Unexpected token received from parser');
}

function takeInteger(value: unknown, type: string): number {
  if (typeof value === 'number') return Math.floor(value);
  refuseStructure(value, `java.lang.${type}`);
  throw serializationError(`${nameOfToken(value)} cannot be converted to ${type}`);
}

/** Canonical base64: each value has exactly one text. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

function takeBytes(value: unknown): string {
  if (typeof value !== 'string') {
    if (Array.isArray(value))
      throw serializationError('Unrecognized collection type class java.nio.ByteBuffer');
    if (typeof value === 'object') throw serializationError(STRUCTURE);
    throw serializationError('only base-64-encoded strings are convertible to bytes');
  }
  if (value.length % 4) {
    const message = `Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`;
    throw serializationError(message);
  }
  if (!BASE64.test(value)) throw serializationError('Invalid last non-pad Base64 character dectected');
  return value;
}

function takeList<T>(value: unknown, take: (member: unknown) => T): T[] {
  if (Array.isArray(value)) return value.filter((member) => member !== null).map(take);
  throw serializationError(typeof value === 'object' ? STRUCTURE : 'Unexpected field type');
}

/** A copy of `value` without its nulls. @throws ValidationException for a member called `__proto__` */
function takeMembers(value: object, take: (member: unknown) => unknown): Data {
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === UNSTORABLE) throw unstorable();
    if (member !== null) members[name] = take(member);
  }
  return members;
}

function takeMap(value: unknown, javaType: string, take: (member: unknown) => unknown): Data {
  if (Array.isArray(value)) {
    const message = `Unrecognized collection type java.util.Map<java.lang.String, ${nameOfClass(javaType)}>`;
    throw serializationError(message);
  }
  if (typeof value !== 'object') throw serializationError('Unexpected field type');
  return takeMembers(value!, take);
}

function takeParameterizedMap(value: unknown, take: (member: unknown) => unknown): Data {
  if (Array.isArray(value)) {
    const message = `Unrecognized collection type java.util.Map<java.lang.String, ${nameOfClass('AttributeValue')}>`;
    throw serializationError(message);
  }
  if (typeof value !== 'object') throw serializationError(PARAMETERIZED);
  return takeMembers(value!, take);
}

function requireStructure(value: unknown, javaType: string, isMember: boolean): object {
  if (Array.isArray(value))
    throw serializationError(`Unrecognized collection type class ${nameOfClass(javaType)}`);
  if (typeof value === 'object') return value!;
  throw serializationError(isMember ? 'Unexpected value type in payload' : 'Unexpected field type');
}

type TakeContent = (content: unknown, level: number) => unknown;
const contents: Readonly<Record<string, TakeContent>> = {
  S: takeText,
  N: takeText,
  B: takeBytes,
  BOOL: takeBoolean,
  NULL: takeBoolean,
  SS: (content) => takeList(content, takeText),
  NS: (content) => takeList(content, takeText),
  BS: (content) => takeList(content, takeBytes),
  L: (content, level) => takeList(content, (member) => takeValue(member, level + 1)),
  M: (content, level) => takeMap(content, 'AttributeValue', (member) => takeValue(member, level + 1)),
};

/** @param level how many lists and maps the value is in */
function takeValue(value: unknown, level = 0): Data {
  if (level > MAX_LEVELS) throw tooDeep();
  const given = requireStructure(value, 'AttributeValue', true) as Data;
  const taken: Record<string, unknown> = {};
  for (const type of Object.keys(given)) {
    const take = Object.hasOwn(contents, type) ? contents[type] : undefined;
    if (take && given[type] !== null) taken[type] = take(given[type], level);
  }
  return taken;
}

function takeChild(value: unknown, shape: Shape): unknown {
  switch (shape.type) {
    case 'String':
      return takeText(value);
    case 'Boolean':
      return takeBoolean(value);
    case 'Integer':
    case 'Long':
      return takeInteger(value, shape.type);
    case 'Value':
      return takeValue(value);
    case 'Map':
      return takeMap(value, shape.javaType, (member) => takeChild(member, shape.children));
    case 'ParameterizedMap':
      return takeParameterizedMap(value, (member) => takeChild(member, shape.children));
    case 'Struct':
      return takeStructure(requireStructure(value, shape.javaType, shape.isMember) as Data, shape.children);
    case 'ParameterizedList':
      if (typeof value !== 'object') throw serializationError(PARAMETERIZED);
      return takeList(value, (member) => takeChild(member, shape.children));
    default:
      return takeList(value, (member) => takeChild(member, shape.children));
  }
}

/**
 * A copy of `data` with the members of its shape.
 *
 * @throws SerializationException for a member of another type
 */
export function takeStructure(data: Data, members: Members): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const name in members) {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    if (value !== undefined && value !== null) taken[name] = takeChild(value, members[name]!);
  }
  return taken;
}
