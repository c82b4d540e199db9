// Compiles a parsed condition to a function that tests items.

import { bytesOf, memberOf, typeOf, valueAt, type Item, type Value } from '../values/attribute-value.ts';
import { beginsWith, contains, equal, order } from '../values/compare.ts';
import type { CallNode, Condition, Operand, TestNode, Values } from './syntax.ts';

/** Whether an item fulfils a condition; an absent item is `{}`. */
export type Test = (item: Item, values: Values) => boolean;
type Read = (item: Item, values: Values) => Value;

const lengths: Readonly<Record<string, (content: never) => number>> = {
  S: (text: string) => text.length,
  B: (base64: string) => bytesOf({ B: base64 }).length,
  M: (members: object) => Object.keys(members).length,
};
const countOf = (members: readonly unknown[]) => members.length;
for (const type of ['SS', 'NS', 'BS', 'L']) Object.assign(lengths, { [type]: countOf });

/** The result of `size`; undefined for numbers and booleans. */
function sizeOf(value: Value): Value {
  const type = typeOf(value);
  const length = type === undefined ? undefined : lengths[type];
  return length && { N: String(length(value![type!] as never)) };
}

function compileOperand(operand: Operand): Read {
  if (operand.type === 'value') {
    const { name } = operand;
    return (_item, values) => values[name];
  }
  if (operand.type === 'call') {
    const read = compileOperand(operand.args[0]!);
    return (item, values) => sizeOf(read(item, values));
  }
  const { path } = operand;
  const [head] = path;
  return path.length === 1 ? (item) => memberOf(item, head as string) : (item) => valueAt(path, item);
}

/** Values without an order give NaN, which compares false with everything. */
const ordered =
  (holds: (order: number) => boolean) =>
  ([a, b]: readonly Read[]): Test =>
  (item, values) =>
    holds(order(a!(item, values), b!(item, values)));

const pair =
  (holds: (a: Value, b: Value) => boolean) =>
  ([a, b]: readonly Read[]): Test =>
  (item, values) =>
    holds(a!(item, values), b!(item, values));

const tests: Readonly<Record<string, (operands: readonly Read[]) => Test>> = {
  '=': pair(equal),
  '<>': pair((a, b) => !equal(a, b)),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  between:
    ([a, low, high]) =>
    (item, values) => {
      const value = a!(item, values);
      return order(value, low!(item, values)) >= 0 && order(value, high!(item, values)) <= 0;
    },
  in:
    ([a, ...list]) =>
    (item, values) => {
      const value = a!(item, values);
      return list.some((each) => equal(value, each(item, values)));
    },
  attribute_exists:
    ([a]) =>
    (item, values) =>
      a!(item, values) !== undefined,
  attribute_not_exists:
    ([a]) =>
    (item, values) =>
      a!(item, values) === undefined,
  attribute_type: pair((a, type) => typeOf(a) === type?.['S']),
  begins_with: pair(beginsWith),
  contains: pair(contains),
};

const compileTest = ({ name, args }: TestNode | CallNode): Test => tests[name]!(args.map(compileOperand));

export function compileCondition(condition: Condition): Test {
  if (condition.type === 'test' || condition.type === 'call') return compileTest(condition);
  const parts = condition.args.map(compileCondition);
  if (condition.type === 'not') return (item, values) => !parts[0]!(item, values);
  if (condition.type === 'and') return (item, values) => parts.every((holds) => holds(item, values));
  return (item, values) => parts.some((holds) => holds(item, values));
}
