// The places of variables in globs, and whether words of one class are alike there, which decides what is exact.

import { isVariable, type Piece } from './glob.ts';
import { hasSlash, isPrefixFree, type Language } from './words.ts';

export interface Occurrence {
  readonly variable: string;
  /** Literal text from the slash or the beginning to the variable; undefined after a wildcard. */
  readonly before: string | undefined;
  /** Literal text from the variable to the slash, the end or the next wildcard or variable. */
  readonly after: string;
  /** A wildcard or another variable follows in the same level. */
  readonly isOpen: boolean;
}

function textBefore(pieces: readonly Piece[], position: number): string | undefined {
  let text = '';
  for (let at = position - 1; at >= 0 && pieces[at] !== '/'; at -= 1) {
    const piece = pieces[at]!;
    if (typeof piece !== 'string') return undefined;
    text = piece + text;
  }
  return text;
}

function textAfter(pieces: readonly Piece[], position: number): Pick<Occurrence, 'after' | 'isOpen'> {
  let after = '';
  for (const piece of pieces.slice(position + 1)) {
    if (piece === '/') break;
    if (typeof piece !== 'string') return { after, isOpen: true };
    after += piece;
  }
  return { after, isOpen: false };
}

export const occurrencesIn = (pieces: readonly Piece[]): Occurrence[] =>
  pieces.flatMap((piece, position) =>
    isVariable(piece)
      ? [
          {
            variable: piece.variable,
            before: textBefore(pieces, position),
            ...textAfter(pieces, position),
          },
        ]
      : [],
  );

const frameOf = ({ before, after, isOpen }: Occurrence) => JSON.stringify([before, after, isOpen]);
const WHOLE_LEVEL = JSON.stringify(['', '', false]);

/**
 * Returns why words of one class may differ at a place; undefined where they do not. They are alike where they fill a level,
 * also between the same text everywhere. With two texts around them they overlap each other in ways that no class knows.
 *
 * @param all that one problem has
 */
export function createInexactness(
  all: readonly Occurrence[],
  languageOf: (variable: string) => Language,
): (occurrence: Occurrence) => string | undefined {
  const frames = new Set(all.filter(({ before }) => before !== undefined).map(frameOf));
  const framed = [...frames].filter((frame) => frame !== WHOLE_LEVEL);
  return (occurrence) => {
    const { variable, before, isOpen } = occurrence;
    const language = languageOf(variable);
    if (before === undefined) return `\${${variable}} follows a wildcard`;
    if (hasSlash(language)) return `\${${variable}} may have slashes`;
    if (isOpen && (!isPrefixFree(language) || frames.size > 1)) return `a wildcard follows \${${variable}}`;
    if (framed.length > 1 && frameOf(occurrence) !== WHOLE_LEVEL)
      return `\${${variable}} is not a whole level of the topic`;
    return undefined;
  };
}
