// Which part of a month audits compared with the archive, from the records they leave: when, how many windows, how many differ.

export const DAY_MS = 86_400_000;

/** The result of one audit for one device. Times in epoch milliseconds. */
export interface ArchiveCheck {
  /** When the audit ran. */
  readonly at: number;
  /** The windows from `from` until before `to` were compared. */
  readonly from: number;
  readonly to: number;
  /** One pair per UTC day, starting with the day of `from`: windows compared, and how many of them differ. */
  readonly days: readonly (readonly [windows: number, differing: number])[];
}

/** A compared span; if several audits cover it, the newest counts. It may extend beyond the month to the end of a UTC day. */
export interface CheckedSpan {
  readonly from: number;
  readonly to: number;
  /** The first and the last audit of the span. */
  readonly checkedFrom: number;
  readonly checkedTo: number;
  readonly windows: number;
  readonly differing: number;
}

export interface Checked {
  /** Oldest first. */
  readonly checked: readonly CheckedSpan[];
  /** The parts of the month that no audit compared, oldest first. */
  readonly unchecked: readonly Pick<CheckedSpan, 'from' | 'to'>[];
}

/** The checks of a month from `from` until before `until`. A newer audit replaces an older one whose part of a day it covers. */
export function checkedOf(
  checks: readonly ArchiveCheck[],
  { from, until }: { readonly from: number; readonly until: number },
): Checked {
  const parts = checks
    .toSorted((a, b) => b.at - a.at)
    .flatMap(daysOf)
    .filter((part) => part.to > from && part.from < until);
  const kept: CheckedSpan[] = [];
  for (const part of parts) if (uncovered(part, kept).length > 0) kept.push(part);
  const checked = joined(kept.toSorted((a, b) => a.from - b.from));
  return { checked, unchecked: uncovered({ from, to: until }, checked) };
}

function daysOf({ at, from, to, days }: ArchiveCheck): CheckedSpan[] {
  const first = startOfDay(from);
  return days.map(([windows, differing], index) => ({
    ...{ from: Math.max(from, first + index * DAY_MS), to: Math.min(to, first + (index + 1) * DAY_MS) },
    ...{ checkedFrom: at, checkedTo: at, windows, differing },
  }));
}

export const startOfDay = (time: number) => Math.floor(time / DAY_MS) * DAY_MS;

/** The parts that none of `spans` covers, oldest first. */
function uncovered(
  { from, to }: Pick<CheckedSpan, 'from' | 'to'>,
  spans: readonly Pick<CheckedSpan, 'from' | 'to'>[],
): Pick<CheckedSpan, 'from' | 'to'>[] {
  const left: Pick<CheckedSpan, 'from' | 'to'>[] = [];
  let begin = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (span.from > begin && begin < to) left.push({ from: begin, to: Math.min(span.from, to) });
    begin = Math.max(begin, span.to);
  }
  if (begin < to) left.push({ from: begin, to });
  return left;
}

/** Joins adjacent spans that both differ or both match. */
function joined(spans: readonly CheckedSpan[]): CheckedSpan[] {
  const found: CheckedSpan[] = [];
  for (const span of spans) {
    const last = found.at(-1);
    const isSame = last && last.to === span.from && last.differing > 0 === span.differing > 0;
    if (!isSame) found.push(span);
    else
      found[found.length - 1] = {
        ...{ from: last.from, to: span.to },
        checkedFrom: Math.min(last.checkedFrom, span.checkedFrom),
        checkedTo: Math.max(last.checkedTo, span.checkedTo),
        windows: last.windows + span.windows,
        differing: last.differing + span.differing,
      };
  }
  return found;
}
