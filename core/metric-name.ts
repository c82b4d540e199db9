// Payload members have whatever names their makers chose; a metric's name has to fit rules, tables, URLs and charts.

/** A letter, then letters, digits or `_`, at most 64 characters. */
export const METRIC_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

const MAX_LENGTH = 64;

/**
 * The metric's name for a member's path: the parts joined by `_`, diacritics dropped, and all other characters that a name
 * may not have replaced by `_` (`PM2.5` is `PM2_5`, `Temp °C` is `Temp_C`, `switch:0` is `switch_0`). A name that would
 * begin with a digit gets an `m` before it; a name without any usable character is spelled in code points.
 */
export function metricNameOf(path: readonly string[]): string {
  const parts = path.map(plainPart).filter((part) => part !== '');
  const joined = parts.length > 0 ? parts.join('_') : spell(path.join('_'));
  return (/^\d/.test(joined) ? `m${joined}` : joined).slice(0, MAX_LENGTH);
}

function plainPart(part: string): string {
  if (METRIC_NAME.test(part)) return part;
  return part
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
}

const spell = (text: string) =>
  Array.from(text, (letter) => `u${letter.codePointAt(0)!.toString(16)}`).join('_') || 'value';

/** The name, or if another member has it already, the name followed by the first free number. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    const suffix = `_${number}`;
    const other = name.slice(0, MAX_LENGTH - suffix.length) + suffix;
    if (!isTaken(other)) return other;
  }
}
