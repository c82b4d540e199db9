// What the parsers of all expressions share: the current token, document paths, placeholders, and the problems found.

import type { Path } from '../values/attribute-value.ts';
import { UNSTORABLE, unstorable } from '../values/unstorable.ts';
import { syntaxProblem, tokensOf, type Token } from './lex.ts';
import { isReserved } from './reserved-words.ts';
import type { LateCheck, Operand, PathNode, ValueNode } from './syntax.ts';

/** What placeholders stand for; of the values, their types alone. */
export interface Placeholders {
  nameOf(placeholder: string): string | undefined;
  typeOf(placeholder: string): string | undefined;
}

/** Kinds of problems, of which the first in the parser's own order is reported. */
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
  /** Reports the first problem of a kind only. */
  report(kind: ProblemKind, message: string): void;
  has(kind: ProblemKind): boolean;
  /** The problem that is the first in `kinds`. */
  firstOf(kinds: readonly ProblemKind[]): string | undefined;
  readonly current: () => Token;
  next(): Token;
  /** Goes on if the current token is this symbol, or this keyword in any case. */
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

/** `[map, [3], member]`, as messages have it. */
export const pathText = (path: Path): string =>
  `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;

/** The type of an operand, where the expression tells. */
export const operandType = (operand: Operand | undefined): string | undefined =>
  operand === undefined || operand.type === 'path' ? undefined : operand.valueType;

/** The type of a value that the request has; not that of what a function gives. */
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

/** @param keywords that are no attribute without `#`. @throws SyntaxProblem for what is not a token */
export function createReader(
  text: string,
  placeholders: Placeholders,
  keywords: ReadonlySet<string>,
): Reader {
  const problems = createProblems();
  const cursor = createCursor(text);
  const [nestedPaths, pathHeads] = [new Set<string>(), new Set<string>()];

  function name(): string {
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

  function storableName(): string {
    const found = name();
    if (found === UNSTORABLE) throw unstorable();
    return found;
  }

  return {
    ...problems,
    ...cursor,
    nestedPaths,
    pathHeads,
    lateChecks: [],
    path() {
      const path: (string | number)[] = [storableName()];
      for (;;) {
        if (cursor.skip('.')) path.push(storableName());
        else if (cursor.skip('[')) {
          if (cursor.current().kind !== 'index') cursor.fail();
          path.push(Number(cursor.next().text));
          cursor.expect(']');
        } else break;
      }
      pathHeads.add(path[0] as string);
      if (path.length > 1) nestedPaths.add(path[0] as string);
      return { type: 'path', path };
    },
    value() {
      if (cursor.current().kind !== ':value') cursor.fail();
      const { text: written } = cursor.next();
      const valueType = placeholders.typeOf(written);
      if (valueType === undefined) {
        const what = 'An expression attribute value used in expression is not defined; attribute value: ';
        problems.report('value', what + written);
      }
      return { type: 'value', name: written, valueType: valueType ?? '' };
    },
  };
}

/** Commas between. */
export function listOf<T>(reader: Reader, read: () => T): T[] {
  const members = [read()];
  while (reader.skip(',')) members.push(read());
  return members;
}

/** Reports two paths of which one is the other or lies in it, or that need it to be both a list and a map. */
export function checkOverlap(reader: Reader, paths: readonly Path[]): void {
  for (const [index, second] of paths.entries()) {
    for (const first of paths.slice(0, index)) comparePaths(reader, first, second);
  }
}

function comparePaths(reader: Reader, first: Path, second: Path): void {
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
