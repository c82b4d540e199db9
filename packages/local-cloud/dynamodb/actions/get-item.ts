// GetItem: the item with a key, or the parts of it that a projection names.

import { refuse } from '../error.ts';
import { project } from '../expressions/projection.ts';
import { checkParameters, compileExpressions, type ExpressionData } from '../requests/expressions.ts';
import { checkKey, checkNestedPaths, rowKeyOf } from '../store/table.ts';
import type { Item, Path } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { capacityOf } from '../values/size.ts';
import { consumedBy, isAsked } from './consumed.ts';
import type { Answer, Context } from './context.ts';

interface Request extends ExpressionData {
  readonly TableName: string;
  readonly Key: Item;
  readonly AttributesToGet?: readonly string[];
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: string;
}

/** @throws ValidationException for an attribute that is named twice */
export function pathsOf(names: readonly string[] | undefined): readonly Path[] | undefined {
  const twice = names?.find((name, index) => names.indexOf(name) !== index);
  refuse(twice && `One or more parameter values were invalid: Duplicate value in attribute name: ${twice}`);
  return names?.map((name) => [name]);
}

export function getItem({ tables }: Context, request: Request): Answer {
  checkParameters(request, ['ProjectionExpression'], ['AttributesToGet']);
  refuse(problemOfValues(request.Key));
  const legacyPaths = pathsOf(request.AttributesToGet);
  const { projection } = compileExpressions(request);
  const table = tables.get(request.TableName);
  checkKey(request.Key, table.keys);
  checkNestedPaths(projection?.nestedPaths, table);
  const text = tables.rows.get(table, rowKeyOf(table.keys, request.Key));
  const item = text === undefined ? undefined : (JSON.parse(text) as Item);
  const paths = projection?.run ?? legacyPaths;
  const { ReturnConsumedCapacity: kind, ConsistentRead: isConsistent = false } = request;
  return {
    Item: item && paths ? project(paths, item) : item,
    ConsumedCapacity: isAsked(kind)
      ? consumedBy(request.TableName, capacityOf(item, true, isConsistent), kind)
      : undefined,
  };
}
