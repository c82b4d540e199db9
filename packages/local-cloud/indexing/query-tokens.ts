// The tokens of a fleet indexing query: brackets, operators, and terms without quotes and escapes.

import { AwsError } from '../aws-error.ts';

export const invalidQuery = (problem: string) => new AwsError('InvalidQueryException', problem, 400);

/** A piece of a term: literal text, or a wildcard. */
export type Piece = string | { readonly wildcard: '*' | '?' };

export type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' }
  | { readonly kind: 'field'; readonly name: string; readonly operator: Operator }
  | { readonly kind: 'range'; readonly from: Bound; readonly to: Bound }
  | { readonly kind: 'term'; readonly pieces: readonly Piece[] };

export type Operator = ':' | '>' | '>=' | '<' | '<=';

export interface Bound {
  /** Undefined for `*`. */
  readonly value: string | undefined;
  readonly isInclusive: boolean;
}

const WORDS: Readonly<Record<string, Token>> = {
  AND: { kind: 'and' },
  OR: { kind: 'or' },
  NOT: { kind: 'not' },
};

const RANGE = /^([[{])\s*(\S+)\s+TO\s+([^\]}\s]+)\s*([\]}])/;
const FIELD = /^([A-Za-z$](?:\\.|[^\s()"\\:<>=[\]{}])*)(:\s*(?:>=|<=|>|<)?|>=|<=|>|<)\s*/;
const TERM = /^(?:\\.|[^\s()"\\])+/;
const PHRASE = /^"((?:\\.|[^"\\])*)"/;

const unescaped = (text: string) => text.replace(/\\(.)/g, '$1');

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [part] of text.matchAll(/\\.|[*?]|[^\\*?]+/g))
    pieces.push(part === '*' || part === '?' ? { wildcard: part } : unescaped(part));
  return pieces;
}

function boundsOf([, opening, from, to, closing]: readonly (string | undefined)[]): Token {
  const bound = (text: string | undefined, isInclusive: boolean): Bound => ({
    value: text === '*' ? undefined : unescaped(text ?? ''),
    isInclusive,
  });
  return { kind: 'range', from: bound(from, opening === '['), to: bound(to, closing === ']') };
}

/** The token at the beginning of `rest`, and its length. @param isValue after a field, where a hyphen is a minus sign */
function next(rest: string, isValue: boolean): [Token, number] {
  const [first] = rest;
  if (first === '(') return [{ kind: 'open' }, 1];
  if (first === ')') return [{ kind: 'close' }, 1];
  const range = RANGE.exec(rest);
  if (range) return [boundsOf(range), range[0].length];
  const phrase = PHRASE.exec(rest);
  if (phrase) return [{ kind: 'term', pieces: [unescaped(phrase[1]!)] }, phrase[0].length];
  if (!isValue && /^-\S/.test(rest)) return [{ kind: 'not' }, 1];
  const field = FIELD.exec(rest);
  if (field) {
    const [whole, name = '', operator = ':'] = field;
    const compared = operator.replace(/^:\s*/, '') || ':';
    return [{ kind: 'field', name: unescaped(name), operator: compared as Operator }, whole.length];
  }
  const term = TERM.exec(rest);
  if (!term) throw invalidQuery(`The query cannot be read at ${JSON.stringify(rest.slice(0, 40))}`);
  return [{ kind: 'term', pieces: piecesOf(term[0]) }, term[0].length];
}

/** @throws AwsError InvalidQueryException with the place that cannot be read. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  let rest = query.trimStart();
  while (rest !== '') {
    const [, word = ''] = /^(AND|OR|NOT)(?=[\s()]|$)/.exec(rest) ?? [];
    const [token, length] =
      word === '' ? next(rest, tokens.at(-1)?.kind === 'field') : [WORDS[word]!, word.length];
    tokens.push(token);
    rest = rest.slice(length).trimStart();
  }
  return tokens;
}
