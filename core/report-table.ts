// Markup for a report's tables, and texts for spans, numbers and names, in the form that people read on paper.

import { escaped } from './report-foot.ts';

/** Columns that a phone shows side by side. */
const FEW_COLUMNS = 3;

/** Markup; `numeric`: columns of numbers. On a phone, a table with many columns shows one card per row. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly number[],
): string {
  const mark = (index: number) => (numeric.includes(index) ? ' class="num"' : '');
  const name = (tag: string, index: number) => (tag === 'td' ? ` data-name="${escaped(head[index]!)}"` : '');
  const cells = (tag: string, row: readonly string[]) =>
    row.map((text, index) => `<${tag}${mark(index)}${name(tag, index)}>${escaped(text)}</${tag}>`).join('');
  const kind = head.length > FEW_COLUMNS ? ' class="cards"' : '';
  return `<table${kind}><thead><tr>${cells('th', head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table>`;
}

/** Keys and roles are shown by their last part. */
export const whoText = (by: string) => by.split(/[:/]/).at(-1) ?? by;

/** With a typographic minus sign. */
export const number = (value: number) => String(value).replace('-', '−');

/** Such as `2 h 19 min`; in seconds if under a minute. */
export function lengthText(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours > 0 ? `${hours} h` : '', rest > 0 || hours === 0 ? `${rest} min` : '']
    .filter(Boolean)
    .join(' ');
}
