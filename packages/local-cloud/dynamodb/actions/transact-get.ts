// TransactGetItems: up to 100 items of several tables, as they are at one moment.

import type { ExpressionData } from '../requests/expressions.ts';
import type { Item } from '../values/attribute-value.ts';
import { consumedBy, isAsked, type Consumed } from './consumed.ts';
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

export function transactGetItems(context: Context, request: Request): Answer {
  const { TransactItems: gets, ReturnConsumedCapacity: kind } = request;
  const units = new Map<string, number>();
  const responses = gets.map(({ Get: get }) => {
    const asked = { ...get, ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' };
    const { Item: item, ConsumedCapacity } = getItem(context, asked);
    const { CapacityUnits } = ConsumedCapacity as Consumed;
    units.set(get.TableName, (units.get(get.TableName) ?? 0) + 2 * CapacityUnits);
    return { Item: item };
  });
  const consumed = [...units].map(([table, sum]) => consumedBy(table, sum, kind));
  return { Responses: responses, ConsumedCapacity: isAsked(kind) ? consumed : undefined };
}
