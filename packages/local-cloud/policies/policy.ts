// Decides by the policies what a connection may do, and names the statement that decided, which AWS does not.

import type { Statement } from './document.ts';
import type { Bound, Lookup } from './pattern.ts';

export interface Decision {
  readonly allowed: boolean;
  /** For the log: `allowed by SensorPolicy statement 2 (Sid Publish)`, or what was missing. */
  readonly reason: string;
  readonly policyName?: string;
  /** Number of the deciding statement in its policy, from 1. */
  readonly statement?: number;
}

/** The statements of one connection with the values of its variables: built once, evaluated for each message. */
export interface Evaluator {
  /** `action` as `iot:Publish`, `resource` as the whole ARN; `more` adds condition keys of this one request. */
  decide(action: string, resource: string, more?: Lookup): Decision;
}

interface Prepared {
  readonly statement: Statement;
  readonly tests: readonly ((resource: string) => boolean)[];
  /** The first variable of its resources that has no value. */
  readonly missing: string | undefined;
}

/** True when a statement that covers the action matched, else why not. */
type Outcome = true | string;

export const describeStatement = ({ policyName, number, sid }: Statement) =>
  `${policyName} statement ${number}${sid ? ` (Sid ${sid})` : ''}`;

/** @param action in lower case */
export function coversAction({ actions }: Statement, action: string): boolean {
  const found = actions.patterns.some((pattern) => {
    const bound = pattern.bind(() => undefined);
    return 'test' in bound && bound.test(action);
  });
  return found !== actions.negated;
}

/**
 * A variable without a value fails closed: it never makes an Allow match, and never takes a resource out of a Deny that
 * is written with NotResource.
 */
function matchesResource({ statement, tests, missing }: Prepared, resource: string): Outcome {
  let found = false;
  for (const test of tests) found ||= test(resource);
  const { negated } = statement.resources;
  const unsure = negated && missing !== undefined && statement.effect === 'Allow';
  if (found !== negated && !unsure) return true;
  return missing === undefined ? 'another resource' : `\${${missing}} has no value`;
}

function matchesConditions({ statement }: Prepared, lookup: Lookup): Outcome {
  for (const condition of statement.conditions) {
    const result = condition.evaluate(lookup);
    if (result === true) continue;
    if (result === false) return `condition ${condition.label} does not hold`;
    return `\${${result.missing}} has no value`;
  }
  return true;
}

function outcomeOf(prepared: Prepared, resource: string, lookup: Lookup): Outcome {
  const outcome = matchesResource(prepared, resource);
  return outcome === true ? matchesConditions(prepared, lookup) : outcome;
}

function prepare(statement: Statement, lookup: Lookup): Prepared {
  const bound = statement.resources.patterns.map((pattern): Bound => pattern.bind(lookup));
  return {
    statement,
    tests: bound.flatMap((each) => ('test' in each ? [each.test] : [])),
    missing: bound.flatMap((each) => ('missing' in each ? [each.missing] : []))[0],
  };
}

/** Of the statements that cover the action, one with a fixable problem explains more than one for another resource. */
function explain(covering: readonly Prepared[], resource: string, lookup: Lookup): string {
  const near = covering
    .filter(({ statement }) => statement.effect === 'Allow')
    .map((prepared) => ({ prepared, outcome: outcomeOf(prepared, resource, lookup) }));
  const nearest = near.find(({ outcome }) => outcome !== 'another resource') ?? near[0];
  return nearest
    ? ` (nearest: ${describeStatement(nearest.prepared.statement)}: ${String(nearest.outcome)})`
    : '';
}

/**
 * @param subject whose policies they are, for reasons: `certificate ab12cd34ef56...`.
 * @param lookup the values of policy variables and condition keys on this connection.
 */
export function createEvaluator(
  subject: string,
  statements: readonly Statement[],
  lookup: Lookup,
): Evaluator {
  const all = statements.map((statement) => prepare(statement, lookup));
  const byAction = new Map<string, readonly Prepared[]>();
  const covering = (action: string) => {
    let found = byAction.get(action);
    if (!found) {
      const lower = action.toLowerCase();
      found = all.filter(({ statement }) => coversAction(statement, lower));
      // Deny first: the first match decides.
      found = [...found].sort(
        (a, b) => Number(b.statement.effect === 'Deny') - Number(a.statement.effect === 'Deny'),
      );
      byAction.set(action, found);
    }
    return found;
  };
  return {
    decide(action, resource, more) {
      const values: Lookup = more ? (key) => more(key) ?? lookup(key) : lookup;
      const candidates = covering(action);
      for (const prepared of candidates) {
        if (outcomeOf(prepared, resource, values) !== true) continue;
        const { statement } = prepared;
        const allowed = statement.effect === 'Allow';
        const reason = `${allowed ? 'allowed' : 'denied'} by ${describeStatement(statement)}`;
        return { allowed, reason, policyName: statement.policyName, statement: statement.number };
      }
      if (statements.length === 0) return { allowed: false, reason: `${subject} has no policy attached` };
      const what = `${action} on ${resource.split(':').slice(5).join(':')}`;
      const hint = explain(candidates, resource, values);
      return { allowed: false, reason: `no policy of ${subject} allows ${what}${hint}` };
    },
  };
}
