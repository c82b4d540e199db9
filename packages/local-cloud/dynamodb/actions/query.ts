// Query: items of one partition of a table or an index, in the order of their sort keys.

import { refuse, validationError } from '../error.ts';
import { checkParameters, compileExpressions, type Expressions } from '../requests/expressions.ts';
import { keyConditionsOf } from '../requests/key-condition.ts';
import {
  problemOfConditions,
  testOfConditions,
  type LegacyCondition,
  type LegacyConditions,
} from '../requests/legacy-conditions.ts';
import type { Bound, Range } from '../store/rows.ts';
import { checkKeyAttribute, checkNestedPaths, type Index, type Key, type Table } from '../store/table.ts';
import { memberOf, type AttributeValue, type Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { equal } from '../values/compare.ts';
import { afterPrefix, partitionBytes, sortableBytes } from '../values/key-bytes.ts';
import type { Answer, Context } from './context.ts';
import { pathsOf } from './get-item.ts';
import {
  checkSelect,
  indexOf,
  readKeys,
  readPage,
  startKeys,
  startOf,
  type PageRequest,
} from './read-page.ts';

interface Request extends PageRequest {
  readonly KeyConditions?: LegacyConditions;
  readonly KeyConditionExpression?: string;
  readonly QueryFilter?: LegacyConditions;
  readonly ConditionalOperator?: string;
  readonly ScanIndexForward?: boolean;
}

const INVALID_START = 'The provided starting key is invalid';
/** Problems of values that DynamoDB reports without naming the starting key. */
const BARE = /contains duplicates|number set|numeric value|significant digits|number with magnitude/;

/** @throws ValidationException for values that the starting key cannot have */
export function checkStartValues(start: Item | undefined): void {
  const problem = problemOfValues(start);
  refuse(problem && (BARE.test(problem) ? problem : `${INVALID_START}: ${problem}`));
}

/** A legacy request may combine key conditions and a filter expression. */
function checkLegacy(request: Request): void {
  const legacy = ['AttributesToGet', 'QueryFilter', 'ConditionalOperator'];
  if (request.KeyConditionExpression !== undefined) legacy.push('KeyConditions');
  checkParameters(request, ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression'], legacy);
}

function keyConditions({ KeyConditions: legacy }: Request, { keyCondition, values }: Expressions) {
  if (keyCondition) return keyConditionsOf(keyCondition.tree, values);
  const conditions = legacy ?? {};
  refuse(problemOfConditions(conditions));
  const count = Object.keys(conditions).length;
  if (count !== 1 && count !== 2) throw validationError('Conditions can be of length 1 or 2 only');
  return conditions;
}

const MAX_CONDITIONS = 2;
const UNINDEXABLE = ['NULL', 'NOT_NULL', 'NE', 'CONTAINS', 'NOT_CONTAINS', 'IN'];

/** @throws ValidationException for a condition by which rows cannot be looked up */
function checkCondition(conditions: LegacyConditions, key: Key, isHash: boolean): void {
  const condition = memberOf(conditions, key.name);
  const count = Object.keys(conditions).length;
  if (!condition) {
    if (isHash || count > 1) throw validationError(`Query condition missed key schema element: ${key.name}`);
    return;
  }
  const { ComparisonOperator: operator = '', AttributeValueList: list = [] } = condition;
  if (UNINDEXABLE.includes(operator))
    throw validationError('Attempted conditional constraint is not an indexable operation');
  if (list.some((value) => value[key.type] === undefined))
    throw validationError(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    );
  if (isHash && operator !== 'EQ') throw validationError('Query key condition not supported');
  for (const value of list)
    if (operator !== 'BEGINS_WITH') checkKeyAttribute({ [key.name]: value }, key, isHash);
}

/** @throws ValidationException for conditions by which rows cannot be looked up */
export function checkConditions(
  conditions: LegacyConditions,
  keys: readonly Key[],
  start: Item | undefined,
): void {
  const count = Object.keys(conditions).length;
  if (count > MAX_CONDITIONS) {
    const most = `the number of key attributes defined in the schema (${keys.length})`;
    throw validationError(`The number of query conditions (${count}) exceeds ${most}`);
  }
  for (const [position, key] of keys.entries()) {
    const isHash = position === 0;
    if (start) {
      if (!memberOf(start, key.name)) throw validationError(INVALID_START);
      checkKeyAttribute(start, key, isHash);
    }
    if (isHash && keys.length === 1 && count > 1) throw validationError('Query key condition not supported');
    checkCondition(conditions, key, isHash);
  }
}

const at = (sort: Buffer | undefined, isInclusive: boolean): Bound | undefined =>
  sort && { sort, isInclusive };

type Bounds = (...given: readonly Buffer[]) => {
  readonly lower?: Bound | undefined;
  readonly upper?: Bound | undefined;
};

const bounds: Readonly<Record<string, Bounds>> = {
  EQ: (value) => ({ lower: at(value, true), upper: at(value, true) }),
  LT: (value) => ({ upper: at(value, false) }),
  LE: (value) => ({ upper: at(value, true) }),
  GT: (value) => ({ lower: at(value, false) }),
  GE: (value) => ({ lower: at(value, true) }),
  BETWEEN: (low, high) => ({ lower: at(low, true), upper: at(high, true) }),
  BEGINS_WITH: (prefix) => ({ lower: at(prefix, true), upper: at(afterPrefix(prefix), false) }),
};

const bytes = ({ AttributeValueList: list = [] }: LegacyCondition, { type }: Key) =>
  list.map((value) => sortableBytes(value, type));

const outside = (why: string) => validationError(`The provided starting key ${why}`);

/** @throws ValidationException for a key that the query would not reach */
function checkStart(start: Item, conditions: LegacyConditions, [hash, range]: readonly Key[]): void {
  const isInPartition = equal(start[hash!.name], conditions[hash!.name]!.AttributeValueList![0]);
  const condition = range && memberOf(conditions, range.name);
  if (!condition) {
    if (!isInPartition) throw outside('is outside query boundaries based on provided conditions');
    return;
  }
  const isInRange = testOfConditions({ [range.name]: condition }, undefined)(start, {});
  if (!isInRange) throw outside('does not match the range key predicate');
  if (!isInPartition) throw validationError('The query can return at most one row and cannot be restarted');
}

/** @throws ValidationException for a filter on a key attribute */
function checkFilter(
  { QueryFilter: legacy }: Request,
  { filter }: Expressions,
  keys: readonly Key[],
  table: Table,
): void {
  const isFiltered = (name: string) =>
    legacy ? Object.hasOwn(legacy, name) : filter !== undefined && filter.pathHeads.has(name);
  const filtered = keys.find(({ name }) => isFiltered(name));
  if (filtered) {
    const what = legacy ? 'QueryFilter' : 'Filter Expression';
    throw validationError(
      `${what} can only contain non-primary key attributes: Primary key attribute: ${filtered.name}`,
    );
  }
  checkNestedPaths(filter?.nestedPaths, table);
}

export function rangeOf(
  request: Request,
  conditions: LegacyConditions,
  table: Table,
  index: Index | undefined,
): Range {
  const [hash, range] = readKeys(table, index);
  const { ExclusiveStartKey: start, ScanIndexForward: isForward = true } = request;
  const condition = range && memberOf(conditions, range.name);
  const value = conditions[hash!.name]!.AttributeValueList![0] as AttributeValue;
  return {
    partition: partitionBytes(value, hash!.type),
    ...(condition && bounds[condition.ComparisonOperator!]!(...bytes(condition, range))),
    after: start && startOf(start, table, index),
    isBackward: !isForward,
  };
}

export function query(context: Context, request: Request): Answer {
  checkLegacy(request);
  refuse(problemOfConditions(request.QueryFilter));
  const legacyPaths = pathsOf(request.AttributesToGet);
  checkStartValues(request.ExclusiveStartKey);
  if (request.KeyConditions === undefined && request.KeyConditionExpression === undefined)
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  const expressions = compileExpressions(request);
  const conditions = keyConditions(request, expressions);
  checkSelect(request);
  const table = context.tables.get(request.TableName);
  const index = indexOf(request, table);
  const keys = readKeys(table, index);
  const { ExclusiveStartKey: start, QueryFilter: legacyFilter } = request;
  if (start && Object.keys(start).length !== startKeys(table, index).length)
    throw validationError(INVALID_START);
  checkConditions(conditions, keys, start);
  const range = rangeOf(request, conditions, table, index);
  if (start) checkStart(start, conditions, keys);
  const { projection, filter, values } = expressions;
  checkNestedPaths(projection?.nestedPaths, table);
  checkFilter(request, expressions, keys, table);
  const legacyTest = legacyFilter && testOfConditions(legacyFilter, request.ConditionalOperator);
  const paths = projection?.run ?? legacyPaths;
  return readPage(context, request, {
    table,
    index,
    range,
    filter: filter?.run ?? legacyTest,
    values,
    paths,
  });
}
