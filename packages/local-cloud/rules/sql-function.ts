// What every function of rules SQL looks like, so that the tables of functions need not know each other.

import type { MessageContext } from './message-context.ts';
import type { Evaluate } from './scope.ts';
import type { Expression } from './syntax.ts';
import type { Value } from '../json/value.ts';

export interface SqlFunction {
  /** A call with fewer or more arguments gives Undefined, as AWS documents. */
  readonly minimum: number;
  readonly maximum: number;
  readonly evaluate: (message: MessageContext, ...args: Value[]) => Value;
  /** Closure for arguments that are all literals; with code of its own, so that V8 can put it where it is called. */
  readonly specialize?: (...literals: Value[]) => Evaluate | undefined;
  /** Looks at literal arguments when a rule is compiled; says what is wrong with one, and its offset. */
  readonly check?: (
    args: readonly Expression[],
  ) => { readonly at: number; readonly problem: string } | undefined;
}
