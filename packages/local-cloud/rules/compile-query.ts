// Compiles select lists, and nested queries over an array or an object of the payload.

import type { Evaluate, Names, Scope } from './scope.ts';
import { SqlFailure } from './sql-error.ts';
import type { Expression, Query, SelectItem, SelectList } from './syntax.ts';
import { isObject, memberOf, type ObjectValue, setMember, type Value } from '../json/value.ts';

type Compile = (node: Expression, names: Names) => Evaluate;
type Field = (target: ObjectValue, scope: Scope) => void;

/** Changes no object in place: those on the path are copied. */
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

type FieldItem = Extract<SelectItem, { kind: 'field' }>;

/** Values that are not objects have no members. */
function compileSpread(items: readonly SelectItem[], names: Names, compile: Compile): Field {
  const sources = items.flatMap((item) => (item.kind === 'spread' ? [compile(item.of, names)] : []));
  return (target, scope) => {
    for (const source of sources) {
      const object = source(scope);
      if (isObject(object)) for (const name of Object.keys(object)) setMember(target, name, object[name]);
    }
  };
}

/** An Undefined field also removes the member of that name from `*`: the payload cannot replace it. */
function compilePath({ of, as }: FieldItem, names: Names, compile: Compile): Field {
  const evaluate = compile(of, names);
  return (target, scope) => setPath(target, as, evaluate(scope));
}

const INSTANCES = 8;
/** The same code several times: a query in the address makes another module of it. */
const setters = await Promise.all(
  Array.from(
    { length: INSTANCES },
    (_, index) => import(`./set-fields.ts?${index}`) as Promise<typeof import('./set-fields.ts')>,
  ),
);
let nextSetter = 0;

const isPlain = ({ as: [name], as: { length } }: FieldItem) => length === 1 && name !== '__proto__';

function compileFields(items: readonly FieldItem[], names: Names, compile: Compile): Field {
  if (items.every(isPlain)) {
    const { createSetter } = setters[nextSetter++ % INSTANCES]!;
    return createSetter(items.map(({ of, as }) => ({ name: as[0]!, evaluate: compile(of, names) })));
  }
  const fields = items.map((item) => compilePath(item, names, compile));
  return (target, scope) => {
    for (const field of fields) field(target, scope);
  };
}

/**
 * Compiles the part between SELECT and FROM.
 * @returns a closure that throws SqlFailure where there are further fields besides the `*` of a value that is not an object
 */
export function compileSelect(select: SelectList, names: Names, compile: Compile): Evaluate {
  if (select.kind === 'value') return compile(select.of, names);
  const items = select.items.filter((item) => item.kind === 'field');
  const withAll = select.items.some(({ kind }) => kind === 'all');
  if (withAll && select.items.length === 1) return ({ element }) => element;
  const hasSpread = select.items.some(({ kind }) => kind === 'spread');
  const spread = compileSpread(select.items, names, compile);
  const setFields = compileFields(items, names, compile);
  return (scope) => {
    const { element } = scope;
    if (withAll && !isObject(element))
      throw new SqlFailure('it selects * and more from what is not a JSON object');
    const target: ObjectValue = withAll ? { ...(element as ObjectValue) } : {};
    if (hasSpread) spread(target, scope);
    setFields(target, scope);
    return target;
  };
}

/**
 * Returns an Array, also for one result from an Object, as rules in use on AWS expect: `get((SELECT a FROM object), 0)`.
 *
 * @param isArgument of transform(), where AWS's example takes the result of an Object itself
 */
export function compileQuery(query: Query, names: Names, compile: Compile, isArgument = false): Evaluate {
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
    if (!isObject(source)) return undefined;
    const value = row(scope, source);
    if (isArgument) return value;
    return value === undefined ? [] : [value];
  };
}
