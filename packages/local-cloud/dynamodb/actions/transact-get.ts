// TransactGetItems: up to 100 items of several tables, as they are at one moment.

import { refuse, validationError } from '../error.ts';
import type { ExpressionData } from '../requests/expressions.ts';
import { checkKey, isOfSchema } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { NONE, reasonOfKey, requireAll, type Reason } from './cancelled.ts';
import { consumedByTransaction, isAsked, type Consumed } from './consumed.ts';
import type { Answer, Context } from './context.ts';
import { getItem } from './get-item.ts';

interface Get extends ExpressionData {
  readonly TableName: string;
  readonly Key: Item;
}

interface Request {
  readonly TransactItems: readonly { readonly Get: Get }[];
  readonly ReturnConsumedCapacity?: string;
}

/** Equal texts for equal keys: their values are in their stored form. */
const textOfKey = (key: Item) => JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));

function reasonOfGet({ tables }: Context, { TableName, Key: key }: Get): Reason {
  refuse(problemOfValues(key));
  const { keys } = tables.get(TableName);
  return reasonOfKey(() => checkKey(key, keys), isOfSchema(key, keys, true)) ?? NONE;
}

export function transactGetItems(context: Context, request: Request): Answer {
  const { TransactItems: gets, ReturnConsumedCapacity: kind } = request;
  const reasons = gets.map(({ Get: get }) => reasonOfGet(context, get));
  const targets = gets.map(({ Get: { TableName: table, Key: key } }) => `${table} ${textOfKey(key)}`);
  if (new Set(targets).size < targets.length)
    throw validationError('Transaction request cannot include multiple operations on one item');
  requireAll(reasons);
  const units = new Map<string, number>();
  const responses = gets.map(({ Get: get }) => {
    const asked = { ...get, ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' };
    const { Item: item, ConsumedCapacity } = getItem(context, asked);
    const { CapacityUnits } = ConsumedCapacity as Consumed;
    units.set(get.TableName, (units.get(get.TableName) ?? 0) + 2 * CapacityUnits);
    return { Item: item };
  });
  const consumed = [...units].map(([table, sum]) =>
    consumedByTransaction(table, sum, kind, 'ReadCapacityUnits'),
  );
  return { Responses: responses, ConsumedCapacity: isAsked(kind) ? consumed : undefined };
}
