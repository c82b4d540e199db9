// Shows the value of every part of an expression, for `rule explain`.

import { printable } from '../log.ts';
import { compile } from './compile.ts';
import { Unanswered } from './lookups.ts';
import type { Names, Scope } from './scope.ts';
import { SqlFailure } from './sql-error.ts';
import type { Expression, ExpressionKind } from './syntax.ts';
import { jsonOf, type Value } from '../json/value.ts';

type Of<Kind extends ExpressionKind> = Extract<Expression, { kind: Kind }>;
type Parts = { readonly [Kind in ExpressionKind]: (node: Of<Kind>) => readonly Expression[] };

const none = () => [];

/** Inside a nested query names have another meaning for each row, so only its source is a part. */
const parts: Parts = {
  literal: none,
  star: none,
  path: none,
  variable: none,
  member: ({ of }) => [of],
  call: ({ args }) => args,
  cast: ({ of }) => [of],
  object: ({ members }) => members.map(([, of]) => of),
  array: ({ items }) => items,
  not: ({ of }) => [of],
  infix: ({ left, right }) => [left, right],
  exists: ({ query }) => [query.from],
  query: ({ query }) => [query.from],
  case: ({ of, whens, otherwise }) => [
    of,
    ...whens.flatMap(({ equals, result }) => [equals, result]),
    ...(otherwise ? [otherwise] : []),
  ],
};

const partsOf = (node: Expression) =>
  (parts[node.kind] as (node: Expression) => readonly Expression[])(node).filter(
    ({ kind }) => kind !== 'literal' && kind !== 'star',
  );

const MAX_SHOWN = 4_000;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text on one line of bounded length, with line ends and other control characters made visible. */
export function oneLine(text: string): string {
  const rest = text.length - MAX_SHOWN;
  const shown = rest > 0 ? text.slice(0, MAX_SHOWN) : text;
  const escaped = printable(shown.replace(/[\n\r\t]/g, (character) => ESCAPES[character]!));
  return rest > 0 ? `${escaped}… and ${rest} more characters` : escaped;
}

export const shown = (value: Value): string => (value === undefined ? 'Undefined' : oneLine(jsonOf(value)));

/** The text of an expression, as it is in the SQL, on one line. */
export const sourceOf = ({ at, end }: Expression, { sql }: Names): string =>
  sql.slice(at, end).replace(/\s+/g, ' ');

/** The value of the expression, or why it fails. */
export function outcomeOf(node: Expression, names: Names, scope: Scope): string {
  try {
    return shown(compile(node, names)(scope));
  } catch (error) {
    if (error instanceof SqlFailure) return `fails: ${error.message}`;
    if (error instanceof Unanswered) return 'not called';
    throw error;
  }
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/** One line for each part of the expression, those below it indented. */
export function explainParts(node: Expression, names: Names, scope: Scope): string[] {
  return partsOf(node).flatMap((part) => [
    `${sourceOf(part, names)} = ${outcomeOf(part, names, scope)}`,
    ...indented(explainParts(part, names, scope)),
  ]);
}
