// The capacity that a request consumes, where it asks for that.

import { capacityOf } from '../values/size.ts';
import type { Item } from '../values/attribute-value.ts';

interface Asking {
  readonly TableName: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ConsistentRead?: boolean;
}

export interface Consumed {
  readonly CapacityUnits: number;
  readonly TableName: string;
  readonly Table?: { readonly CapacityUnits: number } | undefined;
}

export const isAsked = (kind: string | undefined): boolean => kind === 'TOTAL' || kind === 'INDEXES';

export function consumedBy(table: string, units: number, kind: string | undefined): Consumed {
  return {
    CapacityUnits: units,
    TableName: table,
    Table: kind === 'INDEXES' ? { CapacityUnits: units } : undefined,
  };
}

/** Of a write the larger of the item before and after. */
export function consumedOf(
  request: Asking,
  isRead: boolean,
  ...items: readonly (Item | undefined)[]
): Consumed | undefined {
  const { TableName, ReturnConsumedCapacity: kind, ConsistentRead = false } = request;
  if (!isAsked(kind)) return undefined;
  const present = items.filter((item) => item !== undefined);
  const sizes = (present.length > 0 ? present : [undefined]).map((item) =>
    capacityOf(item, isRead, ConsistentRead),
  );
  return consumedBy(TableName, Math.max(...sizes), kind);
}
