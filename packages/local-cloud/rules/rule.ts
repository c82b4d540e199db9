// A compiled rule: the template is not read again when messages arrive.

import type { Action, RuleTargets } from './action.ts';
import { compileAction } from './actions.ts';
import type { Lookups } from './lookups.ts';
import type { ActionSpec, RuleSpec } from './rule-spec.ts';
import { SqlError } from './sql-error.ts';
import { type CompiledStatement, compileStatement } from './statement.ts';

export interface Rule {
  /** Position in the template. */
  readonly order: number;
  readonly name: string;
  readonly statement: CompiledStatement;
  readonly actions: readonly Action[];
  readonly errorAction?: Action;
}

/** @throws StartError naming the template line of what the local cloud cannot run as AWS does */
export function compileRule(spec: RuleSpec, order: number, targets: RuleTargets, lookups?: Lookups): Rule {
  try {
    const statement = compileStatement(spec.sql, lookups, spec.version);
    const compile = (action: ActionSpec) => compileAction(action, targets, statement);
    const actions = spec.actions.map(compile);
    const errorAction = spec.errorAction && compile(spec.errorAction);
    return { order, name: spec.name, statement, actions, errorAction };
  } catch (error) {
    if (error instanceof SqlError) throw spec.refuse(error.message, 'Sql');
    throw error;
  }
}
