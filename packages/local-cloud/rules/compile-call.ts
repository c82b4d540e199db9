// Compiles calls of functions, among them those that use more than the values of their arguments.

import { decodeBase64, decodePayload, encodeBase64 } from './binary.ts';
import { compileQuery } from './compile-query.ts';
import { findFunction } from './functions.ts';
import { isLookup, LookupFailure, lookupForms, type LookupName } from './lookups.ts';
import type { Evaluate, Names } from './scope.ts';
import { SqlError } from './sql-error.ts';
import type { SqlFunction } from './sql-function.ts';
import { type Expression, someExpression } from './syntax.ts';

type Call = Extract<Expression, { kind: 'call' }>;
type Compile = (node: Expression, names: Names) => Evaluate;

const undefinedValue: Evaluate = () => undefined;

/** By number of arguments, so that the usual calls allocate no array. */
function compileArguments(evaluate: SqlFunction['evaluate'], args: readonly Evaluate[]): Evaluate {
  const [a, b, c] = args;
  if (!a) return ({ message }) => evaluate(message);
  if (!b) return (scope) => evaluate(scope.message, a(scope));
  if (!c) return (scope) => evaluate(scope.message, a(scope), b(scope));
  return (scope) => evaluate(scope.message, ...args.map((arg) => arg(scope)));
}

function checkScheme({ name, args, at }: Call, { sql }: Names): Expression {
  const [value, scheme] = args;
  if (scheme?.kind === 'literal' && scheme.value === 'proto') {
    const problem = `the function ${name}() with 'proto' is not supported by the local cloud: it reads a descriptor from S3`;
    throw new SqlError(sql, at, problem);
  }
  if (args.length !== 2 || !value) throw new SqlError(sql, at, `${name}() takes a value and 'base64'`);
  if (scheme?.kind !== 'literal' || scheme.value !== 'base64') {
    throw new SqlError(sql, scheme?.at ?? at, `the local cloud's ${name}() knows the literal 'base64' only`);
  }
  return value;
}

function compileEncode(call: Call, names: Names, compile: Compile): Evaluate {
  const value = checkScheme(call, names);
  if (value.kind === 'star') return ({ message }) => message.base64();
  const of = compile(value, names);
  return (scope) => encodeBase64(of(scope));
}

const isWholePayload = (node: Expression) =>
  node.kind === 'call' && node.name.toLowerCase() === 'encode' && node.args[0]?.kind === 'star';

function compileDecode(call: Call, names: Names, compile: Compile): Evaluate {
  const value = checkScheme(call, names);
  const of = compile(value, names);
  // The payload itself, which is parsed already.
  if (isWholePayload(value)) return ({ message }) => decodePayload(message.payload());
  return (scope) => decodeBase64(of(scope));
}

/** Whether an expression calls another service. */
export const asksService = (node: unknown): boolean =>
  someExpression(node, ({ kind, name }) => kind === 'call' && isLookup(String(name).toLowerCase()));

/** @throws SqlError at the second call of a function that AWS allows once per statement */
export function checkSingleCalls(node: unknown, sql: string): void {
  const seen = new Set<string>();
  someExpression(node, (found) => {
    const { kind, name, at } = found as Call;
    const key = kind === 'call' ? name.toLowerCase() : '';
    if (!isLookup(key) || lookupForms[key].most > 1) return false;
    if (seen.has(key)) throw new SqlError(sql, at, `${name}() may be called once in a statement`);
    seen.add(key);
    return false;
  });
}

function compileGetOrDefault({ args, at }: Call, names: Names, compile: Compile): Evaluate {
  const [value, otherwise] = args;
  if (!value || args.length > 2) return undefinedValue;
  if (asksService(otherwise)) {
    throw new SqlError(
      names.sql,
      otherwise?.at ?? at,
      'the default of get_or_default() may not ask a service',
    );
  }
  const of = compile(value, names);
  const instead = otherwise ? compile(otherwise, names) : undefinedValue;
  return (scope) => {
    try {
      return of(scope) ?? instead(scope);
    } catch (error) {
      if (error instanceof LookupFailure) return instead(scope);
      throw error;
    }
  };
}

/** `*` is the payload. */
function compileLookupArgument(node: Expression, names: Names, compile: Compile): Evaluate {
  if (node.kind !== 'star') return compile(node, names);
  return ({ message }) => {
    const payload = message.payload();
    return payload.kind === 'json' ? payload.value : undefined;
  };
}

function compileLookup(name: LookupName, call: Call, names: Names, compile: Compile): Evaluate {
  const { minimum, maximum, takesRole } = lookupForms[name];
  const fail = (problem: string) => new SqlError(names.sql, call.at, `${name}() ${problem}`);
  if (names.inTemplate && name !== 'aws_lambda')
    throw fail('is allowed in the SQL only; SET a variable there and use it here');
  const lookup = names.lookups?.[name];
  if (!lookup) throw fail('is not supported by the local cloud: it asks a service that does not run here');
  const count = call.args.length;
  if (count < minimum || count > maximum) {
    const range = minimum === maximum ? minimum : `${minimum} to ${maximum}`;
    throw fail(`takes ${range} arguments${takesRole ? ', the last of them a role' : ''}`);
  }
  const args = call.args.map((arg) => compileLookupArgument(arg, names, compile));
  if (takesRole) args.pop();
  return (scope) => {
    const values = args.map((arg) => arg(scope));
    if (values.includes(undefined)) return undefined;
    return scope.message.answers.ask(name, lookup, values);
  };
}

const SPECIAL: Readonly<Record<string, (call: Call, names: Names, compile: Compile) => Evaluate>> = {
  encode: compileEncode,
  decode: compileDecode,
  get_or_default: compileGetOrDefault,
};

/** @throws SqlError for a function that is not supported, with its position */
export function compileCall(call: Call, names: Names, compile: Compile): Evaluate {
  const key = call.name.toLowerCase();
  if (Object.hasOwn(SPECIAL, key)) return SPECIAL[key]!(call, names, compile);
  if (isLookup(key)) return compileLookup(key, call, names, compile);
  const found = findFunction(call.name);
  if ('problem' in found) throw new SqlError(names.sql, call.at, found.problem);
  const args = call.args.map((arg) =>
    key === 'transform' && arg.kind === 'query'
      ? compileQuery(arg.query, names, compile, true)
      : compile(arg, names),
  );
  const wrong = found.check?.(call.args);
  if (wrong) throw new SqlError(names.sql, wrong.at, `${call.name}(): ${wrong.problem}`);
  if (args.length < found.minimum || args.length > found.maximum) return undefinedValue;
  const literals = call.args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined));
  const direct = literals.includes(undefined) ? undefined : found.specialize?.(...literals);
  return direct ?? compileArguments(found.evaluate, args);
}
