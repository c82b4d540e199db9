// Functions on text, and hashes of text; other values are converted to text first.

import { createHash } from 'node:crypto';
import { md2 } from './md2.ts';
import type { SqlFunction } from './sql-function.ts';
import { SqlFailure } from './sql-error.ts';
import { toInt, toText, type Value } from '../json/value.ts';

const MAX_TEXT = 1_048_576;
const MAX_PADDING = 1_000;

function onText(calculate: (text: string) => Value): SqlFunction {
  const evaluate = (_message: unknown, value: Value) => {
    const text = toText(value);
    return text === undefined ? undefined : calculate(text);
  };
  return { minimum: 1, maximum: 1, evaluate };
}

function onTwoTexts(calculate: (a: string, b: string) => Value): SqlFunction {
  const evaluate = (_message: unknown, first: Value, second: Value) => {
    const [a, b] = [toText(first), toText(second)];
    return a === undefined || b === undefined ? undefined : calculate(a, b);
  };
  return { minimum: 2, maximum: 2, evaluate };
}

const hash = (algorithm: string) => onText((text) => createHash(algorithm).update(text).digest('hex'));

/** Adds that many spaces; not SQL's pad to a length. */
function padded(pad: (text: string, spaces: string) => string): SqlFunction {
  const evaluate = (_message: unknown, value: Value, spaces: Value) => {
    const [text, count] = [toText(value), toInt(spaces)];
    if (text === undefined || count === undefined) return undefined;
    return pad(text, ' '.repeat(Math.min(MAX_PADDING, Math.max(0, count))));
  };
  return { minimum: 2, maximum: 2, evaluate };
}

function substring(_message: unknown, ...[value, from, ...to]: Value[]): Value {
  const [text, start] = [toText(value), toInt(from)];
  const end = to.length === 0 ? text?.length : toInt(to[0]);
  if (text === undefined || start === undefined || end === undefined) return undefined;
  // slice, since substring would swap its arguments
  return text.slice(Math.max(0, start), Math.max(0, end));
}

function replace(_message: unknown, ...args: Value[]): Value {
  const [text, search, by] = args.map(toText);
  if (text === undefined || search === undefined || by === undefined) return undefined;
  if (search === '') return text;
  const parts = text.split(search);
  if (text.length + (parts.length - 1) * (by.length - search.length) > MAX_TEXT) {
    throw new SqlFailure('the result of replace() is longer than 1 MiB');
  }
  return parts.join(by);
}

function character(_message: unknown, code: Value): Value {
  const ascii = toInt(code);
  return ascii !== undefined && ascii >= 0 && ascii <= 127 ? String.fromCharCode(ascii) : undefined;
}

export const textFunctions: Readonly<Record<string, SqlFunction>> = {
  chr: { minimum: 1, maximum: 1, evaluate: character },
  endswith: onTwoTexts((text, end) => text.endsWith(end)),
  // -1 where the text is not found; AWS does not document it.
  indexof: onTwoTexts((text, part) => text.indexOf(part)),
  length: onText((text) => text.length),
  lower: onText((text) => text.toLowerCase()),
  lpad: padded((text, spaces) => spaces + text),
  ltrim: onText((text) => text.trimStart()),
  md2: onText((text) => md2(Buffer.from(text))),
  md5: hash('md5'),
  numbytes: onText((text) => Buffer.byteLength(text)),
  replace: { minimum: 3, maximum: 3, evaluate: replace },
  rpad: padded((text, spaces) => text + spaces),
  rtrim: onText((text) => text.trimEnd()),
  sha1: hash('sha1'),
  sha224: hash('sha224'),
  sha256: hash('sha256'),
  sha384: hash('sha384'),
  sha512: hash('sha512'),
  startswith: onTwoTexts((text, start) => text.startsWith(start)),
  substring: { minimum: 2, maximum: 3, evaluate: substring },
  trim: onText((text) => text.trim()),
  upper: onText((text) => text.toUpperCase()),
};
