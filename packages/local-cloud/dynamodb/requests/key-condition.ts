// The keys that a query reads: from a key condition expression, or from the KeyConditions of older programs.

import { validationError } from '../error.ts';
import type { AttributeValue } from '../values/attribute-value.ts';
import type { Condition, Operand, Values } from '../expressions/syntax.ts';
import type { LegacyConditions } from './legacy-conditions.ts';

const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'EQ',
  '<': 'LT',
  '<=': 'LE',
  '>': 'GT',
  '>=': 'GE',
  between: 'BETWEEN',
  begins_with: 'BEGINS_WITH',
};
const ORDERED = ['S', 'N', 'B'];
/** The operators with their sides swapped, for `:value < key`. */
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

const inCondition = (what: string) => validationError(`Invalid condition in KeyConditionExpression: ${what}`);
const invalidExpression = (what: string) => validationError(`Invalid KeyConditionExpression: ${what}`);
const invalidOperator = (name: string) =>
  validationError(`Invalid operator used in KeyConditionExpression: ${name}`);

/** The key's place among the operands. */
function keyPlaceOf(name: string, args: readonly Operand[]): number {
  const isKeyFirst = args[0]?.type === 'path';
  if (name === 'between' && !isKeyFirst)
    throw inCondition('BETWEEN operator must have the key attribute as its first operand');
  if (name === 'begins_with' && !isKeyFirst)
    throw inCondition(`${name} operator must have the key attribute as its first operand`);
  if (args.some(({ type }) => type === 'call'))
    throw validationError('KeyConditionExpressions cannot contain nested operations');
  const paths = args.filter(({ type }) => type === 'path');
  if (paths.length > 1) throw inCondition('Multiple attribute names used in one condition');
  if (paths.length === 0) throw inCondition('No key attribute specified');
  return args.findIndex(({ type }) => type === 'path');
}

/** Refuses types that have no order. A type that only differs from the key's is reported later. */
function checkTypes(name: string, given: readonly Operand[]): void {
  if (name === '=') return;
  const types = given.map((arg) => (arg.type === 'path' ? undefined : arg.valueType));
  const wrong = types.find((type) => type !== undefined && !ORDERED.includes(type));
  if (wrong === undefined) return;
  const shown = name === 'between' ? 'BETWEEN' : name;
  throw invalidExpression(
    `Incorrect operand type for operator or function; operator or function: ${shown}, operand type: ${wrong}`,
  );
}

function addCondition(
  condition: Condition,
  values: Values,
  found: Record<string, { ComparisonOperator: string; AttributeValueList: AttributeValue[] }>,
): void {
  if (condition.type === 'and') {
    for (const part of condition.args) addCondition(part, values, found);
    return;
  }
  if (condition.type === 'or' || condition.type === 'not')
    throw invalidOperator(condition.type.toUpperCase());
  const { type, name, args } = condition;
  if (!Object.hasOwn(OPERATORS, name)) throw invalidOperator(type === 'call' ? name : name.toUpperCase());
  const place = keyPlaceOf(name, args);
  const { path } = args[place] as Extract<Operand, { type: 'path' }>;
  if (path.length > 1)
    throw validationError('KeyConditionExpressions cannot have conditions on nested attributes');
  const key = path[0] as string;
  if (Object.hasOwn(found, key))
    throw invalidExpression('KeyConditionExpressions must only contain one condition per key');
  const operator = place === 0 ? name : (MIRRORED[name] ?? name);
  const given = args.filter((_arg, index) => index !== place);
  checkTypes(name, given);
  found[key] = {
    ComparisonOperator: OPERATORS[operator]!,
    AttributeValueList: given.map((arg) => values[(arg as { name: string }).name]!),
  };
}

/** The conditions by key attribute. @throws ValidationException for conditions that cannot look up a key */
export function keyConditionsOf(condition: Condition, values: Values): LegacyConditions {
  const found = {};
  addCondition(condition, values, found);
  return found;
}
