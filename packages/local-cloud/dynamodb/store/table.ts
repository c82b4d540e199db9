// A table as requests use it: its keys and indexes with their types, and the keys of its rows.

import { validationError } from '../error.ts';
import { memberOf, type AttributeValue, type Item } from '../values/attribute-value.ts';
import { partitionBytes, sortableBytes, type KeyType } from '../values/key-bytes.ts';

export interface Key {
  readonly name: string;
  readonly type: KeyType;
}

/** The input of CreateTable and the output of DescribeTable. */
export interface Description {
  readonly TableName: string;
  TableStatus: string;
  AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: KeyType }[];
  readonly KeySchema: readonly KeyElement[];
  GlobalSecondaryIndexes?: IndexDescription[];
  readonly LocalSecondaryIndexes?: IndexDescription[];
  StreamSpecification?: { readonly StreamEnabled: boolean; readonly StreamViewType?: StreamView };
  [other: string]: unknown;
}

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: string;
}

export interface IndexDescription {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
  [other: string]: unknown;
}

export interface Index {
  /** Names the rows of the index in the database. */
  readonly id: number;
  readonly name: string;
  readonly isGlobal: boolean;
  readonly keys: readonly Key[];
  /** The attributes that the index has; undefined when it has all. */
  readonly projected: readonly string[] | undefined;
}

export type StreamView = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface Table {
  readonly id: number;
  readonly name: string;
  readonly description: Description;
  readonly keys: readonly Key[];
  readonly indexes: readonly Index[];
  /** What the records of the table's stream contain; absent without a stream. */
  readonly streamView: StreamView | undefined;
  /** Whether a write needs the item that it replaces. */
  readonly needsOld: boolean;
}

/** The bytes of a key: partition, and sort key or nothing. */
export type RowKey = readonly [partition: Buffer, sort: Buffer];

const NO_SORT_KEY = Buffer.alloc(0);

export function keysOf(schema: readonly KeyElement[], { AttributeDefinitions: all }: Description): Key[] {
  return schema.map(({ AttributeName: name }) => {
    const { AttributeType: type } = all.find((each) => each.AttributeName === name)!;
    return { name, type };
  });
}

/** @param ids of the indexes' rows, by name */
export function tableOf(id: number, description: Description, ids: ReadonlyMap<string, number>): Table {
  const keys = keysOf(description.KeySchema, description);
  const indexOf =
    (isGlobal: boolean) =>
    (index: IndexDescription): Index => {
      const own = keysOf(index.KeySchema, description);
      const { ProjectionType: type, NonKeyAttributes: others = [] } = index.Projection;
      const names = [...own, ...keys].map(({ name }) => name);
      const projected = type === 'ALL' ? undefined : [...new Set([...names, ...others])];
      return { id: ids.get(index.IndexName)!, name: index.IndexName, isGlobal, keys: own, projected };
    };
  const indexes = [
    ...(description.GlobalSecondaryIndexes ?? []).map(indexOf(true)),
    ...(description.LocalSecondaryIndexes ?? []).map(indexOf(false)),
  ];
  const { StreamEnabled: isOn, StreamViewType: view } = description.StreamSpecification ?? {};
  const streamView = isOn ? view : undefined;
  const needsOld = indexes.length > 0 || streamView !== undefined;
  return { id, name: description.TableName, description, keys, indexes, streamView, needsOld };
}

/** The row of an item or key that has been checked. */
export function rowKeyOf(keys: readonly Key[], item: Item): RowKey {
  const [hash, range] = keys;
  return [
    partitionBytes(item[hash!.name]!, hash!.type),
    range ? sortableBytes(item[range.name]!, range.type) : NO_SORT_KEY,
  ];
}

/** The index's row, or undefined for an item that is not in the index. */
export function indexRowOf({ keys }: Index, item: Item): RowKey | undefined {
  const isKey = ({ name, type }: Key) => Boolean(memberOf(item, name)?.[type]);
  return keys.every(isKey) ? rowKeyOf(keys, item) : undefined;
}

const MAX_KEY_BYTES = { hash: 2_048, range: 1_024 };

/** The problem of a key attribute's value that is too large. */
function problemOfSize(value: AttributeValue, { type }: Key, isHash: boolean): string | undefined {
  if (type === 'N') return undefined;
  const size = Buffer.byteLength(value[type] as string, type === 'S' ? 'utf8' : 'base64');
  if (isHash && size > MAX_KEY_BYTES.hash)
    return 'One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes';
  if (!isHash && size > MAX_KEY_BYTES.range)
    return (
      'One or more parameter values were invalid: ' +
      'Aggregated size of all range keys has exceeded the size limit of 1024 bytes'
    );
  return undefined;
}

export const isEmpty = (value: AttributeValue, { type }: Key) => type !== 'N' && value[type] === '';
const kindOf = ({ type }: Key) => (type === 'S' ? 'string' : 'binary');
const emptyKey = (key: Key) =>
  validationError(
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain ' +
      `an empty ${kindOf(key)} value. Key: ${key.name}`,
  );

/** @throws ValidationException for a key attribute that is missing, of another type, empty or too large */
export function checkKeyAttribute(data: Item, key: Key, isHash: boolean): void {
  const value = memberOf(data, key.name);
  if (value?.[key.type] === undefined)
    throw validationError('The provided key element does not match the schema');
  if (isEmpty(value, key)) throw emptyKey(key);
  const problem = problemOfSize(value, key, isHash);
  if (problem !== undefined) throw validationError(problem);
}

/** Whether the key attributes are there and have their types; a key must have no other attributes. */
export function isOfSchema(data: Item, keys: readonly Key[], isKey: boolean): boolean {
  if (isKey && Object.keys(data).length !== keys.length) return false;
  return keys.every(({ name, type }) => memberOf(data, name)?.[type] !== undefined);
}

/** @throws ValidationException for a key that has other attributes than the table's */
export function checkKey(data: Item, keys: readonly Key[]): void {
  if (Object.keys(data).length !== keys.length)
    throw validationError('The provided key element does not match the schema');
  for (const [index, key] of keys.entries()) checkKeyAttribute(data, key, index === 0);
}

function checkItemKey(item: Item, key: Key, isHash: boolean): void {
  const invalid = (what: string) => validationError(`One or more parameter values were invalid: ${what}`);
  const value = memberOf(item, key.name);
  if (!value) throw invalid(`Missing the key ${key.name} in the item`);
  if (value[key.type] === undefined) {
    const [actual] = Object.keys(value);
    throw invalid(`Type mismatch for key ${key.name} expected: ${key.type} actual: ${actual}`);
  }
  if (isEmpty(value, key)) throw emptyKey(key);
  const problem = problemOfSize(value, key, isHash);
  if (problem !== undefined) throw validationError(problem);
}

export const typeMismatch = (actual: string | undefined, { name, type }: Key, index: Index) =>
  'One or more parameter values were invalid: ' +
  `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${actual} IndexName: ${index.name}`;

/** Whether each attribute that is a key of an index has its type. */
export function isOfIndexes(item: Item, { indexes }: Table): boolean {
  const isOfType = ({ name, type }: Key) => {
    const value = memberOf(item, name);
    return !value || value[type] !== undefined;
  };
  return indexes.every(({ keys }) => keys.every(isOfType));
}

const NOT_VALID = 'One or more parameter values are not valid. ';
const emptyIndexKey = (key: Key) =>
  `The AttributeValue for a key attribute cannot contain an empty ${kindOf(key)} value.`;

/** The messages for an item that an index cannot contain. */
export interface IndexProblems {
  readonly mismatch: (actual: string | undefined, key: Key, index: Index) => string;
  readonly empty: (key: Key, index: Index) => string;
}

const ofItem: IndexProblems = {
  mismatch: typeMismatch,
  empty: (key, index) =>
    `${NOT_VALID}A value specified for a secondary index key is not supported. ${emptyIndexKey(key)} ` +
    `IndexName: ${index.name}, IndexKey: ${key.name}`,
};

/** The messages for an update expression. */
export const ofExpression: IndexProblems = {
  mismatch: () => 'The update expression attempted to update the secondary index key to unsupported type',
  empty: (key) =>
    `${NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. ` +
    emptyIndexKey(key),
};

/** @throws ValidationException for an item that an index cannot contain */
export function checkIndexKeys(
  item: Item,
  indexes: readonly Index[],
  problems: IndexProblems = ofItem,
): void {
  for (const index of indexes) {
    for (const [position, key] of index.keys.entries()) {
      const value = memberOf(item, key.name);
      if (!value) continue;
      if (value[key.type] === undefined)
        throw validationError(problems.mismatch(Object.keys(value)[0], key, index));
      if (isEmpty(value, key)) throw validationError(problems.empty(key, index));
      const problem = problemOfSize(value, key, position === 0);
      if (problem !== undefined) throw validationError(problem);
    }
  }
}

/** @throws ValidationException for an item that lacks a key of the table, or that an index cannot contain */
export function checkItem(item: Item, { keys, indexes }: Table): void {
  for (const [index, key] of keys.entries()) checkItemKey(item, key, index === 0);
  checkIndexKeys(item, indexes);
}

/** @throws ValidationException for a path to a member of a key: keys are scalars */
export function checkNestedPaths(nested: ReadonlySet<string> | undefined, { keys, indexes }: Table): void {
  if (!nested || nested.size === 0) return;
  const problem = (kind: string, name: string) =>
    validationError(
      "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: " +
        `${kind}: ${name}`,
    );
  for (const { name } of keys) if (nested.has(name)) throw problem('Key', name);
  for (const index of indexes)
    for (const { name } of index.keys) if (nested.has(name)) throw problem('IndexKey', name);
}
