// Parses whole SQL statements and the substitution templates of rule actions.

import { createCursor, type Cursor } from './cursor.ts';
import { parseExpression, parseSelect } from './parse-expression.ts';
import type { Expression, Statement } from './syntax.ts';
import { SqlError } from './sql-error.ts';

const MAX_LENGTH = 65_536;
/** "SET clause": at most 10 variables, names of at most 64 characters. */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

function checkLength(sql: string): void {
  if (sql.length > MAX_LENGTH) throw new SqlError(sql, MAX_LENGTH, `longer than ${MAX_LENGTH} characters`);
}

function parseSet(cursor: Cursor): Statement['set'] {
  const set: { name: string; to: Expression }[] = [];
  if (!cursor.accept('SET')) return set;
  do {
    if (cursor.peek().kind !== 'variable') cursor.unexpected('a variable such as @name');
    const { text: name, at } = cursor.take();
    if (name.length > MAX_VARIABLE_NAME)
      cursor.fail(`a variable name has at most ${MAX_VARIABLE_NAME} characters`, at);
    if (set.some((other) => other.name === name)) cursor.fail(`@${name} is set twice`, at);
    if (set.length === MAX_VARIABLES) cursor.fail(`at most ${MAX_VARIABLES} variables`, at);
    cursor.expect('=', 'after the variable');
    set.push({ name, to: parseExpression(cursor) });
  } while (cursor.accept(','));
  return set;
}

/** @throws SqlError with the position of what is wrong */
export function parseStatement(sql: string): Statement {
  checkLength(sql);
  const cursor = createCursor(sql);
  const set = parseSet(cursor);
  const select = parseSelect(cursor);
  let from: Statement['from'];
  if (cursor.accept('FROM')) {
    if (cursor.peek().kind !== 'string') cursor.unexpected('a topic filter in quotes');
    const { text: filter, at } = cursor.take();
    from = { filter, at };
  }
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : undefined;
  if (cursor.peek().kind !== 'end') cursor.unexpected(where ? 'the end' : 'FROM, WHERE or the end');
  return { set, select, from, where };
}

/** Cuts `a/${expr}/b` into texts and expressions. @throws SqlError */
export function parseTemplate(text: string): (string | Expression)[] {
  checkLength(text);
  const parts: (string | Expression)[] = [];
  let offset = 0;
  for (;;) {
    const open = text.indexOf('${', offset);
    if (open < 0) break;
    parts.push(text.slice(offset, open));
    const cursor = createCursor(text, open + 2);
    parts.push(parseExpression(cursor));
    const close = cursor.peek();
    // Not taken: after the bracket there is text, not SQL.
    if (close.kind !== 'symbol' || close.text !== '}') cursor.unexpected('} to end the substitution');
    offset = close.end;
  }
  parts.push(text.slice(offset));
  return parts.filter((part) => part !== '');
}
