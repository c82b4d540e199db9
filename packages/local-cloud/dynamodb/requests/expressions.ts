// The expressions of a request, compiled, after the checks of the parameters that belong to them.

import { refuse, validationError } from '../error.ts';
import { problemOfValues } from '../values/check-value.ts';
import {
  compileExpression,
  type CompiledCondition,
  type CompiledProjection,
  type CompiledUpdate,
  type Names,
} from '../expressions/compiled.ts';
import type { Values } from '../expressions/syntax.ts';

/** The parameters of a request that belong to expressions. */
export interface ExpressionData {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Names;
  readonly ExpressionAttributeValues?: Values;
}

export interface Expressions {
  readonly update?: CompiledUpdate | undefined;
  readonly condition?: CompiledCondition | undefined;
  readonly keyCondition?: CompiledCondition | undefined;
  readonly filter?: CompiledCondition | undefined;
  readonly projection?: CompiledProjection | undefined;
  readonly values: Values;
}

type Data = Readonly<Record<string, unknown>>;
const isGiven = (data: Data) => (name: string) => data[name] !== undefined;

/** @throws ValidationException for legacy parameters together with expressions, and for placeholders without expressions */
export function checkParameters(
  request: object,
  expressions: readonly string[],
  legacy: readonly string[],
): void {
  const data = request as Data;
  const used = expressions.filter(isGiven(data));
  const old = legacy.filter(isGiven(data));
  if (used.length > 0 && old.length > 0) {
    const lists = `Non-expression parameters: {${old.join(', ')}} Expression parameters: {${used.join(', ')}}`;
    const what = 'Can not use both expression and non-expression parameters in the same request: ';
    throw validationError(what + lists);
  }
  if (data['ExpressionAttributeNames'] !== undefined && used.length === 0)
    throw validationError('ExpressionAttributeNames can only be specified when using expressions');
  const valued = expressions.filter((name) => name !== 'ProjectionExpression');
  if (valued.length === 0 || data['ExpressionAttributeValues'] === undefined) return;
  if (valued.some(isGiven(data))) return;
  throw validationError('ExpressionAttributeValues can only be specified when using expressions');
}

const PLACEHOLDERS = [
  { parameter: 'ExpressionAttributeNames', pattern: /^#\w+$/ },
  { parameter: 'ExpressionAttributeValues', pattern: /^:\w+$/ },
] as const;

function checkPlaceholders(data: ExpressionData): void {
  for (const { parameter, pattern } of PLACEHOLDERS) {
    const given = data[parameter];
    if (!given) continue;
    const keys = Object.keys(given);
    if (keys.length === 0) throw validationError(`${parameter} must not be empty`);
    const wrong = keys.find((key) => !pattern.test(key));
    if (wrong !== undefined)
      throw validationError(`${parameter} contains invalid key: Syntax error; key: "${wrong}"`);
  }
  refuse(problemOfValues(data.ExpressionAttributeValues));
}

interface Used {
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

function checkUnused(parameter: string, given: object, used: readonly ReadonlySet<string>[]): void {
  const unused = Object.keys(given).filter((key) => !used.some((keys) => keys.has(key)));
  if (unused.length > 0)
    throw validationError(
      `Value provided in ${parameter} unused in expressions: keys: {${unused.join(', ')}}`,
    );
}

/** @throws ValidationException for an expression that cannot be parsed, and for placeholders that are not used */
export function compileExpressions(data: ExpressionData): Expressions {
  checkPlaceholders(data);
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = data;
  const { UpdateExpression, ConditionExpression, KeyConditionExpression, FilterExpression } = data;
  const { ProjectionExpression } = data;
  const update =
    UpdateExpression === undefined
      ? undefined
      : compileExpression('UpdateExpression', UpdateExpression, names, values);
  const condition =
    ConditionExpression === undefined
      ? undefined
      : compileExpression('ConditionExpression', ConditionExpression, names, values);
  const keyCondition =
    KeyConditionExpression === undefined
      ? undefined
      : compileExpression('KeyConditionExpression', KeyConditionExpression, names, values);
  const filter =
    FilterExpression === undefined
      ? undefined
      : compileExpression('FilterExpression', FilterExpression, names, values);
  const projection =
    ProjectionExpression === undefined
      ? undefined
      : compileExpression('ProjectionExpression', ProjectionExpression, names, values);
  const all: Used[] = [update, condition, keyCondition, filter, projection].filter(
    (each) => each !== undefined,
  );
  checkUnused(
    'ExpressionAttributeNames',
    names,
    all.map((each) => each.names),
  );
  checkUnused(
    'ExpressionAttributeValues',
    values,
    all.map((each) => each.values),
  );
  return { update, condition, keyCondition, filter, projection, values };
}
