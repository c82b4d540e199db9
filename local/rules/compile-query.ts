// Compiles select lists and the nested queries that go through an array or an object of the payload.
import type { Evaluate, Names, Scope } from './scope.ts';
import { SqlFailure } from './sql-error.ts';
import type { Expression, Query, SelectItem, SelectList } from './syntax.ts';
import type { ObjectValue, Value } from './value.ts';
import { isObject, memberOf, setMember } from './value.ts';

type Compile = (node: Expression, names: Names) => Evaluate;
type Field = (target: ObjectValue, scope: Scope) => void;

/** Never changes what was there: objects on the way are copied. */
function setPath(target: ObjectValue, [name = '', ...rest]: readonly string[], value: Value): void {
  if (rest.length === 0) {
    setMember(target, name, value);
    return;
  }
  const before = memberOf(target, name);
  const inner: ObjectValue = isObject(before) ? { ...before } : {};
  setPath(inner, rest, value);
  setMember(target, name, inner);
}

/** A field that is Undefined also removes what `*` brought under its name: a payload cannot stand in for it. */
function compileField(
  { of, as }: Extract<SelectItem, { star: false }>,
  names: Names,
  compile: Compile,
): Field {
  const evaluate = compile(of, names);
  const [name = ''] = as;
  if (as.length > 1 || name === '__proto__') {
    return (target, scope) => setPath(target, as, evaluate(scope));
  }
  return (target, scope) => {
    target[name] = evaluate(scope);
  };
}

/**
 * Compiles what stands between SELECT and FROM.
 * @returns a closure that throws SqlFailure where further fields stand beside the `*` of what is no object
 */
export function compileSelect(select: SelectList, names: Names, compile: Compile): Evaluate {
  if (select.kind === 'value') return compile(select.of, names);
  const fields = select.items.filter((item) => !item.star).map((item) => compileField(item, names, compile));
  const withAll = fields.length < select.items.length;
  if (withAll && fields.length === 0) return ({ element }) => element;
  return (scope) => {
    const { element } = scope;
    if (withAll && !isObject(element))
      throw new SqlFailure('it selects * and more from what is no JSON object');
    const target: ObjectValue = withAll ? { ...(element as ObjectValue) } : {};
    for (const field of fields) field(target, scope);
    return target;
  };
}

/** Gives an Array for the elements of an Array, and one result or Undefined for an Object. */
export function compileQuery(query: Query, names: Names, compile: Compile): Evaluate {
  const from = compile(query.from, names);
  const inner: Names = { ...names, alias: query.alias };
  const where = query.where ? compile(query.where, inner) : () => true;
  const select = compileSelect(query.select, inner, compile);
  const row = (scope: Scope, element: Value) => {
    const rowScope = { ...scope, element };
    return where(rowScope) === true ? select(rowScope) : undefined;
  };
  return (scope) => {
    const source = from(scope);
    if (Array.isArray(source))
      return source.map((element) => row(scope, element)).filter((value) => value !== undefined);
    return isObject(source) ? row(scope, source) : undefined;
  };
}
