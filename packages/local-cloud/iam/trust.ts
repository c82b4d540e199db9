// Checks whether a role's trust policy lets a principal assume the role, which AWS checks when the role is first used.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html

import { compileCondition } from '../policies/condition.ts';
import type { Lookup } from '../policies/pattern.ts';

export interface Assumption {
  /** The principal that assumes the role, such as `{ Service: 'iot.amazonaws.com' }`. */
  readonly principal: { readonly kind: 'Service' | 'Federated'; readonly name: string };
  /** Such as `sts:AssumeRole`. */
  readonly action: string;
  /** The one spelling of a condition key; undefined for a key that has no value here. */
  readonly keyOf: (key: string) => string | undefined;
  /** Values of condition keys by that spelling. */
  readonly lookup: Lookup;
}

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** @throws SyntaxError for a condition that has no value here */
function holds(conditions: unknown, { keyOf, lookup }: Assumption): boolean {
  const operators = isObject(conditions) ? Object.entries(conditions) : [];
  return operators.every(([operator, keys]) =>
    Object.entries(isObject(keys) ? keys : {}).every(
      ([key, values]) =>
        compileCondition(operator, key, listOf(values).map(String), keyOf).evaluate(lookup) === true,
    ),
  );
}

function covers(statement: unknown, assumption: Assumption): statement is JsonObject {
  const { principal, action } = assumption;
  if (!isObject(statement)) return false;
  const { Principal: principals, Action: actions, Condition: conditions } = statement;
  return (
    isObject(principals) &&
    listOf(principals[principal.kind]).includes(principal.name) &&
    listOf(actions).some((each) => each === action || each === 'sts:*') &&
    holds(conditions, assumption)
  );
}

/**
 * @param document the role's AssumeRolePolicyDocument
 * @throws SyntaxError for a condition that has no value here
 */
export function isTrusted(document: unknown, assumption: Assumption): boolean {
  const statements = listOf(isObject(document) ? document['Statement'] : undefined);
  const effects = statements
    .filter((statement) => covers(statement, assumption))
    .map((statement) => statement['Effect']);
  return effects.includes('Allow') && !effects.includes('Deny');
}
