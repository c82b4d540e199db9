// The capacity that a request consumes, if it wants to know: of the table, and what a write adds for each index.

import { isDeepStrictEqual } from 'node:util';
import { indexRowOf, type Index, type Table } from '../store/table.ts';
import { memberOf, type Item } from '../values/attribute-value.ts';
import { capacityOf } from '../values/size.ts';

interface Units {
  readonly CapacityUnits: number;
  /** Only transactions say which kind of units they consumed. */
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}
type ByIndex = Readonly<Record<string, Units>>;

export interface Consumed extends Units {
  readonly TableName: string;
  readonly Table?: Units | undefined;
  readonly GlobalSecondaryIndexes?: ByIndex | undefined;
  readonly LocalSecondaryIndexes?: ByIndex | undefined;
}

/** An item before and after a write. */
export interface Change {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

export const isAsked = (kind: string | undefined): boolean => kind === 'TOTAL' || kind === 'INDEXES';

export function consumedBy(table: string, units: number, kind: string | undefined): Consumed {
  return {
    CapacityUnits: units,
    TableName: table,
    Table: kind === 'INDEXES' ? { CapacityUnits: units } : undefined,
  };
}

export function consumedByTransaction(
  table: string,
  units: number,
  kind: string | undefined,
  what: 'ReadCapacityUnits' | 'WriteCapacityUnits',
): Consumed {
  const all = { CapacityUnits: units, [what]: units };
  return { ...all, TableName: table, Table: kind === 'INDEXES' ? all : undefined };
}

const sumOf = <T>(values: readonly T[], unitsOf: (value: T) => number): number =>
  values.reduce((sum, value) => sum + unitsOf(value), 0);

/** The units of the larger of the item before and after. */
export const unitsOfWrite = ({ before, after }: Change): number =>
  Math.max(capacityOf(before, false, true), capacityOf(after, false, true));

/** The attributes of an item that the index has; undefined for an item that is not in the index. */
function viewOf(index: Index, item: Item | undefined): Item | undefined {
  if (!item || !indexRowOf(index, item)) return undefined;
  const { projected } = index;
  if (!projected) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => projected.includes(name)));
}

/** An unchanged entry costs nothing. An entry whose key changes is deleted and put again, and costs both. */
function unitsOfIndex(index: Index, change: Change): number {
  const [before, after] = [viewOf(index, change.before), viewOf(index, change.after)];
  const written = [before, after].filter((view) => view !== undefined);
  if (written.length < 2) return sumOf(written, (view) => capacityOf(view, false, true));
  if (isDeepStrictEqual(before, after)) return 0;
  const isSame = ({ name }: { name: string }) =>
    isDeepStrictEqual(memberOf(before!, name), memberOf(after!, name));
  if (index.keys.every(isSame)) return unitsOfWrite({ before, after });
  return sumOf(written, (view) => capacityOf(view, false, true));
}

/** The capacity of writes to one table. */
export function consumedByWrites(
  table: Table,
  changes: readonly Change[],
  kind: string | undefined,
): Consumed | undefined {
  if (!isAsked(kind)) return undefined;
  const own = sumOf(changes, unitsOfWrite);
  const indexes = table.indexes
    .map((index) => ({ index, units: sumOf(changes, (change) => unitsOfIndex(index, change)) }))
    .filter(({ units }) => units > 0);
  const arm = (isGlobal: boolean): ByIndex | undefined => {
    const entries = indexes
      .filter(({ index }) => index.isGlobal === isGlobal)
      .map(({ index, units }) => [index.name, { CapacityUnits: units }] as const);
    return kind === 'INDEXES' && entries.length > 0 ? Object.fromEntries(entries) : undefined;
  };
  return {
    ...consumedBy(table.name, own, kind),
    CapacityUnits: own + sumOf(indexes, ({ units }) => units),
    GlobalSecondaryIndexes: arm(true),
    LocalSecondaryIndexes: arm(false),
  };
}
