// The size of the item collection that a write changes, if the request wants it and the table has local indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html#LSI.ItemCollections

import type { Table } from '../store/table.ts';
import type { Item } from '../values/attribute-value.ts';

export interface CollectionMetrics {
  readonly ItemCollectionKey: Item;
  /** "The estimate is an estimate", a lower and an upper bound in GB: no collection here comes near one. */
  readonly SizeEstimateRangeGB: readonly [number, number];
}

/** @param kind `SIZE` or `NONE` */
export function metricsOf(
  kind: string | undefined,
  { keys, indexes }: Table,
  item: Item,
): CollectionMetrics | undefined {
  if (kind !== 'SIZE' || indexes.every(({ isGlobal }) => isGlobal)) return undefined;
  const { name } = keys[0]!;
  return { ItemCollectionKey: { [name]: item[name]! }, SizeEstimateRangeGB: [0, 1] };
}

/** For a batch or a transaction, by table; each collection once. */
export function metricsByTable(
  kind: string | undefined,
  writes: readonly { readonly table: Table; readonly item: Item }[],
): Readonly<Record<string, readonly CollectionMetrics[]>> | undefined {
  if (kind !== 'SIZE') return undefined;
  const found = new Map<string, Map<string, CollectionMetrics>>();
  for (const { table, item } of writes) {
    const metrics = metricsOf(kind, table, item);
    if (!metrics) continue;
    const ofTable = found.get(table.name) ?? new Map<string, CollectionMetrics>();
    found.set(table.name, ofTable.set(JSON.stringify(metrics.ItemCollectionKey), metrics));
  }
  return Object.fromEntries([...found].map(([name, ofTable]) => [name, [...ofTable.values()]]));
}
