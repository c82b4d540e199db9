// Parses and compiles each expression once: between requests only its values change.

import { validationError } from '../error.ts';
import { typeOf, type Path } from '../values/attribute-value.ts';
import { compileCondition, type Test } from './compile-condition.ts';
import { compileUpdate, type Update } from './compile-update.ts';
import { SyntaxProblem } from './lex.ts';
import { parseCondition } from './parse-condition.ts';
import { parseProjection } from './parse-projection.ts';
import { parseUpdate } from './parse-update.ts';
import type { Placeholders } from './reader.ts';
import type { Condition, Parsed, Section, Values } from './syntax.ts';

/** DynamoDB accepts expressions of up to 4 KB. */
const MAX_BYTES = 4_096;
/** How many compiled expressions of each kind are kept. */
const MAX_REMEMBERED = 1_000;

export type Names = Readonly<Record<string, string>>;

export interface Compiled<Tree, Run> extends Parsed<Tree> {
  readonly run: Run;
  /** The placeholders that it uses. */
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

export type CompiledCondition = Compiled<Condition, Test>;
export type CompiledUpdate = Compiled<readonly Section[], Update>;
export type CompiledProjection = Compiled<readonly Path[], readonly Path[]>;

/** A map of limited size, which drops the oldest entry. */
function createMemory<Value>() {
  const known = new Map<string, Value>();
  return {
    get: (key: string) => known.get(key),
    set(key: string, value: Value) {
      if (known.size >= MAX_REMEMBERED) known.delete(known.keys().next().value!);
      known.set(key, value);
    },
  };
}

const placeholdersIn = createMemory<readonly string[]>();

function findPlaceholders(text: string): readonly string[] {
  const known = placeholdersIn.get(text);
  if (known) return known;
  const found = [...new Set(text.match(/[#:]\w+/g))];
  placeholdersIn.set(text, found);
  return found;
}

/** The compiled form depends on the text, the attributes that its names mean, and the types of its values. */
function keyOf(text: string, placeholders: readonly string[], names: Names, values: Values): string {
  let key = text;
  for (const placeholder of placeholders) {
    const means = placeholder.startsWith('#') ? names[placeholder] : typeOf(values[placeholder]);
    key += `\n${means === undefined ? '' : JSON.stringify(means)}`;
  }
  return key;
}

function createCompiler<Tree, Run>(
  parse: (text: string, placeholders: Placeholders) => Parsed<Tree>,
  compile: (tree: Tree) => Run,
) {
  const memory = createMemory<Compiled<Tree, Run>>();
  return (text: string, names: Names, values: Values): Compiled<Tree, Run> => {
    const placeholders = findPlaceholders(text);
    const key = keyOf(text, placeholders, names, values);
    const known = memory.get(key);
    if (known) return known;
    const parsed = parse(text, {
      nameOf: (placeholder) => (Object.hasOwn(names, placeholder) ? names[placeholder] : undefined),
      typeOf: (placeholder) => (Object.hasOwn(values, placeholder) ? typeOf(values[placeholder]) : undefined),
    });
    const compiled = {
      ...parsed,
      run: compile(parsed.tree),
      names: new Set(placeholders.filter((each) => each.startsWith('#'))),
      values: new Set(placeholders.filter((each) => each.startsWith(':'))),
    };
    memory.set(key, compiled);
    return compiled;
  };
}

const compilers = {
  UpdateExpression: createCompiler(parseUpdate, compileUpdate),
  ConditionExpression: createCompiler(parseCondition, compileCondition),
  KeyConditionExpression: createCompiler(parseCondition, compileCondition),
  FilterExpression: createCompiler(parseCondition, compileCondition),
  ProjectionExpression: createCompiler(parseProjection, (paths) => paths),
};

type Kind = keyof typeof compilers;

/**
 * The expression of that parameter.
 *
 * @throws ValidationException for one that cannot be parsed, or whose values do not fit it
 */
export function compileExpression<K extends Kind>(
  kind: K,
  text: string,
  names: Names,
  values: Values,
): ReturnType<(typeof compilers)[K]> {
  const invalid = (problem: string) => validationError(`Invalid ${kind}: ${problem}`);
  if (text === '') throw invalid('The expression can not be empty;');
  const size = text.length * 3 > MAX_BYTES ? Buffer.byteLength(text) : text.length;
  if (size > MAX_BYTES)
    throw invalid(`Expression size has exceeded the maximum allowed size; expression size: ${size}`);
  try {
    const compiled = compilers[kind](text, names, values);
    for (const check of compiled.lateChecks) {
      const problem = check(values);
      if (problem !== undefined) throw invalid(problem);
    }
    return compiled as ReturnType<(typeof compilers)[K]>;
  } catch (error) {
    if (error instanceof SyntaxProblem) throw invalid(error.message);
    throw error;
  }
}
