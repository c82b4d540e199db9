// INSERT, UPDATE and DELETE as writes of the one item that the statement names by its whole key.

import type { Context } from '../actions/context.ts';
import type { Prepared } from '../actions/transact-write.ts';
import { validationError } from '../error.ts';
import { compileCondition, type Test } from '../expressions/compile-condition.ts';
import { compileUpdate } from '../expressions/compile-update.ts';
import type { CompiledCondition, CompiledUpdate } from '../expressions/compiled.ts';
import type { Condition, Section } from '../expressions/syntax.ts';
import type { Change, Exists, Insert } from './statement.ts';
import { keyIn } from './where.ts';

const NONE: ReadonlySet<string> = new Set();
const UNCHECKED = { nestedPaths: NONE, pathHeads: NONE, lateChecks: [], names: NONE, values: NONE };

const conditionOf = (tree: Condition, run: Test = compileCondition(tree)): CompiledCondition => ({
  ...UNCHECKED,
  tree,
  run,
});

const updateOf = (tree: readonly Section[]): CompiledUpdate => ({
  ...UNCHECKED,
  tree,
  run: compileUpdate(tree),
  pathHeads: new Set(tree.map(({ path }) => path[0] as string)),
  nestedPaths: new Set(tree.filter(({ path }) => path.length > 1).map(({ path }) => path[0] as string)),
});

export const DUPLICATE = 'Duplicate primary key exists in table';

function insertOf({ table, item, values }: Insert, key: string): Prepared {
  const isNew: Condition = {
    type: 'call',
    name: 'attribute_not_exists',
    args: [{ type: 'path', path: [key] }],
  };
  return {
    kind: 'Put',
    part: { TableName: table, Key: item },
    expressions: { values, condition: conditionOf(isNew) },
    failure: { Code: 'DuplicateItem', Message: DUPLICATE },
  };
}

/** A missing item cannot be updated, but deleting it succeeds. */
const unlessAbsent =
  (test: Test): Test =>
  (item, values) =>
    Object.keys(item).length === 0 || test(item, values);

/** @throws ValidationException if the statement does not name the whole key */
export function writeOf({ tables }: Context, statement: Insert | Change | Exists): Prepared {
  const { table: name, values } = statement;
  const { keys } = tables.get(name);
  if (statement.kind === 'insert') return insertOf(statement, keys[0]!.name);
  const { kind, where } = statement;
  const key = keyIn(where, values, keys);
  if (!key || !where)
    throw validationError('Where clause does not contain a mandatory equality on all key attributes');
  const part = { TableName: name, Key: key };
  if (kind === 'update')
    return {
      kind: 'Update',
      part,
      expressions: { values, condition: conditionOf(where), update: updateOf(statement.sections) },
    };
  const test = compileCondition(where);
  const isCheck = kind !== 'delete';
  const condition = conditionOf(where, isCheck ? test : unlessAbsent(test));
  return { kind: isCheck ? 'ConditionCheck' : 'Delete', part, expressions: { values, condition } };
}
