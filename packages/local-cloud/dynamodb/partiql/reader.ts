// Reads the tokens of a statement one after the other: names, paths, and values with their parameters.

import type { ValueNode } from '../expressions/syntax.ts';
import { validationError } from '../error.ts';
import { typeOf, type AttributeValue, type Path } from '../values/attribute-value.ts';
import { UNSTORABLE, unstorable } from '../values/unstorable.ts';
import { malformed, tokensOf, type Token } from './lex.ts';

const MAX_DEPTH = 100;
const PARAMETERS = "Number of parameters in request and statement don't match.";

interface Cursor {
  /** The next token, or the one `ahead` tokens after it. */
  peek(ahead?: number): Token;
  next(): Token;
  /** Whether the token is this symbol, or this word in upper or lower case. */
  is(text: string, ahead?: number): boolean;
  /** Reads these tokens if they come next. */
  takes(...texts: readonly string[]): boolean;
  /** @throws ValidationException if another token comes next */
  expect(...texts: readonly string[]): void;
  name(): string;
  path(): Path;
  /** Reads a part that may contain others of its kind. @throws ValidationException for more than 100 levels */
  inside<Result>(read: () => Result): Result;
}

export interface Reader extends Cursor {
  /** Whether a value comes next, not a path. */
  isValue(): boolean;
  value(): AttributeValue;
  /** The node that refers to a value in a condition or an update. */
  node(value: AttributeValue): ValueNode;
  /** All values that nodes refer to, by the names of the nodes. */
  readonly values: Readonly<Record<string, AttributeValue>>;
  /** @throws ValidationException if parameters are left, or the statement goes on */
  end(): void;
}

const WORDS: Readonly<Record<string, AttributeValue>> = {
  TRUE: { BOOL: true },
  FALSE: { BOOL: false },
  NULL: { NULL: true },
};

const unexpected = ({ kind, text }: Token) =>
  malformed(kind === 'end' ? 'Unexpected end of statement' : `Unexpected token: ${text}`);

function nameOf(token: Token): string {
  if (token.kind !== 'name' && token.kind !== 'quoted') throw unexpected(token);
  if (token.text === UNSTORABLE) throw unstorable();
  return token.text;
}

function pathIn(cursor: Omit<Cursor, 'path'>): Path {
  const path: (string | number)[] = [cursor.name()];
  for (;;) {
    if (cursor.takes('.')) path.push(cursor.name());
    else if (cursor.is('[') && cursor.peek(1).kind === 'number') {
      cursor.next();
      const position = cursor.next();
      if (!/^\d+$/.test(position.text)) throw unexpected(position);
      path.push(Number(position.text));
      cursor.expect(']');
    } else return path;
  }
}

function createCursor(tokens: readonly Token[]): Cursor {
  let place = 0;
  let depth = 0;
  const cursor: Cursor = {
    peek: (ahead = 0) => tokens[Math.min(place + ahead, tokens.length - 1)]!,
    next() {
      const token = cursor.peek();
      place += 1;
      return token;
    },
    is(text, ahead = 0) {
      const token = cursor.peek(ahead);
      return ['name', 'symbol'].includes(token.kind) && token.text.toUpperCase() === text;
    },
    takes(...texts) {
      if (!texts.every((text, ahead) => cursor.is(text, ahead))) return false;
      place += texts.length;
      return true;
    },
    expect(...texts) {
      for (const text of texts) if (!cursor.takes(text)) throw unexpected(cursor.peek());
    },
    name: () => nameOf(cursor.next()),
    path: () => pathIn(cursor),
    inside(read) {
      depth += 1;
      if (depth > MAX_DEPTH) throw malformed('It is nested too deep');
      const result = read();
      depth -= 1;
      return result;
    },
  };
  return cursor;
}

/** Lists, maps and sets. */
function createContainers(reader: Cursor & Pick<Reader, 'value'>) {
  function members<Member>(close: string, read: () => Member): Member[] {
    const all: Member[] = [];
    if (reader.takes(close)) return all;
    do all.push(reader.inside(read));
    while (reader.takes(','));
    reader.expect(close);
    return all;
  }

  function member(): readonly [string, AttributeValue] {
    const token = reader.next();
    if (token.kind !== 'text') throw unexpected(token);
    if (token.text === UNSTORABLE) throw unstorable();
    reader.expect(':');
    return [token.text, reader.value()];
  }

  function set(): AttributeValue {
    const all = members('>>', () => reader.value());
    const type = typeOf(all[0]);
    if (type === undefined || !['S', 'N', 'B'].includes(type) || all.some((each) => typeOf(each) !== type))
      throw malformed('A set has strings, numbers or binary values of one type');
    return { [`${type}S`]: all.map((each) => each[type]) };
  }

  const containers: Readonly<Record<string, () => AttributeValue>> = {
    '[': () => ({ L: members(']', () => reader.value()) }),
    '{': () => ({ M: Object.fromEntries(members('}', member)) }),
    '<<': set,
  };
  return containers;
}

function isStartOfValue({ kind, text }: Token): boolean {
  if (kind === 'text' || kind === 'number') return true;
  if (kind === 'symbol') return ['?', '-', '[', '{', '<<'].includes(text);
  return kind === 'name' && Object.hasOwn(WORDS, text.toUpperCase());
}

export function createReader(statement: string, parameters: readonly AttributeValue[]): Reader {
  const values: Record<string, AttributeValue> = {};
  let used = 0;

  function parameter(): AttributeValue {
    const value = parameters[used];
    if (!value) throw validationError(PARAMETERS);
    used += 1;
    return value;
  }

  const reader: Reader = {
    ...createCursor(tokensOf(statement)),
    values,
    isValue: () => isStartOfValue(reader.peek()),
    value() {
      const token = reader.next();
      const { kind, text } = token;
      if (kind === 'text') return { S: text };
      if (kind === 'number') return { N: text };
      if (kind === 'name' && Object.hasOwn(WORDS, text.toUpperCase())) return WORDS[text.toUpperCase()]!;
      if (kind !== 'symbol') throw unexpected(token);
      if (text === '?') return parameter();
      if (text === '-' && reader.peek().kind === 'number') return { N: `-${reader.next().text}` };
      const container = containers[text];
      if (!container) throw unexpected(token);
      return container();
    },
    node(value) {
      const name = `:${Object.keys(values).length}`;
      values[name] = value;
      return { type: 'value', name, valueType: typeOf(value) ?? '' };
    },
    end() {
      reader.takes(';');
      if (reader.peek().kind !== 'end') throw unexpected(reader.peek());
      if (used < parameters.length) throw validationError(PARAMETERS);
    },
  };
  const containers = createContainers(reader);
  return reader;
}
