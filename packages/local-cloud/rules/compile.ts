// Turns expressions into closures once, so that evaluating them does not read the syntax again.

import { castTo } from './cast.ts';
import { not, operators } from './operators.ts';
import { compileCall } from './compile-call.ts';
import { compileQuery } from './compile-query.ts';
import type { Evaluate, Names } from './scope.ts';
import { SqlError } from './sql-error.ts';
import type { Expression, ExpressionKind } from './syntax.ts';
import { equal, memberOf, type ObjectValue, setMember } from '../json/value.ts';

type Of<Kind extends ExpressionKind> = Extract<Expression, { kind: Kind }>;
type Compilers = { readonly [Kind in ExpressionKind]: (node: Of<Kind>, names: Names) => Evaluate };

const undefinedValue: Evaluate = () => undefined;

function members(of: Evaluate, path: readonly string[]): Evaluate {
  const [name, ...rest] = path;
  if (name === undefined) return of;
  return members((scope) => memberOf(of(scope), name), rest);
}

function compilePath({ names: path }: Of<'path'>, names: Names): Evaluate {
  const [first, ...rest] = path;
  if (first === undefined) return ({ element }) => element;
  if (first === names.alias) return members(({ element }) => element, rest);
  return members(({ element }) => memberOf(element, first), rest);
}

function compileVariable({ name, at }: Of<'variable'>, names: Names): Evaluate {
  const index = names.variables.indexOf(name);
  if (index < 0) throw new SqlError(names.sql, at, `the variable @${name} is not set before`);
  return ({ variables }) => variables[index];
}

function compileObject({ members }: Of<'object'>, names: Names): Evaluate {
  const entries = members.map(([name, of]) => [name, compile(of, names)] as const);
  return (scope) => {
    const result: ObjectValue = {};
    for (const [name, of] of entries) {
      const value = of(scope);
      if (value !== undefined) setMember(result, name, value);
    }
    return result;
  };
}

function compileArray({ items }: Of<'array'>, names: Names): Evaluate {
  const parts = items.map((item) => compile(item, names));
  // Undefined has no JSON form, so it is left out.
  return (scope) => parts.map((part) => part(scope)).filter((value) => value !== undefined);
}

function compileCase({ of, whens, otherwise }: Of<'case'>, names: Names): Evaluate {
  const subject = compile(of, names);
  const branches = whens.map(
    ({ equals, result }) => [compile(equals, names), compile(result, names)] as const,
  );
  const fallback = otherwise ? compile(otherwise, names) : undefinedValue;
  return (scope) => {
    const value = subject(scope);
    if (value === undefined) return undefined;
    const branch = branches.find(([equals]) => equal(value, equals(scope)) === true);
    return branch ? branch[1](scope) : fallback(scope);
  };
}

function compileInfix({ operator, left, right }: Of<'infix'>, names: Names): Evaluate {
  const { evaluate } = operators[operator]!;
  const [a, b] = [compile(left, names), compile(right, names)];
  return (scope) => evaluate(a(scope), b(scope));
}

function compileStar({ at }: Of<'star'>, { sql }: Names): Evaluate {
  throw new SqlError(sql, at, "* as an argument is allowed only in encode(*, 'base64')");
}

const compilers: Compilers = {
  literal:
    ({ value }) =>
    () =>
      value,
  star: compileStar,
  path: compilePath,
  variable: compileVariable,
  member: ({ of, names: path }, names) => members(compile(of, names), path),
  call: (call, names) => compileCall(call, names, compile),
  cast({ of, type, at }, names) {
    const cast = castTo(type);
    if (!cast) throw new SqlError(names.sql, at, `cast() knows no type ${type}`);
    const value = compile(of, names);
    return (scope) => cast(value(scope));
  },
  object: compileObject,
  array: compileArray,
  not({ of }, names) {
    const value = compile(of, names);
    return (scope) => not(value(scope));
  },
  infix: compileInfix,
  exists({ query }, names) {
    const rows = compileQuery(query, names, compile);
    return (scope) => {
      const found = rows(scope);
      return Array.isArray(found) && found.length > 0;
    };
  },
  query: ({ query }, names) => compileQuery(query, names, compile),
  case: compileCase,
};

/** @throws SqlError for an unsupported expression, with its position */
export function compile(node: Expression, names: Names): Evaluate {
  return (compilers[node.kind] as (node: Expression, names: Names) => Evaluate)(node, names);
}
