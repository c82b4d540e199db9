// The foot of a report's sheet: which part was checked against the archive, and the seal for comparing it with another report.

import type { SourceSpan } from './archive/day-choice.ts';
import type { Checked } from './archive-check.ts';
import type { ArchiveSeal } from './archive-seal.ts';
import type { SheetDevice } from './report-sheet.ts';

export interface Times {
  readonly full: (ms: number) => string;
  readonly date: (ms: number) => string;
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (mark) => MARKUP[mark]!);

const MOST_SPANS = 6;

/** Markup: what was checked against the archive, and what was not. */
export function checkText({ checked, unchecked }: Checked, time: Times): string {
  const lines = [
    ...checked.map((span) => ({ from: span.from, text: checkedText(span, time) })),
    ...unchecked.map((span) => ({ from: span.from, text: `Not checked: ${spanText(span, time)}.` })),
  ].sort((a, b) => a.from - b.from);
  const shown = lines.slice(0, MOST_SPANS).map(({ text }) => `<p>${escaped(text)}</p>`);
  const more = lines.length - shown.length;
  if (more > 0) shown.push(`<p>${more} more spans; the CSV lists all.</p>`);
  if (checked.length === 0)
    return '<p><b>Not checked against the archive.</b> Run <code>npm run audit</code>; reports made after it say what it found.</p>';
  const differs = checked.some(({ differing }) => differing > 0);
  const head = differs
    ? 'The archive and these values differ.'
    : unchecked.length > 0
      ? 'Checked in part against the archive.'
      : 'Checked against the archive.';
  return `<p><b>${head}</b></p>${shown.join('')}<p class="dim">A check describes the archive at its time and does not include later corrections.</p>`;
}

function checkedText(span: Checked['checked'][number], time: Times): string {
  const { windows, differing, checkedFrom, checkedTo } = span;
  const [first, last] = [time.date(checkedFrom), time.date(checkedTo)];
  const when = first === last ? `On ${first}` : `From ${first} to ${last}`;
  const count = windows.toLocaleString('en');
  const found =
    differing > 0
      ? `${differing.toLocaleString('en')} of ${count} windows differ`
      : `${count} ${windows === 1 ? 'window agrees' : 'windows agree'}`;
  return `${when}: ${found}, ${spanText(span, time)}.`;
}

/** Markup: which days came from the parsed archive; empty if all are from the tables. */
export function sourceText(sources: readonly SourceSpan[] = [], time: Times): string {
  const archived = sources.filter(({ source }) => source === 'archive');
  if (archived.length === 0) return '';
  const spans = archived.slice(0, MOST_SPANS).map((span) => spanText(span, time));
  const more = archived.length > MOST_SPANS ? `; and ${archived.length - MOST_SPANS} more spans` : '';
  const others = archived.length < sources.length ? ' All other days are from the tables.' : '';
  return `<p>${escaped(`From the parsed archive, because the tables no longer have everything: ${spans.join('; ')}${more}.${others}`)}</p>`;
}

const spanText = ({ from, to }: { readonly from: number; readonly to: number }, time: Times) =>
  `${time.full(from)} to ${time.full(to)}`;

/** Markup: until when the archive is sealed, by which key, and what is not. */
export function archiveSealText(archiveSeal: ArchiveSeal | undefined, time: Times): string {
  if (!archiveSeal) return '';
  const { sealedTo, head = '', key = '', unsealed, problem } = archiveSeal;
  if (sealedTo === undefined) {
    const reason = problem === undefined ? '' : ` ${escaped(problem)}.`;
    return `<p><b>The archive of this month is not sealed.</b>${reason}</p>`;
  }
  const rest = unsealed ? `<p>Not sealed: ${escaped(spanText(unsealed, time))}.</p>` : '';
  return `<p><b>The archive is sealed until ${escaped(time.full(sealedTo))}.</b></p>
<p class="seal-line">Head <code>${escaped(head)}</code><br>Key <code>${escaped(key)}</code></p>${rest}<p class="dim">An inspector checks a copy of the archive with <code>npm run seal -- verify</code>.</p>`;
}

/** Markup: the seal and its meaning. */
export function sealLine(device: SheetDevice): string {
  const open = device.isOver
    ? ''
    : ' The month is not over: a later report has other values, and another seal.';
  return `<p class="seal-line">Seal <code${sealMarks(device)}>${escaped(device.seal)}</code><br><span class="dim">The SHA-256 of this sheet's values: the same values always have the same seal. <code>npm run report -- --verify FILE</code> compares a saved report with the report of today.${open}</span></p>`;
}

/** Attributes by which `npm run report -- --verify` finds the sheet's data. */
function sealMarks({ deviceId, month, isOver, report, seal }: SheetDevice): string {
  const marks = { device: deviceId, month, metric: report?.metric ?? '', over: String(isOver), seal };
  return Object.entries(marks)
    .map(([name, value]) => ` data-${name}="${escaped(value)}"`)
    .join('');
}
