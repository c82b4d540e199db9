// Decides whether the role of a function allows what a call needs, as AWS does: a Deny first, then an Allow, within the boundary.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

import type { Clock } from '../clock.ts';
import { compilePolicy, PolicyError, type Statement } from '../policies/document.ts';
import type { Lookup } from '../policies/pattern.ts';
import { createEvaluator, type Decision, type Evaluator } from '../policies/policy.ts';
import { StartError } from '../start-error.ts';
import type { Need } from './need.ts';
import type { PolicySource, RoleSource } from './role-source.ts';

export interface Verdict {
  readonly allowed: boolean;
  /** The statement that decided, as `<policy>#<number>`; empty where none did. */
  readonly by: string;
  /** AWS's message for the caller; empty where it is allowed. */
  readonly message: string;
  /** For the log: the statement that came nearest. */
  readonly reason: string;
}

export interface Role {
  readonly source: RoleSource;
  decide(need: Need): Verdict;
  /** Condition keys that its statements use, in lower case. */
  readonly keys: ReadonlySet<string>;
  /** Conditions that have no value here: an Allow with one counts as if it held, a Deny with one as if it did not. */
  readonly notes: readonly string[];
}

/** Condition keys that the local cloud can evaluate; all others are not evaluated. */
const KNOWN_KEYS = new Set([
  ...['aws:calledvia', 'aws:currenttime', 'aws:epochtime', 'aws:principalaccount', 'aws:principalarn'],
  ...['aws:principalisawsservice', 'aws:principaltype', 'aws:requestedregion', 'aws:resourceaccount'],
  ...[
    'aws:securetransport',
    'aws:sourceaccount',
    'aws:sourcearn',
    'aws:userid',
    'aws:username',
    'aws:viaawsservice',
  ],
  ...['dynamodb:enclosingoperation', 'dynamodb:leadingkeys', 'dynamodb:returnvalues', 'dynamodb:select'],
  ...['kms:viaservice', 'lambda:sourcefunctionarn'],
  ...['s3:delimiter', 's3:max-keys', 's3:prefix', 's3:versionid'],
]);

/** Condition values of every call of the function. */
function lookupOf({ functionArn, roleArn }: RoleSource, clock: Pick<Clock, 'now'>): Lookup {
  const [, , , region = '', accountId = '', , name = ''] = functionArn.split(':');
  const values: Readonly<Record<string, () => string>> = {
    'aws:currenttime': () => new Date(clock.now()).toISOString(),
    'aws:epochtime': () => String(Math.floor(clock.now() / 1000)),
    'aws:principalaccount': () => accountId,
    'aws:principalarn': () => roleArn,
    'aws:principalisawsservice': () => 'false',
    'aws:principaltype': () => 'AssumedRole',
    'aws:requestedregion': () => region,
    'aws:resourceaccount': () => accountId,
    // Loopback has no TLS, but a policy for AWS, where every call has, must allow the same here.
    'aws:securetransport': () => 'true',
    'aws:userid': () => `AROALOCALCLOUD:${name}`,
    'aws:viaawsservice': () => 'false',
    'lambda:sourcefunctionarn': () => functionArn,
  };
  return (written) => {
    const key = written.toLowerCase();
    return Object.hasOwn(values, key) ? values[key]!() : undefined;
  };
}

/** @throws StartError naming the place in the template of an invalid policy */
function compile({ name, document, places }: PolicySource): Statement[] {
  try {
    return compilePolicy(name, document, 'role');
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const index = Number(error.path[1] ?? 0);
    throw new StartError(`${places[index]?.at ?? places[0]?.at ?? name}: ${name}: ${error.message}`);
  }
}

/** Conditions that are not evaluated never refuse a call: AWS may be stricter, as the note says. */
function decidable(statement: Statement, place: string, notes: string[]): Statement[] {
  const isUnknown = (keys: readonly string[]) => keys.find((key) => !KNOWN_KEYS.has(key.toLowerCase()));
  const unknown = isUnknown(statement.conditions.flatMap(({ keys }) => keys));
  if (unknown === undefined) return [statement];
  notes.push(`${place}: the condition key ${unknown} is not evaluated here`);
  if (statement.effect === 'Deny') return [];
  return [
    { ...statement, conditions: statement.conditions.filter(({ keys }) => isUnknown(keys) === undefined) },
  ];
}

interface Compiled {
  readonly statements: readonly Statement[];
  readonly evaluator: Evaluator;
}

function compileAll(
  sources: readonly PolicySource[],
  lookup: Lookup,
  subject: string,
  notes: string[],
): Compiled {
  const statements = sources.flatMap((source) =>
    compile(source).flatMap((statement) =>
      decidable(statement, source.places[statement.number - 1]!.at, notes),
    ),
  );
  return { statements, evaluator: createEvaluator(subject, statements, lookup) };
}

const ALLOWED = { allowed: true, message: '' };

/** @param policy `identity-based policy` or `permissions boundary` */
function refused(source: RoleSource, need: Need, policy: string, decision: Decision): Verdict {
  const isExplicit = decision.statement !== undefined;
  const article = policy.startsWith('i') ? 'an' : 'a';
  const why = isExplicit
    ? `with an explicit deny in ${article} ${policy}`
    : `because no ${policy} allows the ${need.action} action`;
  return {
    allowed: false,
    by: isExplicit ? `${decision.policyName}#${decision.statement}` : '',
    message: `User: ${source.sessionArn} is not authorized to perform: ${need.action} on resource: ${need.resource} ${why}`,
    reason: decision.reason,
  };
}

/** @throws StartError naming the place in the template of a policy that AWS would refuse */
export function createRole(source: RoleSource, clock: Pick<Clock, 'now'>): Role {
  const notes: string[] = [];
  const lookup = lookupOf(source, clock);
  const subject = `role ${source.roleId ?? source.roleArn}`;
  const own = compileAll(source.policies, lookup, subject, notes);
  const boundary =
    source.boundary && compileAll(source.boundary, lookup, `the boundary of ${subject}`, notes);
  const keys = [...own.statements, ...(boundary?.statements ?? [])].flatMap(({ conditions }) =>
    conditions.flatMap((condition) => condition.keys.map((key) => key.toLowerCase())),
  );
  return {
    source,
    notes,
    keys: new Set(keys),
    decide(need) {
      if (source.undecided !== undefined) return { ...ALLOWED, by: '', reason: source.undecided };
      const more: Lookup = (key) => need.keys?.[key.toLowerCase()];
      const decision = own.evaluator.decide(need.action, need.resource, more);
      if (!decision.allowed) return refused(source, need, 'identity-based policy', decision);
      const within = boundary?.evaluator.decide(need.action, need.resource, more);
      if (within && !within.allowed) return refused(source, need, 'permissions boundary', within);
      return { ...ALLOWED, by: `${decision.policyName}#${decision.statement}`, reason: decision.reason };
    },
  };
}
