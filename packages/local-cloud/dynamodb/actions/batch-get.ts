// BatchGetItem: up to 100 items of several tables, and the keys whose items did not fit into the answer.

import { refuse, validationError } from '../error.ts';
import { project } from '../expressions/projection.ts';
import { newProblem } from '../requests/check-constraints.ts';
import { checkParameters, compileExpressions, type ExpressionData } from '../requests/expressions.ts';
import { checkKey, checkNestedPaths, rowKeyOf } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { capacityOf, itemSize } from '../values/size.ts';
import { consumedBy, isAsked } from './consumed.ts';
import type { Answer, Context } from './context.ts';
import { pathsOf } from './get-item.ts';

interface TableRequest extends ExpressionData {
  readonly Keys: readonly Item[];
  readonly AttributesToGet?: readonly string[];
  readonly ConsistentRead?: boolean;
}

interface Request {
  readonly RequestItems: Readonly<Record<string, TableRequest>>;
  readonly ReturnConsumedCapacity?: string;
}

const MAX_KEYS = 100;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const sortedText = (key: Item) => JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));

function checkKeys(keys: readonly Item[]): void {
  for (const key of keys) refuse(problemOfValues(key));
  if (new Set(keys.map(sortedText)).size < keys.length)
    throw validationError('Provided list of item keys contains duplicates');
}

function checkTables(asked: Request['RequestItems']): void {
  const tables = Object.entries(asked);
  if (tables.length === 0) throw validationError('The requestItems parameter is required for BatchGetItem');
  for (const [name, { Keys }] of tables) {
    if (Keys.length > MAX_KEYS)
      throw validationError(
        newProblem(`RequestItems.${name}.member.Keys`, `length less than or equal to ${MAX_KEYS}`),
      );
  }
  const count = tables.reduce((sum, [, { Keys }]) => sum + Keys.length, 0);
  if (count > MAX_KEYS) throw validationError('Too many items requested for the BatchGetItem call');
  // All tables of a request use the same of the two parameters.
  checkParameters(Object.assign({}, ...Object.values(asked)), ['ProjectionExpression'], ['AttributesToGet']);
}

/** Reads the keys of one table. */
function prepare({ tables }: Context, name: string, request: TableRequest) {
  checkParameters(request, ['ProjectionExpression'], ['AttributesToGet']);
  const legacyPaths = pathsOf(request.AttributesToGet);
  const { projection } = compileExpressions(request);
  checkKeys(request.Keys);
  const table = tables.get(name);
  for (const key of request.Keys) checkKey(key, table.keys);
  checkNestedPaths(projection?.nestedPaths, table);
  const paths = projection?.run ?? legacyPaths;
  return (key: Item) => {
    const text = tables.rows.get(table, rowKeyOf(table.keys, key));
    const item = text === undefined ? undefined : (JSON.parse(text) as Item);
    return { item, shown: item && paths ? project(paths, item) : item };
  };
}

export function batchGetItem(context: Context, request: Request): Answer {
  const { RequestItems: asked, ReturnConsumedCapacity: kind } = request;
  checkTables(asked);
  const reads = Object.entries(asked).map(
    ([name, table]) => [name, table, prepare(context, name, table)] as const,
  );
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, TableRequest> = {};
  const consumed: object[] = [];
  let size = 0;
  for (const [name, table, read] of reads) {
    const left: Item[] = [];
    const found: Item[] = (responses[name] = []);
    let units = 0;
    for (const key of table.Keys) {
      const { item, shown } = read(key);
      size += item ? itemSize(item) : 0;
      if (size > MAX_ANSWER_BYTES) {
        left.push(key);
        continue;
      }
      units += capacityOf(item, true, table.ConsistentRead ?? false);
      if (shown) found.push(shown);
    }
    if (left.length > 0) unprocessed[name] = { ...table, Keys: left };
    consumed.push(consumedBy(name, units, kind));
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ConsumedCapacity: isAsked(kind) ? consumed : undefined,
  };
}
