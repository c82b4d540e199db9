// Splits a DynamoDB expression into tokens, and reports a wrong token in DynamoDB's words.

/** `name` is an attribute, a function or a keyword; `#name` and `:value` are placeholders. */
export type TokenKind = 'name' | '#name' | ':value' | 'index' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKEN =
  /[ \t\r\n]*(?:(?<name>[A-Za-z_]\w*)|(?<attribute>#\w+)|(?<value>:\w+)|(?<index>\d+)|(?<symbol><=|>=|<>|[=<>()[\],.+-])|(?<end>$))/y;

/** What is wrong with an expression, in DynamoDB's words. */
export class SyntaxProblem extends Error {}

/** `near` is the wrong token with its neighbours. */
export function syntaxProblem(text: string, before: Token | undefined, wrong: Token, after?: Token) {
  const near = text.slice(before?.start ?? wrong.start, (after ?? wrong).end);
  const shown = wrong.kind === 'end' ? '<EOF>' : wrong.text;
  return new SyntaxProblem(`Syntax error; token: "${shown}", near: "${near}"`);
}

const kindOf = (groups: Readonly<Record<string, string | undefined>>): TokenKind => {
  if (groups['name'] !== undefined) return 'name';
  if (groups['attribute'] !== undefined) return '#name';
  if (groups['value'] !== undefined) return ':value';
  if (groups['index'] !== undefined) return 'index';
  return groups['symbol'] === undefined ? 'end' : 'symbol';
};

/** The tokens of `text`; the last one is the end. @throws SyntaxProblem for a character that is not allowed */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      const start = from + /^[ \t\r\n]*/.exec(text.slice(from))![0].length;
      const wrong: Token = { kind: 'symbol', text: text[start]!, start, end: start + 1 };
      throw syntaxProblem(text, tokens.at(-1), wrong);
    }
    const kind = kindOf(match.groups!);
    const end = TOKEN.lastIndex;
    const content = Object.values(match.groups!).find((group) => group !== undefined)!;
    tokens.push({ kind, text: content, start: end - content.length, end });
    if (kind === 'end') return tokens;
  }
}
