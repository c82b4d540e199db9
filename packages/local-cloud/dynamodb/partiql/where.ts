// The keys that a WHERE clause names: the conditions that must all hold, and what they compare an attribute with.

import type { Condition, Operand, Values } from '../expressions/syntax.ts';
import type { LegacyCondition } from '../requests/legacy-conditions.ts';
import type { Key } from '../store/table.ts';
import { typeOf, type AttributeValue, type Item } from '../values/attribute-value.ts';

const OPERATORS: Readonly<Record<string, string>> = {
  '=': 'EQ',
  '<': 'LT',
  '<=': 'LE',
  '>': 'GT',
  '>=': 'GE',
  in: 'IN',
  between: 'BETWEEN',
  begins_with: 'BEGINS_WITH',
};
/** The operators with their sides swapped, for `value < key`. */
const MIRRORED: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** The conditions that must all hold. */
export function conjunctsOf(where: Condition | undefined): readonly Condition[] {
  if (!where) return [];
  return where.type === 'and' ? where.args.flatMap(conjunctsOf) : [where];
}

const nameOf = (operand: Operand | undefined) =>
  operand?.type === 'path' && operand.path.length === 1 ? (operand.path[0] as string) : undefined;

function valuesOf(operands: readonly Operand[], values: Values): AttributeValue[] | undefined {
  const found = operands.map((each) => (each.type === 'value' ? values[each.name] : undefined));
  return found.every((each) => each !== undefined) ? found : undefined;
}

/** The attribute and the values of a comparison; undefined for another condition. */
function comparisonOf(condition: Condition, values: Values) {
  if (condition.type !== 'test' && condition.type !== 'call') return undefined;
  const [first, ...others] = condition.args;
  const isMirrored = nameOf(first) === undefined && Object.hasOwn(MIRRORED, condition.name);
  const operator = OPERATORS[isMirrored ? MIRRORED[condition.name]! : condition.name];
  const name = nameOf(isMirrored ? others[0] : first);
  const list = valuesOf(isMirrored ? [first!] : others, values);
  if (operator === undefined || name === undefined || !list) return undefined;
  return { name, condition: { ComparisonOperator: operator, AttributeValueList: list } };
}

/** The conditions on an attribute that must all hold. */
export const conditionsOn = (
  where: Condition | undefined,
  values: Values,
  attribute: string,
): LegacyCondition[] =>
  conjunctsOf(where).flatMap((each) => {
    const comparison = comparisonOf(each, values);
    return comparison?.name === attribute ? [comparison.condition] : [];
  });

/** The first condition by which rows can be looked up in the order of a sort key. */
export const boundOn = (
  where: Condition | undefined,
  values: Values,
  { name, type }: Key,
): LegacyCondition | undefined =>
  conditionsOn(where, values, name).find(
    ({ ComparisonOperator: operator, AttributeValueList: list = [] }) =>
      operator !== 'IN' && list.every((value) => typeOf(value) === type),
  );

/** The attributes that must equal a value. */
export function equalitiesOf(where: Condition | undefined, values: Values): Item {
  const found = conjunctsOf(where).flatMap((each) => {
    const comparison = comparisonOf(each, values);
    return comparison?.condition.ComparisonOperator === 'EQ'
      ? [[comparison.name, comparison.condition.AttributeValueList[0]!] as const]
      : [];
  });
  return Object.fromEntries(found);
}

/** The values that an attribute may have, by `=` or `IN`. */
export const comparedIn = (where: Condition | undefined, values: Values): Item[] =>
  conjunctsOf(where).flatMap((each) => {
    const { name = '', condition } = comparisonOf(each, values) ?? {};
    const isMeant = condition && ['EQ', 'IN'].includes(condition.ComparisonOperator);
    return isMeant ? condition.AttributeValueList.map((value) => ({ [name]: value })) : [];
  });

/** The key, if the clause names all of it. */
export function keyIn(where: Condition | undefined, values: Values, keys: readonly Key[]): Item | undefined {
  const equalities = equalitiesOf(where, values);
  if (!keys.every(({ name }) => Object.hasOwn(equalities, name))) return undefined;
  return Object.fromEntries(keys.map(({ name }) => [name, equalities[name]!]));
}

const headsOfOperand = (operand: Operand): string[] => {
  if (operand.type === 'path') return [operand.path[0] as string];
  return operand.type === 'call' ? operand.args.flatMap(headsOfOperand) : [];
};

/** All attributes of the clause. */
export const headsOf = (condition: Condition): string[] =>
  condition.type === 'test' || condition.type === 'call'
    ? condition.args.flatMap(headsOfOperand)
    : condition.args.flatMap(headsOf);
