// Whether a role lets the identities of a pool assume it: what AWS tells only when the first browser asks for credentials.
// https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html

import { compileCondition } from '../policies/condition.ts';
import type { Lookup } from '../policies/pattern.ts';
import type { IdentityKind } from './identity-id.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const PROVIDER = 'cognito-identity.amazonaws.com';
const ACTION = 'sts:AssumeRoleWithWebIdentity';

/** @throws SyntaxError for a condition that cannot be evaluated. */
function holds(conditions: unknown, lookup: Lookup): boolean {
  const operators = isObject(conditions) ? Object.entries(conditions) : [];
  return operators.every(([operator, keys]) =>
    Object.entries(isObject(keys) ? keys : {}).every(
      ([key, values]) =>
        compileCondition(operator, key, listOf(values).map(String)).evaluate(lookup) === true,
    ),
  );
}

function covers(statement: unknown, lookup: Lookup): statement is JsonObject {
  if (!isObject(statement)) return false;
  const { Principal: principal, Action: actions, Condition: conditions } = statement;
  return (
    isObject(principal) &&
    listOf(principal['Federated']).includes(PROVIDER) &&
    listOf(actions).includes(ACTION) &&
    holds(conditions, lookup)
  );
}

/**
 * @param document the role's AssumeRolePolicyDocument.
 * @throws SyntaxError for a condition that cannot be evaluated.
 */
export function trusts(document: unknown, poolId: string, kind: IdentityKind): boolean {
  const values = new Map<string, string | readonly string[]>([
    [`${PROVIDER}:aud`, poolId],
    [`${PROVIDER}:amr`, [kind]],
  ]);
  const statements = listOf(isObject(document) ? document['Statement'] : undefined);
  const covering = statements.filter((statement) => covers(statement, (key) => values.get(key)));
  const effects = covering.map((statement) => statement['Effect']);
  return effects.includes('Allow') && !effects.includes('Deny');
}
