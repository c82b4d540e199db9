// Functions of rules SQL that call another service: SQL is evaluated until an answer is missing, waits for it, and starts again.

import type { Clock } from '../clock.ts';
import { SqlFailure } from './sql-error.ts';
import { jsonOf, type Value } from '../json/value.ts';

/** Rejects where the service fails; `args` without the role. */
export type Lookup = (...args: readonly Value[]) => Promise<Value>;

/** By name of the function. A rule whose SQL calls one that is absent is refused. */
export interface Lookups {
  /** Function ARN, and what the function gets. */
  readonly aws_lambda?: Lookup;
  /** `DescribeThing` or `ListThingGroupsForThing`, and the name of the thing. */
  readonly get_registry_data?: Lookup;
  /** Name of the thing, and of its shadow unless it is the classic one. */
  readonly get_thing_shadow?: Lookup;
}
export type LookupName = keyof Lookups;

interface LookupForm {
  readonly minimum: number;
  readonly maximum: number;
  /** The last argument is a role, which is not used on one machine. */
  readonly takesRole: boolean;
  /** Calls with different arguments for one message: "once per SQL statement". */
  readonly most: number;
}

const MAX_CALLS = 10;

export const lookupForms: Readonly<Record<LookupName, LookupForm>> = {
  aws_lambda: { minimum: 2, maximum: 2, takesRole: false, most: MAX_CALLS },
  get_registry_data: { minimum: 3, maximum: 3, takesRole: true, most: 1 },
  get_thing_shadow: { minimum: 2, maximum: 3, takesRole: true, most: MAX_CALLS },
};

export const lookupNames = Object.keys(lookupForms) as readonly LookupName[];

export function isLookup(name: string): name is LookupName {
  return Object.hasOwn(lookupForms, name);
}

/** The failure of a service; get_or_default() replaces it. */
export class LookupFailure extends SqlFailure {
  override readonly name = 'LookupFailure';
}

/** Thrown to stop an evaluation until `answered` resolves. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
  readonly answered: Promise<void>;

  constructor(answered: Promise<void>) {
    super('a service has not answered yet');
    this.answered = answered;
  }
}

/** The answers that one evaluation of one statement has so far. */
export interface Answers {
  /** @throws Unanswered on the first call, LookupFailure when the service failed */
  ask(name: LookupName, lookup: Lookup, args: readonly Value[]): Value;
}

/** "Lambda function calls from rules should be completed within 2000 milliseconds." */
const MAX_MS = 2_000;

async function withinLimit(answer: Promise<Value>, clock: Clock): Promise<Value> {
  let cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(MAX_MS, () => reject(new Error(`no answer within ${MAX_MS} ms`)));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}

type Answer = { readonly value: Value } | { readonly failure: string };

export function createAnswers(clock: Clock): Answers {
  const calls = new Map<string, Answer | Unanswered>();
  const counts = new Map<LookupName, number>();

  async function fetch(key: string, lookup: Lookup, args: readonly Value[]): Promise<void> {
    try {
      calls.set(key, { value: await withinLimit(lookup(...args), clock) });
    } catch (error) {
      calls.set(key, { failure: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    ask(name, lookup, args) {
      const key = `${name} ${jsonOf([...args])}`;
      const known = calls.get(key);
      if (known instanceof Unanswered) throw known;
      if (known && 'failure' in known) throw new LookupFailure(`${name}() failed: ${known.failure}`);
      if (known) return known.value;
      const count = (counts.get(name) ?? 0) + 1;
      const { most } = lookupForms[name];
      if (count > most)
        throw new SqlFailure(`${name}() is called more than ${most === 1 ? 'once' : `${most} times`}`);
      counts.set(name, count);
      const unanswered = new Unanswered(fetch(key, lookup, args));
      calls.set(key, unanswered);
      throw unanswered;
    },
  };
}

/** Evaluates until no answer is missing. Ends, because the number of calls is limited. */
export async function untilAnswered<Result>(evaluate: () => Result): Promise<Result> {
  for (;;) {
    try {
      return evaluate();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      await error.answered;
    }
  }
}
