// Splits a PartiQL statement into tokens.

import { validationError } from '../error.ts';

/** `quoted` is a name in double quotes, `text` a string in single ones. */
export type TokenKind = 'name' | 'quoted' | 'text' | 'number' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const KINDS: readonly TokenKind[] = ['name', 'quoted', 'text', 'number', 'symbol', 'end'];
const TOKEN =
  /\s*(?:(?<name>[A-Za-z_$][\w$]*)|"(?<quoted>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<symbol><<|>>|<=|>=|<>|!=|[=<>(){}[\],.:*?+;-])|(?<end>$))/y;

export const malformed = (what: string) =>
  validationError(`Statement wasn't well formed, can't be processed: ${what}`);

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token {
  const kind = KINDS.find((each) => groups[each] !== undefined)!;
  const text = groups[kind]!;
  if (kind === 'quoted') return { kind, text: text.replaceAll('""', '"') };
  return { kind, text: kind === 'text' ? text.replaceAll("''", "'") : text };
}

/** The tokens of a statement; the last one is the end. @throws ValidationException */
export function tokensOf(statement: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const match = TOKEN.exec(statement);
    if (!match) throw malformed('');
    const token = tokenOf(match.groups!);
    tokens.push(token);
    if (token.kind === 'end') return tokens;
  }
}
