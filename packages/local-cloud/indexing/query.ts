// Compiles the text of a fleet indexing query to a predicate over the fields of a thing or thing group.
// https://docs.aws.amazon.com/iot/latest/developerguide/query-syntax.html

import { invalidQuery, tokensOf, type Bound, type Operator, type Piece, type Token } from './query-tokens.ts';

/** The values of one thing or group, by field. */
export interface Fields {
  /** The values of a field; empty where it has none. @throws AwsError InvalidQueryException for a field that no index has. */
  values(field: string): readonly unknown[];
  /** The values of all fields. */
  all(): readonly unknown[];
}

export type Predicate = (fields: Fields) => boolean;

const MOST_TERMS = 12;
/** Brackets and negations, each of which may be in another: far above what twelve terms need, far below the stack's size. */
const MOST_NESTED = 100;
const MOST_LEADING_WILDCARDS = 1;
const LEADING_WILDCARD_LENGTH = 100;

const isPlain = (value: unknown) => value !== null && value !== undefined && typeof value !== 'object';

type Glob = readonly (string | { readonly wildcard: '*' | '?' })[];

const lettersOf = (text: string) => Array.from(text);

/** Letter by letter, going back to the last `*` only, so that no pattern takes long. */
function matches(glob: Glob, text: readonly string[]): boolean {
  let [at, from, star, taken] = [0, 0, -1, 0];
  while (from < text.length) {
    const piece = glob[at];
    if (piece === text[from] || (typeof piece === 'object' && piece.wildcard === '?')) {
      at += 1;
      from += 1;
    } else if (typeof piece === 'object') {
      star = at;
      taken = from;
      at += 1;
    } else if (star >= 0) {
      at = star + 1;
      taken += 1;
      from = taken;
    } else return false;
  }
  return glob.slice(at).every((piece) => typeof piece === 'object' && piece.wildcard === '*');
}

/** Whether a value has the term: all of it, or one of its words. */
function matcherOf(pieces: readonly Piece[]): (value: unknown) => boolean {
  const glob: Glob = pieces.flatMap((piece): Glob =>
    typeof piece === 'string' ? lettersOf(piece.toLowerCase()) : [piece],
  );
  const text = pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : '';
  const number = text.trim() === '' ? NaN : Number(text);
  return (value) => {
    if (!isPlain(value)) return false;
    if (typeof value === 'number' && value === number) return true;
    const whole = String(value).toLowerCase();
    return [whole, ...whole.split(/\s+/)].some((word) => matches(glob, lettersOf(word)));
  };
}

/** Numbers as numbers where both are; text otherwise. */
function compare(value: unknown, bound: string): number {
  const [left, right] = [Number(value), Number(bound)];
  const areNumbers = String(value).trim() !== '' && !Number.isNaN(left) && !Number.isNaN(right);
  if (areNumbers) return left - right;
  const [a, b] = [String(value).toLowerCase(), bound.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

const COMPARISONS: Readonly<Record<Exclude<Operator, ':'>, (order: number) => boolean>> = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
};

function within(value: unknown, from: Bound, to: Bound): boolean {
  if (!isPlain(value)) return false;
  const low = from.value === undefined ? 1 : compare(value, from.value);
  const high = to.value === undefined ? -1 : compare(value, to.value);
  return (low > 0 || (low === 0 && from.isInclusive)) && (high < 0 || (high === 0 && to.isInclusive));
}

/** The tokens that are not read yet. */
interface Tokens {
  readonly peek: () => Token | undefined;
  readonly take: () => Token | undefined;
}

function unread(tokens: readonly Token[]): Tokens {
  let at = 0;
  return { peek: () => tokens[at], take: () => tokens[at++] };
}

const leaf = (test: (value: unknown) => boolean, field: string | undefined): Predicate =>
  field === undefined ? (fields) => fields.all().some(test) : (fields) => fields.values(field).some(test);

function readValue(token: Token | undefined, operator: Operator, field: string | undefined): Predicate {
  if (token?.kind === 'range' && operator === ':')
    return leaf((each) => within(each, token.from, token.to), field);
  if (token?.kind !== 'term') throw invalidQuery(`A value is expected after ${field ?? 'an operator'}`);
  if (operator === ':') return leaf(matcherOf(token.pieces), field);
  const bound = token.pieces.map((piece) => (typeof piece === 'string' ? piece : piece.wildcard)).join('');
  return leaf((each) => isPlain(each) && COMPARISONS[operator](compare(each, bound)), field);
}

/** Reads up to the closing bracket. @param field the one before the opening bracket */
function readGroup(tokens: Tokens, field: string | undefined): Predicate {
  const inner = readAny(tokens, field);
  if (tokens.take()?.kind !== 'close') throw invalidQuery('A bracket is not closed');
  return inner;
}

function readOne(tokens: Tokens, field: string | undefined): Predicate {
  const token = tokens.take();
  if (token?.kind === 'not') {
    const negated = readOne(tokens, field);
    return (fields) => !negated(fields);
  }
  if (token?.kind === 'open') return readGroup(tokens, field);
  if (token?.kind !== 'field') return readValue(token, ':', field);
  if (token.operator === ':' && tokens.peek()?.kind === 'open') {
    tokens.take();
    return readGroup(tokens, token.name);
  }
  return readValue(tokens.take(), token.operator, token.name);
}

/** Reads what AND joins, also without the word. */
function readAll(tokens: Tokens, field: string | undefined): Predicate {
  const parts = [readOne(tokens, field)];
  const isEnd = ({ kind }: Token) => kind === 'or' || kind === 'close';
  for (let token = tokens.peek(); token && !isEnd(token); token = tokens.peek()) {
    if (token.kind === 'and') tokens.take();
    parts.push(readOne(tokens, field));
  }
  return (fields) => parts.every((part) => part(fields));
}

/** Reads what OR joins: OR binds loosest, then AND, then NOT. */
function readAny(tokens: Tokens, field: string | undefined): Predicate {
  const parts = [readAll(tokens, field)];
  while (tokens.peek()?.kind === 'or') {
    tokens.take();
    parts.push(readAll(tokens, field));
  }
  return (fields) => parts.some((part) => part(fields));
}

function readQuery(tokens: Tokens): Predicate {
  const predicate = readAny(tokens, undefined);
  if (tokens.peek()) throw invalidQuery('A bracket is closed that was not opened');
  return predicate;
}

function checkLimits(query: string, tokens: readonly Token[]): void {
  const terms = tokens.filter((token) => token.kind === 'term' || token.kind === 'range');
  if (terms.length > MOST_TERMS) throw invalidQuery(`A query has at most ${MOST_TERMS} terms`);
  const nested = tokens.filter(({ kind }) => kind === 'open' || kind === 'not');
  if (nested.length > MOST_NESTED)
    throw invalidQuery(`A query has at most ${MOST_NESTED} opening brackets and negations`);
  const leading = terms.filter(
    (token) => token.kind === 'term' && token.pieces.length > 1 && typeof token.pieces[0] !== 'string',
  );
  if (leading.length > MOST_LEADING_WILDCARDS)
    throw invalidQuery('Only one term of a query may begin with a wildcard');
  if (leading.length > 0 && query.length > LEADING_WILDCARD_LENGTH)
    throw invalidQuery(`A query with a leading wildcard has at most ${LEADING_WILDCARD_LENGTH} characters`);
}

/** The fields in a query, so that unknown fields are refused even when there is nothing to search. */
const fieldsIn = (tokens: readonly Token[]) =>
  tokens.flatMap((token) => (token.kind === 'field' ? [token.name] : []));

/** @throws AwsError InvalidQueryException with the problem of the query. */
export function compileQuery(query: string): {
  readonly test: Predicate;
  readonly fields: readonly string[];
} {
  const tokens = tokensOf(query);
  if (tokens.length === 0) throw invalidQuery('The query is empty: * finds everything');
  checkLimits(query, tokens);
  return { test: readQuery(unread(tokens)), fields: fieldsIn(tokens) };
}
