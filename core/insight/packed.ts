// Packs numbers into printable text, one or two characters each, so that days of history fit an item of one kilobyte.

/** Levels of one character: printable ASCII except the quote and the backslash, which JSON would escape. */
export const LEVELS = 91;
const FIRST = 35;
const BACKSLASH = 92;

/** @param level a whole number; values outside 0 to 90 become the nearest of these. */
export function packLevel(level: number): string {
  const inside = Math.max(0, Math.min(LEVELS - 1, Math.round(level) || 0));
  const code = FIRST + inside;
  return String.fromCharCode(code >= BACKSLASH ? code + 1 : code);
}

/** The level at `index`; 0 if the text has no such character. */
export function levelAt(text: string, index: number): number {
  const code = text.charCodeAt(index) || FIRST;
  return Math.max(0, Math.min(LEVELS - 1, code > BACKSLASH ? code - 1 - FIRST : code - FIRST));
}

/** Two characters: 0 to 8280. */
export function packPair(value: number): string {
  const inside = Math.max(0, Math.min(LEVELS * LEVELS - 1, Math.round(value) || 0));
  return packLevel(Math.floor(inside / LEVELS)) + packLevel(inside % LEVELS);
}

/** The value of the two characters from `index` on. */
export const pairAt = (text: string, index: number) =>
  levelAt(text, index) * LEVELS + levelAt(text, index + 1);

/** The value of level 0, and the difference between two levels. */
export interface Scale {
  readonly zero: number;
  readonly step: number;
}

export const valueOf = (scale: Scale, level: number) => scale.zero + level * scale.step;
export const levelOf = (scale: Scale, value: number) => (value - scale.zero) / scale.step;
