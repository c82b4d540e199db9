// PutItem: checks an item, and stores it in place of an existing one with the same key.

import { inEnvelope, refuse, validationError } from '../error.ts';
import {
  checkParameters,
  compileExpressions,
  type ExpressionData,
  type Expressions,
} from '../requests/expressions.ts';
import { checkItem, rowKeyOf } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { isTooLarge } from '../values/size.ts';
import { checkExpected, hasCondition, requireCondition, type Conditional } from './condition.ts';
import { metricsOf } from './collection-metrics.ts';
import { consumedByWrites, isAsked } from './consumed.ts';
import type { Answer, Context } from './context.ts';

interface Request extends Conditional, ExpressionData {
  readonly TableName: string;
  readonly Item: Item;
  readonly ReturnValues?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}

export const TOO_LARGE = 'Item size has exceeded the maximum allowed size';

function check(request: Request): Expressions {
  checkParameters(request, ['ConditionExpression'], ['Expected']);
  const { Item: item, ReturnValues: returned = 'NONE' } = request;
  refuse(problemOfValues(item));
  if (returned !== 'ALL_OLD' && returned !== 'NONE')
    throw validationError('ReturnValues can only be ALL_OLD or NONE');
  checkExpected(request);
  return compileExpressions(request);
}

export const putItem = (context: Context, request: Request): Answer =>
  put(
    context,
    request,
    inEnvelope(() => check(request)),
  );

/** @param expressions of the request; PartiQL gives its own */
export function put({ tables }: Context, request: Request, expressions: Expressions): Answer {
  const { Item: item } = request;
  const text = JSON.stringify(item);
  if (isTooLarge(item, text)) throw validationError(TOO_LARGE);
  const table = tables.get(request.TableName);
  checkItem(item, table);
  const key = rowKeyOf(table.keys, item);
  const returnsOld = request.ReturnValues === 'ALL_OLD';
  const needsOld =
    returnsOld ||
    table.needsOld ||
    hasCondition(request, expressions) ||
    isAsked(request.ReturnConsumedCapacity);
  const old = needsOld ? tables.rows.get(table, key) : undefined;
  const existing = old === undefined ? undefined : (JSON.parse(old) as Item);
  requireCondition(request, expressions, existing);
  tables.rows.put(table, key, item, text, existing);
  return {
    Attributes: returnsOld ? existing : undefined,
    ConsumedCapacity: consumedByWrites(
      table,
      [{ before: existing, after: item }],
      request.ReturnConsumedCapacity,
    ),
    ItemCollectionMetrics: metricsOf(request.ReturnItemCollectionMetrics, table, item),
  };
}
