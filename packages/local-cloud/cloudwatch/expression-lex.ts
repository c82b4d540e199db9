// Cuts metric math and queries of Metrics Insights into tokens.

import { AwsError } from '../aws-error.ts';

export interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'quoted' | 'sign' | 'end';
  readonly text: string;
}

const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_][\w.]*)|'(?<text>(?:[^']|'')*)'|"(?<quoted>(?:[^"]|"")*)"|(?<sign>==|!=|<=|>=|&&|\|\||[-+*/^()[\],<>=]))/gy;

const KINDS = ['number', 'name', 'text', 'quoted', 'sign'] as const;

/** The API's error for an expression that cannot be run. */
export const invalidExpression = (problem: string): AwsError => new AwsError('ValidationError', problem, 400);

/** Returns the tokens one by one. */
export interface Tokens {
  peek(): Token;
  next(): Token;
  /** Takes the next token if it is this sign, or this word in any case. */
  take(text: string): boolean;
  /** @throws AwsError when the next token is another */
  expect(text: string): void;
  /** @throws AwsError when there is more */
  end(): void;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const length = source.trimEnd().length;
  while (pattern.lastIndex < length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(source)?.groups;
    if (!groups)
      throw invalidExpression(`The expression cannot be read from '${source.slice(at, at + 20).trim()}' on`);
    const kind = KINDS.find((each) => groups[each] !== undefined)!;
    const text = groups[kind]!;
    if (kind === 'text') tokens.push({ kind, text: text.replaceAll("''", "'") });
    else tokens.push({ kind, text: kind === 'quoted' ? text.replaceAll('""', '"') : text });
  }
  return tokens;
}

const isWord = ({ kind, text }: Token, wanted: string) =>
  (kind === 'sign' && text === wanted) || (kind === 'name' && text.toUpperCase() === wanted.toUpperCase());

/** @throws AwsError ValidationError for an invalid character */
export function readTokens(source: string): Tokens {
  const tokens = tokensOf(source);
  let at = 0;
  const peek = (): Token => tokens[at] ?? { kind: 'end', text: 'the end' };
  const expected = (what: string) =>
    invalidExpression(`The expression has '${peek().text}' where ${what} is expected`);
  return {
    peek,
    next: () => {
      const token = peek();
      at += 1;
      return token;
    },
    take(text) {
      if (!isWord(peek(), text)) return false;
      at += 1;
      return true;
    },
    expect(text) {
      if (!isWord(peek(), text)) throw expected(`'${text}'`);
      at += 1;
    },
    end() {
      if (peek().kind !== 'end') throw expected('its end');
    },
  };
}
