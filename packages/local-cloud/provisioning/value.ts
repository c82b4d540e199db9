// Values of a provisioning template: literals, parameters and AWS's intrinsic functions, checked and compiled once.
// https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-template.html

import { AwsError } from '../aws-error.ts';

export type Json = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

/** The values with which a template is evaluated. */
export interface Scope {
  /** A parameter or pseudo parameter. @throws AwsError when it has no value. */
  ref(name: string): string;
}

/** Returns a text, or a list or an object of such values. */
export type Expression = (scope: Scope) => unknown;

/** The names that values may use, known when they are compiled. */
export interface Names {
  /** Parameters and pseudo parameters. */
  readonly parameters: ReadonlySet<string>;
  /** Two levels of keys, then the value. */
  readonly mappings: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, unknown>>>;
}

const MAXIMUM_DEPTH = 20;
/** Longer texts come only from functions that repeat their arguments. */
const MAXIMUM_TEXT = 65_536;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a place of a template. */
export function templateError(path: Path, problem: string): AwsError {
  return new AwsError(
    'InvalidRequestException',
    `The template body is invalid: ${path.join('.') || 'it'}: ${problem}`,
    400,
  );
}

/** The error for the parameters that a device sent. */
export const parameterError = (problem: string) => new AwsError('InvalidParameters', problem, 400);

/** Refuses members that AWS or the local cloud would ignore. */
export function only(value: unknown, known: readonly string[], path: Path): Json {
  if (!isObject(value)) throw templateError(path, 'an object is expected');
  const other = Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined)
    throw templateError(
      [...path, other],
      `not supported by the local cloud, which knows ${known.join(', ')}`,
    );
  return value;
}

function asText(value: unknown, path: Path): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw parameterError(`${path.join('.')} is not text`);
  return value;
}

function asList(value: unknown, path: Path): readonly unknown[] {
  if (!Array.isArray(value)) throw parameterError(`${path.join('.')} is not a list`);
  return value as unknown[];
}

function bounded(text: string, path: Path): string {
  if (text.length <= MAXIMUM_TEXT) return text;
  throw parameterError(`${path.join('.')} becomes longer than ${MAXIMUM_TEXT} characters`);
}

type Intrinsic = (argument: unknown, names: Names, path: Path) => Expression;

/** The arguments of a function that takes a list of `count` of them. */
function argumentsOf(argument: unknown, count: number, names: Names, path: Path): Expression[] {
  if (!Array.isArray(argument) || argument.length !== count)
    throw templateError(path, `a list of ${count} is expected`);
  return argument.map((item, index) => compileValue(item, names, [...path, index]));
}

const reference: Intrinsic = (argument, names, path) => {
  if (typeof argument !== 'string') throw templateError(path, 'the name of a parameter is expected');
  if (!names.parameters.has(argument)) throw templateError(path, `there is no parameter ${argument}`);
  return (scope) => scope.ref(argument);
};

const join: Intrinsic = (argument, names, path) => {
  const [delimiter, list] = argumentsOf(argument, 2, names, path);
  return (scope) => {
    const items = asList(list!(scope), path).map((item) => asText(item, path));
    return bounded(items.join(asText(delimiter!(scope), path)), path);
  };
};

const select: Intrinsic = (argument, names, path) => {
  const [index, list] = argumentsOf(argument, 2, names, path);
  return (scope) => {
    const at = asText(index!(scope), path);
    const items = asList(list!(scope), path);
    const found = /^\d{1,6}$/.test(at) ? items[Number(at)] : undefined;
    if (found === undefined || found === null)
      throw parameterError(`${path.join('.')}: there is no item ${at} in a list of ${items.length}`);
    return found;
  };
};

const split: Intrinsic = (argument, names, path) => {
  const [delimiter, text] = argumentsOf(argument, 2, names, path);
  return (scope) => {
    const by = asText(delimiter!(scope), path);
    if (by === '') throw parameterError(`${path.join('.')}: the delimiter is empty`);
    return asText(text!(scope), path).split(by);
  };
};

const findInMap: Intrinsic = (argument, names, path) => {
  const keys = argumentsOf(argument, 3, names, path);
  return (scope) => {
    const [map, top, second] = keys.map((key) => asText(key(scope), path));
    const found = names.mappings.get(map!)?.get(top!)?.get(second!);
    if (found === undefined)
      throw parameterError(`${path.join('.')}: Mappings has no ${map}.${top}.${second}`);
    return found;
  };
};

/** `${Name}` is a parameter or a variable of the second argument, `${!Name}` is literal. */
const substitute: Intrinsic = (argument, names, path) => {
  const [text, given] = Array.isArray(argument) && argument.length === 2 ? argument : [argument, {}];
  if (typeof text !== 'string' || !isObject(given))
    throw templateError(path, 'a text, or a list of a text and an object of variables, is expected');
  const variables = new Map(
    Object.entries(given).map(([name, value]) => [name, compileValue(value, names, [...path, name])]),
  );
  const parts = text.split(/(\$\{[^}]*\})/).map((part): Expression => {
    const name = /^\$\{([^}]*)\}$/.exec(part)?.[1]?.trim();
    if (name === undefined) return () => part;
    if (name.startsWith('!')) return () => `\${${name.slice(1)}}`;
    return variables.get(name) ?? reference(name, names, path);
  });
  return (scope) => bounded(parts.map((part) => asText(part(scope), path)).join(''), path);
};

const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map([
  ['Ref', reference],
  ['Fn::Join', join],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::FindInMap', findInMap],
  ['Fn::Sub', substitute],
]);

/** @throws AwsError InvalidRequestException naming the place of a function or parameter that does not exist. */
export function compileValue(value: unknown, names: Names, path: Path): Expression {
  if (path.length > MAXIMUM_DEPTH) throw templateError(path.slice(0, 3), 'it is nested too deep');
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileValue(item, names, [...path, index]));
    return (scope) => items.map((item) => item(scope));
  }
  if (!isObject(value)) return () => value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && (name === 'Ref' || name!.startsWith('Fn:'))) {
    const intrinsic = INTRINSICS.get(name!);
    if (!intrinsic)
      throw templateError(path, `there is no function ${name}: ${[...INTRINSICS.keys()].join(', ')}`);
    return intrinsic(argument, names, [...path, name!]);
  }
  const compiled = entries.map(([key, item]) => [key, compileValue(item, names, [...path, key])] as const);
  return (scope) => Object.fromEntries(compiled.map(([key, item]) => [key, item(scope)]));
}

/** As `compileValue`, for a property that must become text. */
export function compileText(value: unknown, names: Names, path: Path): (scope: Scope) => string {
  const expression = compileValue(value, names, path);
  return (scope) => asText(expression(scope), path);
}
