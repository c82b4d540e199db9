// Cuts an SQL text into tokens.

import { SqlError } from './sql-error.ts';

export type TokenKind = 'word' | 'number' | 'string' | 'variable' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; for a string its content, for a variable its name without `@`. */
  readonly text: string;
  /** Offset in the SQL text. */
  readonly at: number;
  /** Offset of its end. */
  readonly end: number;
}

const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['number', /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['variable', /@[A-Za-z0-9_]+/y],
  ['symbol', /<>|<=|>=|[-+*/%=<>(),.{}:[\]]/y],
];
const SPACE = /\s*/y;

/** The same text as V8 keeps the names of properties: one cut out of the SQL costs a search at each access. */
const asName = (text: string): string => Object.keys({ [text]: true })[0]!;

function stringToken(sql: string, at: number): Token {
  const quote = sql[at]!;
  const end = sql.indexOf(quote, at + 1);
  if (end < 0) throw new SqlError(sql, at, `the text that begins with ${quote} has no end`);
  if (sql[end + 1] === quote)
    throw new SqlError(
      sql,
      end,
      `a quote is not doubled in a literal: put the text in ${quote === "'" ? 'double' : 'single'} quotes`,
    );
  const text = sql.slice(at + 1, end);
  if (text.includes('\\')) {
    const problem =
      'AWS does not document a backslash in a literal; write it as chr(92), in a regular expression \\d as [0-9] and \\. as [.]';
    throw new SqlError(sql, at + 1 + text.indexOf('\\'), problem);
  }
  return { kind: 'string', text: asName(text), at, end: end + 1 };
}

/** Signs of other kinds of SQL. */
const HABITS: readonly (readonly [start: string, problem: string])[] = [
  ['!=', 'there is no !=, write <>'],
  [';', 'a statement has no semicolon: take it out'],
  ['&&', 'there is no &&, write AND'],
  ['||', 'there is no ||: write OR, or + to put texts together'],
];

/** The token at or after `offset`. @throws SqlError for a character that begins no token */
export function readToken(sql: string, offset: number): Token {
  SPACE.lastIndex = offset;
  SPACE.exec(sql);
  const at = SPACE.lastIndex;
  if (at >= sql.length) return { kind: 'end', text: '', at: sql.length, end: sql.length };
  if (sql[at] === "'" || sql[at] === '"') return stringToken(sql, at);
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(sql) ?? [];
    if (found !== undefined) {
      const text = kind === 'variable' ? found.slice(1) : found;
      return { kind, text: kind === 'word' ? asName(text) : text, at, end: at + found.length };
    }
  }
  const habit = HABITS.find(([start]) => sql.startsWith(start, at));
  if (habit) throw new SqlError(sql, at, habit[1]);
  throw new SqlError(sql, at, `unexpected ${JSON.stringify(String.fromCodePoint(sql.codePointAt(at)!))}`);
}
