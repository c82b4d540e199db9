// Decides what a connection may do by its policies, and says which statement decided, which AWS does not.
import type { Statement } from './policy-document.ts';
import type { Bound, Lookup } from './policy-pattern.ts';

export interface Decision {
  readonly allowed: boolean;
  /** For the log: `allowed by TidegateDevice statement 2 (Sid Publish)`, or what was missing. */
  readonly reason: string;
  readonly policyName?: string;
  /** Number of the deciding statement in its policy, from 1. */
  readonly statement?: number;
}

/** The statements of one connection with its variables filled in: build once, ask for each message. */
export interface Evaluator {
  /** `action` as `iot:Publish`, `resource` as the whole ARN; `more` adds condition keys of this one request. */
  decide(action: string, resource: string, more?: Lookup): Decision;
}

interface Prepared {
  readonly statement: Statement;
  readonly resources: readonly Bound[];
}

/** Why a statement that covers the action did not decide, or true when it matched. */
type Outcome = true | string;

export const describeStatement = ({ policyName, number, sid }: Statement) =>
  `${policyName} statement ${number}${sid ? ` (Sid ${sid})` : ''}`;

function coversAction({ actions }: Statement, action: string): boolean {
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
function matchesResource({ statement, resources }: Prepared, resource: string): Outcome {
  const missing = resources.find((bound) => 'missing' in bound);
  const found = resources.some((bound) => 'test' in bound && bound.test(resource));
  const { negated } = statement.resources;
  if (negated && missing && statement.effect === 'Allow' && !found)
    return `\${${missing.missing}} has no value`;
  if (found !== negated) return true;
  return missing ? `\${${missing.missing}} has no value` : 'another resource';
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

/** Of the statements that were near, those with something to put right say more than a mere other resource. */
function explain(
  subject: string,
  action: string,
  resource: string,
  near: readonly [Prepared, string][],
): string {
  const short = resource.split(':').slice(5).join(':') || resource;
  const telling = near.filter(([, outcome]) => outcome !== 'another resource');
  const [nearest] = telling.length > 0 ? telling : near;
  const hint = nearest ? ` (nearest: ${describeStatement(nearest[0].statement)}: ${nearest[1]})` : '';
  return `no policy of ${subject} allows ${action} on ${short}${hint}`;
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
  const all = statements.map((statement): Prepared => {
    return { statement, resources: statement.resources.patterns.map((pattern) => pattern.bind(lookup)) };
  });
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
      const near: [Prepared, string][] = [];
      for (const prepared of covering(action)) {
        const outcome = outcomeOf(prepared, resource, values);
        const { statement } = prepared;
        if (outcome !== true) {
          if (statement.effect === 'Allow') near.push([prepared, outcome]);
          continue;
        }
        const allowed = statement.effect === 'Allow';
        const reason = `${allowed ? 'allowed' : 'denied'} by ${describeStatement(statement)}`;
        return { allowed, reason, policyName: statement.policyName, statement: statement.number };
      }
      if (statements.length === 0) return { allowed: false, reason: `${subject} has no policy attached` };
      return { allowed: false, reason: explain(subject, action, resource, near) };
    },
  };
}
