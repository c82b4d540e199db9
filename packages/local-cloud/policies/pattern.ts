// Wildcard patterns of IoT policies: `*` matches any characters, `?` one; values of `${variable}` and MQTT's + and # are literal.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html

export const star = Symbol('*');
export const any = Symbol('?');

export interface Variable {
  readonly variable: string;
}

/** Literal text, a wildcard, or a variable. */
export type Token = string | typeof star | typeof any | Variable;

/** The value of a policy variable or condition key on one connection; an array for a key with several values. */
export type Lookup = (key: string) => string | readonly string[] | undefined;

/** A pattern whose variables are filled in, or the variable that has no value. */
export type Bound = { readonly test: (text: string) => boolean } | { readonly missing: string };

export interface Pattern {
  readonly tokens: readonly Token[];
  readonly variables: readonly string[];
  bind(lookup: Lookup): Bound;
}

/** `${*}`, `${?}` and `${$}` mean the character itself. */
const ESCAPES = new Set(['*', '?', '$']);

/** @throws SyntaxError where a `${` has no `}`. */
function tokenize(text: string, wildcards: boolean): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(/\$\{[^}]*\}?|[*?]|\$|[^$*?]+/g)) {
    const name = part.slice(2, -1).trim();
    if (part.startsWith('${') && !part.endsWith('}')) throw new SyntaxError(`"${part}" has no closing brace`);
    else if (part.startsWith('${')) tokens.push(ESCAPES.has(name) ? name : { variable: name });
    else if (wildcards && part === '*') tokens.push(star);
    else if (wildcards && part === '?') tokens.push(any);
    else tokens.push(part);
  }
  return tokens;
}

/** Replaces variables by their values; `missing` is the first variable without one. */
function fill(tokens: readonly Token[], lookup: Lookup): Exclude<Token, Variable>[] | { missing: string } {
  const filled: Exclude<Token, Variable>[] = [];
  for (const token of tokens) {
    if (typeof token !== 'object') {
      filled.push(token);
      continue;
    }
    const value = lookup(token.variable);
    if (typeof value !== 'string') return { missing: token.variable };
    filled.push(value);
  }
  return filled;
}

/** Between two stars each piece is looked for once, from the left: linear in the text for each piece. */
function matchPieces(pieces: readonly string[], text: string): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (pieces.length === 1) return text === first;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index]!;
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The general case with `?`, which is one character, not one UTF-16 unit; only the last star is ever retried. */
function matchCharacters(pattern: readonly (string | symbol)[], text: readonly string[]): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let retryAt = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === any || (wanted !== star && wanted === text[t])) {
      p += 1;
      t += 1;
    } else if (wanted === star) {
      starAt = p;
      retryAt = t;
      p += 1;
    } else if (starAt >= 0) {
      p = starAt + 1;
      retryAt += 1;
      t = retryAt;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((token) => token === star);
}

function matcher(tokens: readonly (string | symbol)[]): (text: string) => boolean {
  if (tokens.includes(any)) {
    const characters = tokens.flatMap<string | symbol>((token) =>
      typeof token === 'string' ? Array.from(token) : token,
    );
    return (text) => matchCharacters(characters, Array.from(text));
  }
  const pieces = [''];
  for (const token of tokens) {
    if (typeof token === 'string') pieces.push(pieces.pop()! + token);
    else pieces.push('');
  }
  return (text) => matchPieces(pieces, text);
}

const variablesOf = (tokens: readonly Token[]) =>
  tokens.flatMap((token) => (typeof token === 'object' ? [token.variable] : []));

function patternOf(tokens: readonly Token[]): Pattern {
  const variables = variablesOf(tokens);
  const bind = (lookup: Lookup): Bound => {
    const filled = fill(tokens, lookup);
    return 'missing' in filled ? filled : { test: matcher(filled) };
  };
  if (variables.length > 0) return { tokens, variables, bind };
  const bound = bind(() => undefined);
  return { tokens, variables, bind: () => bound };
}

/** @throws SyntaxError where a `${` has no `}`. */
export function parsePattern(text: string): Pattern {
  return patternOf(tokenize(text, true));
}

/** Splits at literal colons into at most six parts, as an ARN has; variables stay whole. */
function splitArn(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (typeof token !== 'string') {
      parts.at(-1)!.push(token);
      continue;
    }
    const pieces = token.split(':');
    const fitting = pieces.slice(0, 6 - parts.length);
    const rest = pieces.slice(fitting.length).join(':');
    for (const [index, piece] of [...fitting, rest].entries()) {
      if (index === fitting.length && pieces.length === fitting.length) break;
      if (index > 0) parts.push([]);
      parts.at(-1)!.push(piece);
    }
  }
  return parts;
}

function arnParts(arn: string): string[] {
  const pieces = arn.split(':');
  return [...pieces.slice(0, 5), pieces.slice(5).join(':')];
}

/**
 * Compares as ArnEquals and ArnLike do: each of the six parts of an ARN separately, so that no `*` matches a colon before the
 * resource.
 *
 * @throws SyntaxError where the pattern has fewer than six parts.
 */
export function parseArnPattern(text: string): Pattern {
  const tokens = tokenize(text, true);
  const parts = splitArn(tokens).map(patternOf);
  if (parts.length !== 6) throw new SyntaxError(`"${text}" is not an ARN`);
  return {
    tokens,
    variables: variablesOf(tokens),
    bind(lookup) {
      const tests: ((text: string) => boolean)[] = [];
      for (const part of parts) {
        const bound = part.bind(lookup);
        if ('missing' in bound) return bound;
        tests.push(bound.test);
      }
      return { test: (arn) => arnParts(arn).every((part, index) => tests[index]!(part)) };
    },
  };
}

/**
 * A text with variables but no wildcards, compared by a test compiled from its value.
 *
 * @throws SyntaxError where a `${` has no `}`, or what `compile` throws for a text without variables.
 */
export function parseText(text: string, compile: (text: string) => (value: string) => boolean): Pattern {
  const tokens = tokenize(text, false);
  const variables = variablesOf(tokens);
  if (variables.length === 0) {
    const test = compile(tokens.filter((token) => typeof token === 'string').join(''));
    return { tokens, variables, bind: () => ({ test }) };
  }
  return {
    tokens,
    variables,
    bind(lookup) {
      const filled = fill(tokens, lookup);
      if ('missing' in filled) return filled;
      try {
        return { test: compile(filled.join('')) };
      } catch {
        return { test: () => false }; // a variable's value of the wrong form equals nothing
      }
    },
  };
}
