// The values with which compiled expressions are evaluated, and the meaning of names while they are compiled.

import type { Lookups } from './lookups.ts';
import type { MessageContext } from './message-context.ts';
import type { Value } from '../json/value.ts';

/** The values of one evaluation. */
export interface Scope {
  readonly message: MessageContext;
  /** Names are its members: the payload, or an element of a nested query's source. */
  readonly element: Value;
  /** In the order of SET. */
  readonly variables: readonly Value[];
}
export type Evaluate = (scope: Scope) => Value;

/** The meaning of names at the place of an expression. */
export interface Names {
  readonly sql: string;
  readonly variables: readonly string[];
  /** The alias of the element of a nested query. */
  readonly alias?: string;
  /** The services for functions that call one. */
  readonly lookups?: Lookups;
  /** Whether it is a field of an action, which is evaluated when there is no time to call services. */
  readonly inTemplate?: boolean;
}
