// The type of functions of rules SQL, so that the tables of functions do not depend on each other.

import type { MessageContext } from './message-context.ts';
import type { Evaluate } from './scope.ts';
import type { Expression } from './syntax.ts';
import type { Value } from '../json/value.ts';

export interface SqlFunction {
  /** A call with another number of arguments returns Undefined, as AWS documents. */
  readonly minimum: number;
  readonly maximum: number;
  readonly evaluate: (message: MessageContext, ...args: Value[]) => Value;
  /** Closure for arguments that are all literals; a separate function, which V8 can inline. */
  readonly specialize?: (...literals: Value[]) => Evaluate | undefined;
  /** Checks literal arguments when a rule is compiled; returns the problem of one, and its offset. */
  readonly check?: (
    args: readonly Expression[],
  ) => { readonly at: number; readonly problem: string } | undefined;
}
