// Parses projection expressions, and reports what DynamoDB refuses.

import type { Path } from '../values/attribute-value.ts';
import { SyntaxProblem } from './lex.ts';
import { checkOverlap, createReader, listOf, type Placeholders, type ProblemKind } from './reader.ts';
import type { Parsed } from './syntax.ts';

const NO_KEYWORDS: ReadonlySet<string> = new Set();
const PROBLEMS: readonly ProblemKind[] = ['reserved', 'name', 'overlap', 'conflict'];

/** @throws SyntaxProblem with what is wrong with the text */
export function parseProjection(text: string, placeholders: Placeholders): Parsed<readonly Path[]> {
  const reader = createReader(text, placeholders, NO_KEYWORDS);
  const tree = listOf(reader, () => reader.path().path);
  if (reader.current().kind !== 'end') reader.fail();
  if (!reader.has('name')) checkOverlap(reader, tree);
  const problem = reader.firstOf(PROBLEMS);
  if (problem !== undefined) throw new SyntaxProblem(problem);
  const { nestedPaths, pathHeads, lateChecks } = reader;
  return { tree, nestedPaths, pathHeads, lateChecks };
}
