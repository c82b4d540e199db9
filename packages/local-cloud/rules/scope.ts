// What compiled expressions are evaluated against, and what names mean while they are compiled.

import type { Lookups } from './lookups.ts';
import type { MessageContext } from './message-context.ts';
import type { Value } from '../json/value.ts';

/** What an expression is evaluated against. */
export interface Scope {
  readonly message: MessageContext;
  /** Names are its members: the payload, or an element of what a nested query goes through. */
  readonly element: Value;
  /** By the order in which SET gives them. */
  readonly variables: readonly Value[];
}
export type Evaluate = (scope: Scope) => Value;

/** What names mean where an expression is. */
export interface Names {
  readonly sql: string;
  readonly variables: readonly string[];
  /** The alias of the element of a nested query. */
  readonly alias?: string;
  /** What functions that ask another service ask. */
  readonly lookups?: Lookups;
  /** A field of an action: it is evaluated when there is no more time to ask. */
  readonly inTemplate?: boolean;
}
