// Globs as automata: deterministic states that are made when they are first reached.

import { any, star, type Token } from '../policies/pattern.ts';

/** Any characters of one level of a topic, which has no slash. */
export const level = Symbol('+');

/** A piece of a glob: one character, a wildcard, or a variable that matches nothing but its own value. */
export type Piece = string | typeof star | typeof any | typeof level | { readonly variable: string };

export const isVariable = (piece: Piece): piece is { readonly variable: string } => typeof piece === 'object';

/** Literal text character by character, as `?` counts characters and not UTF-16 units. */
export const piecesOf = (tokens: readonly Token[]): Piece[] =>
  tokens.flatMap<Piece>((token) => (typeof token === 'string' ? Array.from(token) : token));

/** State 0 is dead: nothing that follows is matched. */
export interface Automaton {
  readonly start: number;
  step(state: number, char: string): number;
  accepts(state: number): boolean;
  /** The state of being at one of these pieces, wherever the text began. */
  at(positions: readonly number[]): number;
  /** Pieces at which a text can be right after a slash. */
  readonly afterSlash: readonly number[];
}

interface Masks {
  readonly byChar: ReadonlyMap<string, bigint>;
  /** Pieces that match any one character. */
  readonly any: bigint;
  /** Pieces that match any characters; those of `level` match no slash. */
  readonly star: bigint;
  readonly level: bigint;
}

const bit = (position: number) => 1n << BigInt(position);

function masksOf(pieces: readonly Piece[]): Masks {
  const byChar = new Map<string, bigint>();
  const masks = { any: 0n, star: 0n, level: 0n };
  for (const [position, piece] of pieces.entries()) {
    if (typeof piece === 'string') byChar.set(piece, (byChar.get(piece) ?? 0n) | bit(position));
    else if (piece === any) masks.any |= bit(position);
    else if (piece === star) masks.star |= bit(position);
    else if (piece === level) masks.level |= bit(position);
  }
  return { byChar, ...masks };
}

/** Sets of positions, one bit each; no character passes a variable. */
function stepperOf(pieces: readonly Piece[]) {
  const masks = masksOf(pieces);
  const loops = masks.star | masks.level;
  const close = (positions: bigint): bigint => {
    const more = positions | ((positions & loops) << 1n);
    return more === positions ? positions : close(more);
  };
  const step = (positions: bigint, char: string): bigint => {
    const taken = positions & (masks.any | (masks.byChar.get(char) ?? 0n));
    return close((taken << 1n) | (positions & (char === '/' ? masks.star : loops)));
  };
  return { close, step };
}

/** @param pieces with variables the automaton is of the text between them: see `at`. */
export function automatonOf(pieces: readonly Piece[]): Automaton {
  const { close, step } = stepperOf(pieces);
  const ids = new Map<bigint, number>();
  const states: { readonly positions: bigint; readonly next: Map<string, number> }[] = [];
  const idOf = (positions: bigint): number => {
    let id = ids.get(positions);
    if (id === undefined) {
      id = states.push({ positions, next: new Map() }) - 1;
      ids.set(positions, id);
    }
    return id;
  };
  idOf(0n);
  const end = bit(pieces.length);
  const all = pieces.flatMap((_, position) => [position]);
  const setOf = (positions: readonly number[]) => close(positions.reduce((set, each) => set | bit(each), 0n));
  const slashed = step(setOf(all), '/');
  return {
    start: idOf(close(1n)),
    step(state, char) {
      const { positions, next } = states[state]!;
      let found = next.get(char);
      if (found === undefined) next.set(char, (found = idOf(step(positions, char))));
      return found;
    },
    accepts: (state) => (states[state]!.positions & end) !== 0n,
    at: (positions) => idOf(setOf(positions)),
    afterSlash: [...all, pieces.length].filter((position) => (slashed & bit(position)) !== 0n),
  };
}

/** The state after a text. */
export function run(automaton: Automaton, text: string, state: number = automaton.start): number {
  let at = state;
  for (const char of text) at = automaton.step(at, char);
  return at;
}
