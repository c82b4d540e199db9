// UpdateItem: changes attributes of an item, or creates an item with the key.

import { inEnvelope, refuse, validationError } from '../error.ts';
import { project } from '../expressions/projection.ts';
import { operandType } from '../expressions/reader.ts';
import type { Operand, Section } from '../expressions/syntax.ts';
import {
  checkParameters,
  compileExpressions,
  type ExpressionData,
  type Expressions,
} from '../requests/expressions.ts';
import { problemOfUpdates, updateOf, type LegacyUpdates } from '../requests/legacy-updates.ts';
import {
  checkIndexKeys,
  checkKey,
  checkNestedPaths,
  isEmpty,
  ofExpression,
  rowKeyOf,
  typeMismatch,
  type Index,
  type Key,
  type Table,
} from '../store/table.ts';
import type { Item, Path } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { isTooLarge } from '../values/size.ts';
import { checkExpected, requireCondition, type Conditional } from './condition.ts';
import { metricsOf } from './collection-metrics.ts';
import { consumedByWrites } from './consumed.ts';
import type { Answer, Context } from './context.ts';
import { writesTooMuch } from './update-size.ts';

export interface UpdateRequest extends Conditional, ExpressionData {
  readonly TableName: string;
  readonly Key: Item;
  readonly AttributeUpdates?: LegacyUpdates;
  readonly ReturnValues?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}

const TOO_LARGE = 'Item size to update has exceeded the maximum allowed size';

/** @throws ValidationException for an update of the table's key, or for an index key that becomes empty */
export function checkUpdate(request: UpdateRequest, { update, values }: Expressions, table: Table): void {
  const { AttributeUpdates: legacy } = request;
  const isUpdated = (name: string) =>
    update ? update.pathHeads.has(name) : legacy !== undefined && Object.hasOwn(legacy, name);
  const updated = table.keys.find(({ name }) => isUpdated(name));
  if (updated)
    throw validationError(
      'One or more parameter values were invalid: ' +
        `Cannot update attribute ${updated.name}. This attribute is part of the key`,
    );
  for (const { key, index, operand } of update ? indexKeysIn(update.tree, table) : []) {
    const value = operand.type === 'value' ? values[operand.name]! : {};
    if (isEmpty(value, key)) throw validationError(ofExpression.empty(key, index));
  }
  checkNestedPaths(update?.nestedPaths, table);
}

interface IndexKey {
  readonly key: Key;
  readonly index: Index;
  readonly operand: Operand;
}

/** The index keys that an expression sets, each with the operand for its new value. */
function indexKeysIn(sections: readonly Section[], { indexes }: Table): IndexKey[] {
  return indexes.flatMap((index) =>
    index.keys.flatMap((key) => {
      const section = sections.find(({ path }) => path.length === 1 && path[0] === key.name);
      return section && section.type !== 'remove' ? [{ key, index, operand: section.value }] : [];
    }),
  );
}

/** The problem of an index key that gets another type, as far as the expression shows the type. */
export function problemOfTypes({ update }: Expressions, table: Table): string | undefined {
  for (const { key, index, operand } of update ? indexKeysIn(update.tree, table) : []) {
    const actual = operandType(operand);
    if (actual && actual !== key.type) return typeMismatch(actual, key, index);
  }
  return undefined;
}

/** The item after the update, and its JSON. @throws ValidationException */
export function updatedItem(
  request: UpdateRequest,
  { update, values }: Expressions,
  table: Table,
  existing: Item | undefined,
): { readonly item: Item; readonly text: string } {
  const { AttributeUpdates: legacy, Key: key } = request;
  const run = update?.run ?? (legacy && updateOf(legacy));
  const item = run ? run(existing ?? key, values) : (existing ?? key);
  // A value can be nested deeper than in the request only if the update puts it below an attribute.
  if (update && update.nestedPaths.size > 0) refuse(problemOfValues(item));
  checkIndexKeys(item, table.indexes, update && ofExpression);
  const text = JSON.stringify(item);
  if (isTooLarge(item, text)) throw validationError(TOO_LARGE);
  return { item, text };
}

type Returned = (item: Item, existing: Item | undefined, paths: () => readonly Path[]) => Item | undefined;

/** The answer has no `Attributes` if the update left or found none. */
const unlessEmpty = (item: Item) => (Object.keys(item).length > 0 ? item : undefined);

const returned: Readonly<Record<string, Returned>> = {
  NONE: () => undefined,
  ALL_OLD: (_item, existing) => existing,
  ALL_NEW: (item) => item,
  UPDATED_OLD: (_item, existing, paths) => existing && unlessEmpty(project(paths(), existing)),
  UPDATED_NEW: (item, _existing, paths) => unlessEmpty(project(paths(), item)),
};

function pathsOf({ AttributeUpdates: legacy = {} }: UpdateRequest, { update }: Expressions): readonly Path[] {
  return update ? update.tree.map(({ path }) => path) : Object.keys(legacy).map((name) => [name]);
}

function check(request: UpdateRequest): Expressions {
  checkParameters(request, ['UpdateExpression', 'ConditionExpression'], ['AttributeUpdates', 'Expected']);
  refuse(problemOfValues(request.Key));
  refuse(problemOfUpdates(request.AttributeUpdates));
  checkExpected(request);
  return compileExpressions(request);
}

export const updateItem = (context: Context, request: UpdateRequest): Answer =>
  update(
    context,
    request,
    inEnvelope(() => check(request)),
  );

/** @param expressions of the request; PartiQL gives its own */
export function update({ tables }: Context, request: UpdateRequest, expressions: Expressions): Answer {
  const table = tables.get(request.TableName);
  checkKey(request.Key, table.keys);
  checkUpdate(request, expressions, table);
  const mismatch = problemOfTypes(expressions, table);
  if (mismatch !== undefined) throw validationError(mismatch);
  const key = rowKeyOf(table.keys, request.Key);
  const old = tables.rows.get(table, key);
  const existing = old === undefined ? undefined : (JSON.parse(old) as Item);
  requireCondition(request, expressions, existing);
  const { item, text } = updatedItem(request, expressions, table, existing);
  const sections = request.UpdateExpression === undefined ? [] : expressions.update!.tree;
  if (writesTooMuch(sections, item, text)) throw validationError(TOO_LARGE);
  tables.rows.put(table, key, item, text, existing);
  const { ReturnValues = 'NONE' } = request;
  return {
    Attributes: returned[ReturnValues]!(item, existing, () => pathsOf(request, expressions)),
    ConsumedCapacity: consumedByWrites(
      table,
      [{ before: existing, after: item }],
      request.ReturnConsumedCapacity,
    ),
    ItemCollectionMetrics: metricsOf(request.ReturnItemCollectionMetrics, table, request.Key),
  };
}
