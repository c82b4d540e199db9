// Regular expressions of rules SQL in linear time (RE2 syntax), so that no payload can stall the rules engine.

import { RE2JS } from 're2js';
import type { SqlFunction } from './sql-function.ts';
import { SqlFailure } from './sql-error.ts';
import type { Expression } from './syntax.ts';
import { toText, type Value } from '../json/value.ts';

/** Characters of a result. */
const MAX_TEXT = 1_048_576;
/** Characters times steps of the compiled pattern: at worst about half a second. */
const MAX_WORK = 8_000_000;
const MAX_MILLISECONDS = 500;
const MAX_PATTERN = 1_000;
const MAX_CACHED = 100;

type Compiled = { readonly pattern: RE2JS } | { readonly problem: string };

/** Compiled patterns that are kept. Patterns are nearly always literals; those from payloads replace each other. */
const cache = new Map<string, Compiled>();

function compilePattern(text: string): Compiled {
  if (text.length > MAX_PATTERN) return { problem: `longer than ${MAX_PATTERN} characters` };
  try {
    return { pattern: RE2JS.compile(text) };
  } catch (error) {
    const { message } = error as Error;
    return { problem: message.replace('error parsing regexp: ', '') };
  }
}

function compiled(text: string): Compiled {
  const known = cache.get(text);
  if (known) return known;
  const found = compilePattern(text);
  if (cache.size >= MAX_CACHED) cache.clear();
  if (text.length <= MAX_PATTERN) cache.set(text, found);
  return found;
}

/** Whether a pattern is valid for backtracking engines such as Java's, but not for RE2. */
function isKnownElsewhere(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern));
  } catch {
    return false;
  }
}

/** Undefined for an invalid regular expression, as AWS documents. @throws SqlFailure for one that RE2 cannot run */
function patternOf(text: string, searched: string): RE2JS | undefined {
  const found = compiled(text);
  if ('problem' in found) {
    if (text.length > MAX_PATTERN || isKnownElsewhere(text)) {
      throw new SqlFailure(`the local cloud does not support this regular expression: ${found.problem}`);
    }
    return undefined;
  }
  if (searched.length * found.pattern.programSize() > MAX_WORK) {
    throw new SqlFailure('the text is too long for so large a regular expression');
  }
  return found.pattern;
}

/** A mistake in a literal pattern stops the start; AWS would return Undefined for each message. */
function checkPattern(args: readonly Expression[]): { at: number; problem: string } | undefined {
  const pattern = args[1];
  if (pattern?.kind !== 'literal' || typeof pattern.value !== 'string') return undefined;
  const found = compiled(pattern.value);
  return 'problem' in found
    ? { at: pattern.at, problem: `not a regular expression of RE2: ${found.problem}` }
    : undefined;
}

/** `\x` is x, `$1` and `${name}` are groups, as in Java. Undefined for an invalid replacement. */
const REPLACEMENT_PART = /\\([\s\S])|\$(\d+)|\$\{([A-Za-z][A-Za-z0-9]*)\}|([^$\\]+)/y;

type Part = string | { readonly group: number | string };

/** The longest number that is one of a group; the remaining digits are text. */
function groupParts(digits: string, groups: number): Part[] | undefined {
  let length = digits.length;
  while (length > 1 && Number(digits.slice(0, length)) > groups) length--;
  const group = Number(digits.slice(0, length));
  return group > groups ? undefined : [{ group }, digits.slice(length)];
}

function parseReplacement(text: string, pattern: RE2JS): Part[] | undefined {
  const parts: Part[] = [];
  const groups = pattern.groupCount();
  const names = pattern.namedGroups();
  let at = 0;
  while (at < text.length) {
    REPLACEMENT_PART.lastIndex = at;
    const found = REPLACEMENT_PART.exec(text);
    if (!found) return undefined;
    const [whole, escaped, digits, name, literal] = found;
    at += whole.length;
    if (digits !== undefined) {
      const group = groupParts(digits, groups);
      if (!group) return undefined;
      parts.push(...group);
    } else if (name !== undefined) {
      if (!Object.hasOwn(names, name)) return undefined;
      parts.push({ group: name });
    } else parts.push(escaped ?? literal!);
  }
  return parts;
}

function replaceAll(text: string, pattern: RE2JS, parts: readonly Part[]): string {
  const matcher = pattern.matcher(text);
  const deadline = performance.now() + MAX_MILLISECONDS;
  const pieces: string[] = [];
  let copied = 0;
  let size = 0;
  const push = (piece: string) => {
    size += piece.length;
    if (size > MAX_TEXT) throw new SqlFailure('the result of regexp_replace() is longer than 1 MiB');
    pieces.push(piece);
  };
  while (matcher.find()) {
    if (performance.now() > deadline) {
      throw new SqlFailure(`regexp_replace() takes longer than ${MAX_MILLISECONDS} ms`);
    }
    push(text.slice(copied, matcher.start()));
    for (const part of parts) push(typeof part === 'string' ? part : (matcher.group(part.group) ?? ''));
    copied = matcher.end();
  }
  push(text.slice(copied));
  return pieces.join('');
}

function onPattern(calculate: (text: string, pattern: RE2JS) => Value): SqlFunction {
  const evaluate = (_message: unknown, value: Value, expression: Value) => {
    const [text, regexp] = [toText(value), toText(expression)];
    if (text === undefined || regexp === undefined) return undefined;
    const pattern = patternOf(regexp, text);
    return pattern && calculate(text, pattern);
  };
  return { minimum: 2, maximum: 2, evaluate, check: checkPattern };
}

function substr(text: string, pattern: RE2JS): Value {
  const matcher = pattern.matcher(text);
  // AWS does not document the result without a match.
  return matcher.find() ? matcher.group()! : undefined;
}

function replace(_message: unknown, value: Value, expression: Value, by: Value): Value {
  const [text, regexp, replacement] = [toText(value), toText(expression), toText(by)];
  if (text === undefined || regexp === undefined || replacement === undefined) return undefined;
  const pattern = patternOf(regexp, text);
  const parts = pattern && parseReplacement(replacement, pattern);
  return pattern && parts && replaceAll(text, pattern, parts);
}

export const regexpFunctions: Readonly<Record<string, SqlFunction>> = {
  regexp_matches: onPattern((text, pattern) => pattern.test(text)),
  regexp_replace: { minimum: 3, maximum: 3, evaluate: replace, check: checkPattern },
  regexp_substr: onPattern(substr),
};
