// Formats UTC times by the patterns of Java's DateTimeFormatter that make sense in an object key.

type Field = (time: Date, letters: number) => string | undefined;

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** `d`: at least one digit; `dd`: two. Undefined for more letters than Java takes. */
const padded =
  (number: (time: Date) => number, most: number): Field =>
  (time, letters) =>
    letters > most ? undefined : String(number(time)).padStart(letters, '0');

const year: Field = (time, letters) => {
  const value = time.getUTCFullYear();
  return letters === 2 ? String(value % 100).padStart(2, '0') : String(value).padStart(letters, '0');
};

/** Short for up to three letters, in full for four. */
const named =
  (names: readonly string[], index: (time: Date) => number): Field =>
  (time, letters) => {
    const name = names[index(time)]!;
    return letters <= 3 ? name.slice(0, 3) : letters === 4 ? name : undefined;
  };

const month = padded((time) => time.getUTCMonth() + 1, 2);
const monthName = named(months, (time) => time.getUTCMonth());
const DAY_MS = 86_400_000;
const dayOfYear = (time: Date) =>
  Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;

const fields: Readonly<Record<string, Field>> = {
  y: year,
  u: year,
  M: (time, letters) => (letters <= 2 ? month(time, letters) : monthName(time, letters)),
  L: (time, letters) => (letters <= 2 ? month(time, letters) : monthName(time, letters)),
  d: padded((time) => time.getUTCDate(), 2),
  D: padded(dayOfYear, 3),
  E: named(days, (time) => time.getUTCDay()),
  a: (time, letters) => (letters === 1 ? (time.getUTCHours() < 12 ? 'AM' : 'PM') : undefined),
  H: padded((time) => time.getUTCHours(), 2),
  h: padded((time) => time.getUTCHours() % 12 || 12, 2),
  m: padded((time) => time.getUTCMinutes(), 2),
  s: padded((time) => time.getUTCSeconds(), 2),
  S: (time, letters) =>
    String(time.getUTCMilliseconds()).padStart(3, '0').padEnd(letters, '0').slice(0, letters),
};

const MAX_LETTERS = 9;
// A quoted text ('' is a quote), a run of one letter, or anything else but what Java reserves.
const PIECE = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z'[\]{}#]/y;

export type TimeFormat = (time: Date) => string;

function compilePiece(found: RegExpExecArray): TimeFormat | undefined {
  const [text, quoted, letter] = found;
  if (quoted !== undefined) {
    const literal = quoted === '' ? "'" : quoted.replaceAll("''", "'");
    return () => literal;
  }
  if (letter === undefined) return () => text;
  const field = Object.hasOwn(fields, letter) ? fields[letter]! : undefined;
  const known = text.length <= MAX_LETTERS && field?.(new Date(0), text.length) !== undefined;
  return known ? (time) => field(time, text.length)! : undefined;
}

/**
 * Compiles a DateTimeFormatter pattern for UTC.
 * @returns the part that is not supported, as `{ problem }`, else a function from a time to its text
 */
export function compileTimeFormat(pattern: string): TimeFormat | { readonly problem: string } {
  const parts: TimeFormat[] = [];
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < pattern.length) {
    const at = PIECE.lastIndex;
    const found = PIECE.exec(pattern);
    if (!found)
      return {
        problem: `${JSON.stringify(pattern[at])} at position ${at + 1} of ${JSON.stringify(pattern)}`,
      };
    const part = compilePiece(found);
    if (!part) return { problem: `${JSON.stringify(found[0])} in ${JSON.stringify(pattern)}` };
    parts.push(part);
  }
  return (time) => parts.map((part) => part(time)).join('');
}
