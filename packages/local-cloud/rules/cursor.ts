// Walks over the tokens of one SQL text, with bounds on how deep and how long an expression may be.

import { readToken, type Token } from './lex.ts';
import { SqlError } from './sql-error.ts';

/** So that neither parsing nor evaluating an expression can exhaust the stack. */
const MAX_NESTING = 100;
const MAX_OPERATORS = 500;

const reserved = new Set(
  'SELECT FROM WHERE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END NULL TRUE FALSE'.split(' '),
);

export interface Cursor {
  readonly sql: string;
  peek(): Token;
  /** The token behind the next one. */
  peekSecond(): Token;
  take(): Token;
  /** Offset behind the token that was taken last. */
  end(): number;
  /** The word of the next token in capitals, empty if it is not a word. */
  keyword(): string;
  /** Takes the next token if it is this symbol or keyword. */
  accept(text: string): boolean;
  expect(text: string, why: string): Token;
  /** The next token as a name. */
  name(why: string, anyWord?: boolean): Token;
  fail(problem: string, at?: number): never;
  unexpected(wanted: string): never;
  nested<Result>(parse: () => Result): Result;
  countOperator(): void;
}

const hints: Readonly<Record<string, string>> = {
  '[': '; take an element with get(array, index)',
  LIKE: '; there is no LIKE, use startswith, endswith or indexof',
  BETWEEN: '; there is no BETWEEN, use >= and <=',
  IS: '; use isNull() or isUndefined()',
  '=': '; values are compared with one =',
};

export function createCursor(sql: string, offset = 0): Cursor {
  let next = readToken(sql, offset);
  let second: Token | undefined;
  let end = offset;
  let depth = 0;
  let operatorCount = 0;

  const peek = () => next;
  const peekSecond = () => (second ??= readToken(sql, next.end));
  const keyword = () => (next.kind === 'word' ? next.text.toUpperCase() : '');
  const isNext = (text: string) => (next.kind === 'symbol' && next.text === text) || keyword() === text;
  const fail = (problem: string, at = next.at): never => {
    throw new SqlError(sql, at, problem);
  };
  const unexpected = (wanted: string): never => {
    const hint = hints[next.kind === 'word' ? keyword() : next.text] ?? '';
    const found = next.kind === 'end' ? 'the end' : JSON.stringify(sql.slice(next.at, next.end));
    return fail(`expected ${wanted}, found ${found}${hint}`);
  };
  function take(): Token {
    const taken = next;
    next = second ?? readToken(sql, taken.end);
    second = undefined;
    end = taken.end;
    return taken;
  }
  function nested<Result>(parse: () => Result): Result {
    depth++;
    if (depth > MAX_NESTING) fail(`nested deeper than ${MAX_NESTING} levels`);
    const result = parse();
    depth--;
    return result;
  }
  return {
    sql,
    peek,
    peekSecond,
    take,
    end: () => end,
    keyword,
    accept: (text) => isNext(text) && Boolean(take()),
    expect: (text, why) => (isNext(text) ? take() : unexpected(`${text} ${why}`)),
    name: (why, anyWord = false) =>
      next.kind === 'word' && (anyWord || !reserved.has(keyword())) ? take() : unexpected(why),
    fail,
    unexpected,
    nested,
    countOperator() {
      operatorCount++;
      if (operatorCount > MAX_OPERATORS) fail(`more than ${MAX_OPERATORS} operators`);
    },
  };
}
