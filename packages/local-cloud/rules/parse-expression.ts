// Parses expressions by operator precedence (Pratt), and the select lists and nested queries inside them.

import type { Cursor } from './cursor.ts';
import { parseDecimal } from '../json/decimal.ts';
import { NOT_PRECEDENCE, operators } from './operators.ts';
import type { Expression, Query, SelectItem, SelectList, When } from './syntax.ts';
import { numberOfText } from '../json/value.ts';

const LOWEST = 0;

export function parseExpression(cursor: Cursor, binding = LOWEST): Expression {
  return cursor.nested(() => {
    const { at } = cursor.peek();
    let left = parsePrefix(cursor);
    for (;;) {
      const token = cursor.peek();
      const name = cursor.keyword() || (token.kind === 'symbol' ? token.text : '');
      const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
      if (!operator || operator.precedence <= binding) return left;
      cursor.countOperator();
      cursor.take();
      const right = parseExpression(cursor, operator.precedence);
      left = { kind: 'infix', operator: name, left, right, at, end: cursor.end() };
    }
  });
}

function parsePrefix(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  if (cursor.accept('NOT')) {
    return { kind: 'not', of: parseExpression(cursor, NOT_PRECEDENCE), at, end: cursor.end() };
  }
  const primary = parsePrimary(cursor);
  const names = parseNames(cursor);
  if (names.length === 0) return primary;
  const end = cursor.end();
  if (primary.kind === 'path') return { kind: 'path', names: [...primary.names, ...names], at, end };
  return { kind: 'member', of: primary, names, at, end };
}

/** `.a.b.c`; after a point every word is a name. The point of `.*` is left to the list that contains it. */
function parseNames(cursor: Cursor): string[] {
  const names: string[] = [];
  const isPoint = () => cursor.peek().kind === 'symbol' && cursor.peek().text === '.';
  while (isPoint() && cursor.peekSecond().text !== '*') {
    cursor.take();
    names.push(cursor.name('a name after the point', true).text);
  }
  return names;
}

const LITERALS: Readonly<Record<string, null | boolean>> = { NULL: null, TRUE: true, FALSE: false };

function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.peek();
  const { at } = token;
  if (token.kind === 'number') return parseNumber(cursor, '', at);
  if (token.kind === 'string') return { kind: 'literal', value: cursor.take().text, at, end: cursor.end() };
  if (token.kind === 'variable') return { kind: 'variable', name: cursor.take().text, at, end: cursor.end() };
  if (token.kind === 'word') return parseWord(cursor);
  if (cursor.accept('-')) {
    if (cursor.peek().kind !== 'number')
      cursor.fail('a minus sign is allowed only before numbers; write 0 - x', at);
    return parseNumber(cursor, '-', at);
  }
  if (cursor.accept('(')) {
    const inner: Expression =
      cursor.keyword() === 'SELECT'
        ? { kind: 'query', query: parseQuery(cursor), at, end: cursor.end() }
        : parseExpression(cursor);
    cursor.expect(')', 'to close the bracket');
    return inner;
  }
  if (cursor.accept('[')) {
    return { kind: 'array', items: parseList(cursor, ']', parseExpression), at, end: cursor.end() };
  }
  if (cursor.accept('{')) {
    return { kind: 'object', members: parseList(cursor, '}', parseMember), at, end: cursor.end() };
  }
  return cursor.unexpected('a value');
}

function parseNumber(cursor: Cursor, sign: string, at: number): Expression {
  const { text } = cursor.take();
  if (!parseDecimal(text)) cursor.fail(`${text} is beyond the range of a Decimal`, at);
  return { kind: 'literal', value: numberOfText(sign + text), at, end: cursor.end() };
}

function parseWord(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  const keyword = cursor.keyword();
  if (Object.hasOwn(LITERALS, keyword)) {
    cursor.take();
    return { kind: 'literal', value: LITERALS[keyword], at, end: cursor.end() };
  }
  if (cursor.accept('CASE')) return parseCase(cursor, at);
  if (cursor.accept('EXISTS')) {
    cursor.expect('(', 'after EXISTS');
    const query = parseQuery(cursor);
    cursor.expect(')', 'after the query of EXISTS');
    return { kind: 'exists', query, at, end: cursor.end() };
  }
  const { text } = cursor.name('a value');
  if (cursor.accept('(')) return parseCall(cursor, text, at);
  return { kind: 'path', names: [text], at, end: cursor.end() };
}

function parseCall(cursor: Cursor, name: string, at: number): Expression {
  if (name.toLowerCase() !== 'cast') {
    const args = parseList(cursor, ')', parseArgument);
    return { kind: 'call', name, args: wholeFirst(name, args), at, end: cursor.end() };
  }
  const of = parseExpression(cursor);
  cursor.expect('AS', 'in cast(value AS type)');
  const type = cursor.name('a type');
  cursor.expect(')', 'after the type');
  return { kind: 'cast', of, type: type.text, at, end: cursor.end() };
}

/** `get(*, 'a-b')` reads a member of the payload whose name SQL cannot write. */
function wholeFirst(name: string, [first, ...others]: readonly Expression[]): Expression[] {
  if (!first) return [];
  const isWhole = name.toLowerCase() === 'get' && first.kind === 'star';
  return [isWhole ? { kind: 'path', names: [], at: first.at, end: first.end } : first, ...others];
}

function parseArgument(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  return cursor.accept('*') ? { kind: 'star', at, end: cursor.end() } : parseExpression(cursor);
}

function parseMember(cursor: Cursor): [string, Expression] {
  if (cursor.peek().kind !== 'string') cursor.unexpected('a name in quotes');
  const { text } = cursor.take();
  cursor.expect(':', 'after the name');
  return [text, parseExpression(cursor)];
}

function parseList<Item>(cursor: Cursor, close: string, parse: (cursor: Cursor) => Item): Item[] {
  const items: Item[] = [];
  if (cursor.accept(close)) return items;
  do items.push(parse(cursor));
  while (cursor.accept(','));
  cursor.expect(close, 'or a comma');
  return items;
}

function parseCase(cursor: Cursor, at: number): Expression {
  if (cursor.keyword() === 'WHEN') cursor.fail('CASE needs a value that is compared: CASE value WHEN ...');
  const of = parseExpression(cursor);
  const whens: When[] = [];
  while (cursor.accept('WHEN')) {
    const equals = parseExpression(cursor);
    cursor.expect('THEN', 'after WHEN');
    whens.push({ equals, result: parseExpression(cursor) });
  }
  if (whens.length === 0) cursor.unexpected('WHEN');
  const otherwise = cursor.accept('ELSE') ? parseExpression(cursor) : undefined;
  cursor.expect('END', 'to end CASE');
  return { kind: 'case', of, whens, otherwise, at, end: cursor.end() };
}

function parseQuery(cursor: Cursor): Query {
  const select = parseSelect(cursor);
  cursor.expect('FROM', 'in a nested query');
  const from = parseExpression(cursor);
  const alias = cursor.accept('AS') ? cursor.name('an alias').text : undefined;
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : undefined;
  return { select, from, alias, where };
}

/** From SELECT to before FROM. */
export function parseSelect(cursor: Cursor): SelectList {
  cursor.expect('SELECT', 'at the beginning');
  if (isValueKeyword(cursor)) {
    cursor.take();
    return { kind: 'value', of: parseExpression(cursor) };
  }
  const items: SelectItem[] = [];
  do items.push(parseItem(cursor));
  while (
    // Rules in use on AWS have a comma before FROM.
    cursor.accept(',') &&
    cursor.keyword() !== 'FROM'
  );
  checkNames(cursor, items);
  return { kind: 'items', items };
}

/** VALUE is a keyword when an expression follows it, else it is the name of a field. */
function isValueKeyword(cursor: Cursor): boolean {
  if (cursor.keyword() !== 'VALUE') return false;
  const { kind, text } = cursor.peekSecond();
  if (kind === 'word') return !['FROM', 'AS', 'WHERE', 'AND', 'OR', 'IN'].includes(text.toUpperCase());
  return kind === 'symbol' ? ['(', '[', '{'].includes(text) : kind !== 'end';
}

function parseItem(cursor: Cursor): SelectItem {
  const { at } = cursor.peek();
  const whole = cursor.accept('*');
  if (whole && cursor.keyword() !== 'AS') return { kind: 'all' };
  const of: Expression = whole ? { kind: 'path', names: [], at, end: cursor.end() } : parseExpression(cursor);
  if (cursor.accept('AS')) {
    const as = cursor.name('a name after AS', true).text;
    return { kind: 'field', of, as: [as, ...parseNames(cursor)] };
  }
  if (of.kind !== 'path')
    return cursor.fail('AWS does not document a name for this field; give it one with AS', at);
  if (!cursor.accept('.')) return { kind: 'field', of, as: of.names.slice(-1) };
  cursor.expect('*', 'after the point');
  if (cursor.keyword() === 'AS')
    cursor.fail('.* brings members under their own names: leave AS out, or select the object itself with AS');
  return { kind: 'spread', of };
}

/** AWS does not document the result of two fields with one name. */
function checkNames(cursor: Cursor, items: readonly SelectItem[]): void {
  if (items.filter(({ kind }) => kind === 'all').length > 1)
    cursor.fail('* is allowed only once in the list');
  const seen: { path: string; at: number }[] = [];
  for (const item of items) {
    if (item.kind !== 'field') continue;
    const path = `${item.as.join('.')}.`;
    if (seen.some((other) => other.path.startsWith(path) || path.startsWith(other.path))) {
      cursor.fail(`the name ${item.as.join('.')} is given twice; give another with AS`, item.of.at);
    }
    seen.push({ path, at: item.of.at });
  }
}
