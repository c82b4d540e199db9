// Checks a request's members against the constraints of its shape, and reports up to ten problems at once as DynamoDB does.

import { validationError } from '../error.ts';
import type { Constraints, Members, Shape } from './shape.ts';

const MAX_PROBLEMS = 10;

const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);

function textOf(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const lengthOf = (value: unknown): number =>
  typeof value === 'object' && !Array.isArray(value)
    ? Object.keys(value!).length
    : (value as string | unknown[]).length;

const patternOf = ({ source }: RegExp) => source.replace(/^\^|\$$/g, '');

type Rule = {
  readonly [Name in keyof Constraints]?: (
    limit: NonNullable<Constraints[Name]>,
    value: never,
  ) => string | undefined;
};

/** The constraint that a value does not satisfy, in DynamoDB's words. */
const rules: Rule = {
  enum: (values, value: string) =>
    values.includes(value) ? undefined : `Member must satisfy enum value set: [${values.join(', ')}]`,
  regex: (pattern, value: string) =>
    pattern.test(value) ? undefined : `Member must satisfy regular expression pattern: ${patternOf(pattern)}`,
  lengthGreaterThanOrEqual: (least, value) =>
    lengthOf(value) >= least ? undefined : `Member must have length greater than or equal to ${least}`,
  lengthLessThanOrEqual: (most, value) =>
    lengthOf(value) <= most ? undefined : `Member must have length less than or equal to ${most}`,
  greaterThanOrEqual: (least, value: number) =>
    value >= least ? undefined : `Member must have value greater than or equal to ${least}`,
  lessThanOrEqual: (most, value: number) =>
    value <= most ? undefined : `Member must have value less than or equal to ${most}`,
  keys: (constraints, value: object) => problemAmong('Map keys', constraints, Object.keys(value)),
  values: (constraints, value: object) => problemAmong('Map value', constraints, Object.values(value)),
};

const names = Object.keys(rules) as (keyof Constraints)[];

function unmet(constraints: Constraints, value: unknown): string[] {
  const unmet: string[] = [];
  for (const name of names) {
    const limit = constraints[name];
    if (limit === undefined) continue;
    const problem = (rules[name] as (limit: unknown, value: unknown) => string | undefined)(limit, value);
    if (problem !== undefined) unmet.push(problem);
  }
  return unmet;
}

function describe(constraints: Constraints): string {
  const parts = Object.entries(constraints).map(([name, limit]) => {
    if (name === 'regex')
      return `Member must satisfy regular expression pattern: ${patternOf(limit as RegExp)}`;
    const comparison = name === 'lengthLessThanOrEqual' ? 'less' : 'greater';
    return `Member must have length ${comparison} than or equal to ${String(limit)}`;
  });
  return `[${parts.join(', ')}]`;
}

function problemAmong(
  what: string,
  constraints: Constraints,
  values: readonly unknown[],
): string | undefined {
  if (values.every((value) => unmet(constraints, value).length === 0)) return undefined;
  return `${what} must satisfy constraint: ${describe(constraints)}`;
}

function checkMembers(value: unknown, shape: Shape, place: string, problems: string[]): void {
  if (!('children' in shape) || (shape.children as Shape).type === 'Value') return;
  if (shape.type === 'Struct') checkAll(value as object, shape.children, `${place}.`, problems);
  else if (Array.isArray(value)) {
    for (const [index, member] of value.entries())
      checkOne(member, shape.children, `${place}.${index + 1}.member`, problems);
  } else {
    for (const [key, member] of Object.entries(value as object))
      checkOne(member, shape.children, `${place}.${key}.member`, problems);
  }
}

function checkOne(value: unknown, shape: Shape, place: string, problems: string[]): void {
  const add = (problem: string) => {
    const shown = value === undefined ? 'null' : `'${textOf(value)}'`;
    if (problems.length < MAX_PROBLEMS)
      problems.push(`Value ${shown} at '${place}' failed to satisfy constraint: ${problem}`);
  };
  if (value === undefined) {
    if (shape.notNull) add('Member must not be null');
    return;
  }
  for (const problem of unmet(shape, value)) add(problem);
  checkMembers(value, shape, place, problems);
}

function checkAll(data: object, members: Members, prefix: string, problems: string[]): void {
  for (const [name, shape] of Object.entries(members)) {
    if (shape.type === 'Value') continue;
    checkOne((data as Record<string, unknown>)[name], shape, prefix + lowerFirst(name), problems);
  }
}

function problemsOf(data: object, members: Members): string[] {
  const problems: string[] = [];
  checkAll(data, members, '', problems);
  return problems;
}

/** @throws ValidationException that lists the problems, if there are any */
function refuseFor(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const count = `${problems.length} validation error${problems.length > 1 ? 's' : ''} detected: `;
  throw validationError(count + problems.join('; '));
}

/** The problem in the words of newer checks, which give the member's name as it is and not its value. */
export const newProblem = (place: string, constraint: string) =>
  `1 validation error detected: Value at '${place}' failed to satisfy constraint: Member must have ${constraint}`;

/** @throws ValidationException that lists what is wrong */
export function checkConstraints(data: object, members: Members): void {
  for (const [name, shape] of Object.entries(members)) {
    const value = (data as Record<string, unknown>)[name];
    if (shape.required && value === undefined)
      throw validationError(`The parameter '${name}' is required but was not present in the request`);
    if (shape.notEmpty && value === '')
      throw validationError(newProblem(name, 'length greater than or equal to 1'));
    if (shape.alone) refuseFor(problemsOf({ [name]: value }, { [name]: shape }));
  }
  refuseFor(problemsOf(data, members));
}
