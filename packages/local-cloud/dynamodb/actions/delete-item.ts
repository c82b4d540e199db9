// DeleteItem: deletes the item with a key, if its condition holds.

import { inEnvelope, refuse } from '../error.ts';
import {
  checkParameters,
  compileExpressions,
  type ExpressionData,
  type Expressions,
} from '../requests/expressions.ts';
import { checkKey, rowKeyOf } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { checkExpected, requireCondition, type Conditional } from './condition.ts';
import { metricsOf } from './collection-metrics.ts';
import { consumedByWrites } from './consumed.ts';
import type { Answer, Context } from './context.ts';

interface Request extends Conditional, ExpressionData {
  readonly TableName: string;
  readonly Key: Item;
  readonly ReturnValues?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}

function check(request: Request): Expressions {
  checkParameters(request, ['ConditionExpression'], ['Expected']);
  refuse(problemOfValues(request.Key));
  const returned = request.ReturnValues ?? 'NONE';
  refuse(
    returned === 'NONE' || returned === 'ALL_OLD' ? undefined : 'ReturnValues can only be ALL_OLD or NONE',
  );
  checkExpected(request);
  return compileExpressions(request);
}

export const deleteItem = (context: Context, request: Request): Answer =>
  remove(
    context,
    request,
    inEnvelope(() => check(request)),
  );

/** @param expressions of the request; PartiQL gives its own */
export function remove({ tables }: Context, request: Request, expressions: Expressions): Answer {
  const table = tables.get(request.TableName);
  checkKey(request.Key, table.keys);
  const key = rowKeyOf(table.keys, request.Key);
  const text = tables.rows.get(table, key);
  const existing = text === undefined ? undefined : (JSON.parse(text) as Item);
  requireCondition(request, expressions, existing);
  if (existing) tables.rows.delete(table, key, existing);
  return {
    Attributes: request.ReturnValues === 'ALL_OLD' ? existing : undefined,
    ConsumedCapacity: consumedByWrites(
      table,
      [{ before: existing, after: undefined }],
      request.ReturnConsumedCapacity,
    ),
    ItemCollectionMetrics: metricsOf(request.ReturnItemCollectionMetrics, table, request.Key),
  };
}
