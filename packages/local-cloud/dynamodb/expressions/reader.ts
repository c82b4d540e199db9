// What the parsers of all expressions share: the current token, document paths, placeholders, and the problems found.

import type { Path } from '../values/attribute-value.ts';
import { UNSTORABLE, unstorable } from '../values/unstorable.ts';
import { syntaxProblem, tokensOf, type Token } from './lex.ts';
import { isReserved } from './reserved-words.ts';
import type { LateCheck, Operand, PathNode, ValueNode } from './syntax.ts';

/** The names that `#` placeholders mean, and the types of the values that `:` placeholders mean. */
export interface Placeholders {
  nameOf(placeholder: string): string | undefined;
  typeOf(placeholder: string): string | undefined;
}

/** Kinds of problems. Each parser has an order of them, and reports the first in it. */
export type ProblemKind =
  | 'parens'
  | 'reserved'
  | 'unknownFunction'
  | 'misusedFunction'
  | 'condition'
  | 'section'
  | 'name'
  | 'value'
  | 'operand'
  | 'distinct'
  | 'function'
  | 'overlap'
  | 'conflict';

export interface Reader {
  /** Keeps the first problem of each kind. */
  report(kind: ProblemKind, message: string): void;
  has(kind: ProblemKind): boolean;
  /** The problem of the first of `kinds` that was found. */
  firstOf(kinds: readonly ProblemKind[]): string | undefined;
  readonly current: () => Token;
  next(): Token;
  /** Reads the current token if it is this symbol, or this keyword in any case. */
  skip(text: string): boolean;
  expect(text: string): void;
  /** Whether the token after the current one is this symbol. */
  isFollowedBy(text: string): boolean;
  /** @throws SyntaxProblem at the current token */
  fail(): never;
  path(): PathNode;
  value(): ValueNode;
  readonly nestedPaths: Set<string>;
  readonly pathHeads: Set<string>;
  readonly lateChecks: LateCheck[];
}

/** `[map, [3], member]`, as in DynamoDB's messages. */
export const pathText = (path: Path): string =>
  `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;

/** The type of an operand; undefined for a path, whose type only the item shows. */
export const operandType = (operand: Operand | undefined): string | undefined =>
  operand === undefined || operand.type === 'path' ? undefined : operand.valueType;

/** The type of a value in the request; undefined for the result of a function. */
export const immediateType = (operand: Operand | undefined): string | undefined =>
  operand?.type === 'value' ? operand.valueType : undefined;

function createProblems() {
  const problems = new Map<ProblemKind, string>();
  return {
    report(kind: ProblemKind, message: string) {
      if (!problems.has(kind)) problems.set(kind, message);
    },
    has: (kind: ProblemKind) => problems.has(kind),
    firstOf: (kinds: readonly ProblemKind[]) =>
      kinds.map((kind) => problems.get(kind)).find((problem) => problem !== undefined),
  };
}

function createCursor(text: string) {
  const tokens = tokensOf(text);
  let position = 0;
  const current = () => tokens[position]!;
  const fail = (): never => {
    throw syntaxProblem(text, tokens[position - 1], current(), tokens[position + 1]);
  };
  const is = (token: Token | undefined, wanted: string) =>
    token !== undefined &&
    (token.kind === 'symbol' || token.kind === 'name') &&
    token.text.toUpperCase() === wanted;
  return {
    current,
    fail,
    next: () => tokens[position++]!,
    isFollowedBy: (wanted: string) => is(tokens[position + 1], wanted),
    skip(wanted: string) {
      if (!is(current(), wanted)) return false;
      position += 1;
      return true;
    },
    expect(wanted: string) {
      if (!is(current(), wanted)) fail();
      position += 1;
    },
  };
}

/** The text of an expression and what its placeholders mean. */
interface Source {
  readonly cursor: ReturnType<typeof createCursor>;
  readonly problems: ReturnType<typeof createProblems>;
  readonly placeholders: Placeholders;
  readonly keywords: ReadonlySet<string>;
}

function nameIn({ cursor, problems, placeholders, keywords }: Source): string {
  const { kind, text: written } = cursor.current();
  if (kind === 'name' && !keywords.has(written.toUpperCase())) {
    cursor.next();
    if (isReserved(written))
      problems.report('reserved', `Attribute name is a reserved keyword; reserved keyword: ${written}`);
    return written;
  }
  if (kind !== '#name') return cursor.fail();
  cursor.next();
  const resolved = placeholders.nameOf(written);
  if (resolved !== undefined) return resolved;
  const what = 'An expression attribute name used in the document path is not defined; attribute name: ';
  problems.report('name', what + written);
  return written;
}

function storableName(source: Source): string {
  const found = nameIn(source);
  if (found === UNSTORABLE) throw unstorable();
  return found;
}

function pathIn(source: Source): [string, ...(string | number)[]] {
  const { cursor } = source;
  const path: [string, ...(string | number)[]] = [storableName(source)];
  for (;;) {
    if (cursor.skip('.')) path.push(storableName(source));
    else if (cursor.skip('[')) {
      if (cursor.current().kind !== 'index') cursor.fail();
      path.push(Number(cursor.next().text));
      cursor.expect(']');
    } else return path;
  }
}

function valueIn({ cursor, problems, placeholders }: Source): ValueNode {
  if (cursor.current().kind !== ':value') cursor.fail();
  const { text: written } = cursor.next();
  const valueType = placeholders.typeOf(written);
  if (valueType === undefined) {
    const what = 'An expression attribute value used in expression is not defined; attribute value: ';
    problems.report('value', what + written);
  }
  return { type: 'value', name: written, valueType: valueType ?? '' };
}

/** @param keywords words that are attribute names only after `#`. @throws SyntaxProblem for an unknown token */
export function createReader(
  text: string,
  placeholders: Placeholders,
  keywords: ReadonlySet<string>,
): Reader {
  const problems = createProblems();
  const cursor = createCursor(text);
  const source: Source = { cursor, problems, placeholders, keywords };
  const [nestedPaths, pathHeads] = [new Set<string>(), new Set<string>()];

  return {
    ...problems,
    ...cursor,
    nestedPaths,
    pathHeads,
    lateChecks: [],
    path() {
      const path = pathIn(source);
      pathHeads.add(path[0]);
      if (path.length > 1) nestedPaths.add(path[0]);
      return { type: 'path', path };
    },
    value: () => valueIn(source),
  };
}

/** Reads members with commas between them. */
export function listOf<T>(reader: Reader, read: () => T): T[] {
  const members = [read()];
  while (reader.skip(',')) members.push(read());
  return members;
}

/** Reports two paths that are equal, of which one contains the other, or that need an attribute to be both a list and a map. */
export function checkOverlap(reader: Pick<Reader, 'report'>, paths: readonly Path[]): void {
  for (const [index, second] of paths.entries()) {
    for (const first of paths.slice(0, index)) comparePaths(reader, first, second);
  }
}

function comparePaths(reader: Pick<Reader, 'report'>, first: Path, second: Path): void {
  const how = (verb: string) =>
    `Two document paths ${verb} with each other; must remove or rewrite one of these paths; ` +
    `path one: ${pathText(first)}, path two: ${pathText(second)}`;
  for (let depth = 0; depth < Math.min(first.length, second.length); depth += 1) {
    if (typeof first[depth] !== typeof second[depth]) {
      reader.report('conflict', how('conflict'));
      return;
    }
    if (first[depth] !== second[depth]) return;
  }
  reader.report('overlap', how('overlap'));
}
