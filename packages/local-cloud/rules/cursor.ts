// Reads the tokens of one SQL text in order, with limits on the depth and the length of an expression.

import { readToken, type Token } from './lex.ts';
import { SqlError } from './sql-error.ts';

/** Limits, so that neither parsing nor evaluating an expression can exhaust the stack. */
const MAX_NESTING = 100;
const MAX_OPERATORS = 500;

const RESERVED = new Set(
  'SELECT FROM WHERE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END NULL TRUE FALSE'.split(' '),
);

export interface Cursor {
  readonly sql: string;
  peek(): Token;
  /** The token after the next one. */
  peekSecond(): Token;
  take(): Token;
  /** Offset of the end of the token that was taken last. */
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

const HINTS: Readonly<Record<string, string>> = {
  '[': '; take an element with get(array, index)',
  LIKE: '; there is no LIKE, use startswith, endswith or indexof',
  BETWEEN: '; there is no BETWEEN, use >= and <=',
  IS: '; use isNull() or isUndefined()',
  '=': '; values are compared with one =',
};

/** The tokens themselves, and the one that is next. */
function createTokens(sql: string, offset: number): Pick<Cursor, 'peek' | 'peekSecond' | 'take' | 'end'> {
  let next = readToken(sql, offset);
  let second: Token | undefined;
  let end = offset;
  return {
    peek: () => next,
    peekSecond: () => (second ??= readToken(sql, next.end)),
    take() {
      const taken = next;
      next = second ?? readToken(sql, taken.end);
      second = undefined;
      end = taken.end;
      return taken;
    },
    end: () => end,
  };
}

function createLimits(fail: Cursor['fail']): Pick<Cursor, 'nested' | 'countOperator'> {
  let depth = 0;
  let operatorCount = 0;
  return {
    nested(parse) {
      depth++;
      if (depth > MAX_NESTING) fail(`nested deeper than ${MAX_NESTING} levels`);
      const result = parse();
      depth--;
      return result;
    },
    countOperator() {
      operatorCount++;
      if (operatorCount > MAX_OPERATORS) fail(`more than ${MAX_OPERATORS} operators`);
    },
  };
}

const keywordOf = ({ kind, text }: Token) => (kind === 'word' ? text.toUpperCase() : '');

export function createCursor(sql: string, offset = 0): Cursor {
  const tokens = createTokens(sql, offset);
  const { peek, take } = tokens;
  const keyword = () => keywordOf(peek());
  const isNext = (text: string) => (peek().kind === 'symbol' && peek().text === text) || keyword() === text;
  const fail = (problem: string, at = peek().at): never => {
    throw new SqlError(sql, at, problem);
  };
  const unexpected = (wanted: string): never => {
    const { kind, text, at, end } = peek();
    const hint = HINTS[kind === 'word' ? keyword() : text] ?? '';
    const found = kind === 'end' ? 'the end' : JSON.stringify(sql.slice(at, end));
    return fail(`expected ${wanted}, found ${found}${hint}`);
  };
  return {
    sql,
    ...tokens,
    keyword,
    accept: (text) => isNext(text) && Boolean(take()),
    expect: (text, why) => (isNext(text) ? take() : unexpected(`${text} ${why}`)),
    name: (why, anyWord = false) =>
      peek().kind === 'word' && (anyWord || !RESERVED.has(keyword())) ? take() : unexpected(why),
    fail,
    unexpected,
    ...createLimits(fail),
  };
}
