// Checks attribute values that a client sends, in DynamoDB's words, and converts numbers and sets to their stored form.

import { typeOf, type AttributeValue } from './attribute-value.ts';
import { storedNumber } from './number.ts';
import { sortSet } from './set-order.ts';

const INVALID = 'One or more parameter values were invalid: ';
/** An attribute is at level 1, its members are at level 2. */
const MAX_LEVELS = 32;
const TOO_DEEP =
  'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit';

const hasDuplicates = (members: readonly string[]) => new Set(members).size < members.length;

/** As DynamoDB shows them: in the order of their bytes up to the first duplicate, the rest as given. */
function shown(members: readonly string[], type: string, separator: string): string {
  const first = members.findIndex((member, index) => members.indexOf(member) < index);
  const before = sortSet(type, members.slice(0, first));
  return `[${[...before, ...members.slice(first)].map((member) => `"${member}"`).join(separator)}]`;
}

/** Replaces each number by its stored form. @returns the first problem */
function normalizeNumbers(numbers: string[]): string | undefined {
  for (const [index, number] of numbers.entries()) {
    const stored = storedNumber(number);
    if (stored.problem !== undefined) return stored.problem;
    numbers[index] = stored.text;
  }
  if (hasDuplicates(numbers)) return `${INVALID}Input collection contains duplicates.`;
  sortSet('NS', numbers);
  return undefined;
}

type Writable = Record<string, unknown>;
type Problem = (content: never, value: Writable, level: number) => string | undefined;

/** Find what is wrong with the content of each type. */
const contentProblems: Readonly<Record<string, Problem>> = {
  N(number: string, value) {
    const stored = storedNumber(number);
    if (stored.problem !== undefined) return stored.problem;
    value['N'] = stored.text;
    return undefined;
  },
  NULL(_content: boolean, value) {
    value['NULL'] = true;
    return undefined;
  },
  SS(members: string[]) {
    if (members.length === 0) return `${INVALID}An string set  may not be empty`;
    if (hasDuplicates(members))
      return `${INVALID}Input collection ${shown(members, 'SS', ', ')} contains duplicates.`;
    sortSet('SS', members);
    return undefined;
  },
  NS: (members: string[]) =>
    members.length === 0 ? `${INVALID}An number set  may not be empty` : normalizeNumbers(members),
  BS(members: string[]) {
    if (members.length === 0) return `${INVALID}Binary sets should not be empty`;
    if (hasDuplicates(members))
      return `${INVALID}Input collection ${shown(members, 'BS', ',')}of type BS contains duplicates.`;
    sortSet('BS', members);
    return undefined;
  },
  M: (members: Readonly<Record<string, AttributeValue>>, _value, level) =>
    problemAmong(Object.values(members), level + 1),
  L: (members: readonly AttributeValue[], _value, level) => problemAmong(members, level + 1),
};

function problemAmong(values: readonly AttributeValue[], level: number): string | undefined {
  for (const value of values) {
    const problem = problemOfValue(value, level);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What is wrong with a value, in DynamoDB's words. Numbers, nulls and sets in it are converted to their stored form, in place. */
export function problemOfValue(value: AttributeValue, level = 1): string | undefined {
  if (level > MAX_LEVELS) return TOO_DEEP;
  const only = typeOf(value);
  if (only === undefined)
    return 'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes';
  let count = 0;
  for (const type in value) {
    count += 1;
    const problem = contentProblems[type]?.(value[type] as never, value, level);
    if (problem !== undefined) return problem;
  }
  if (count === 1) return undefined;
  return 'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes';
}

/** The same for all values of an item, a key, or the values of expressions. */
export const problemOfValues = (values: Readonly<Record<string, AttributeValue>> | undefined) =>
  values && problemAmong(Object.values(values), 1);
