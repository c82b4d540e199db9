// A slow and simple model of alert rules, written from docs/api.md alone: the notifications for a history of windows.

import { SEVERITIES, type Level, type LimitRule, type Severity } from '../../core/alert-rule.ts';

/** A window of one metric: its values in order of time; without values the window lacks the metric. */
export interface PlainWindow {
  /** Epoch milliseconds. */
  readonly start: number;
  /** Whole numbers, so that every fraction below is exact. */
  readonly values: readonly number[];
  /** Readings without the metric. */
  readonly others: number;
}

export interface Announced {
  readonly transition: 'raised' | 'worsened' | 'eased' | 'cleared';
  readonly severity: Severity;
  readonly start: number;
  readonly since: number;
  /** The measured value, if the alarm was raised or worsened. */
  readonly value?: number;
}

/** A fraction of whole numbers; `over` is positive. */
interface Fraction {
  readonly part: number;
  readonly over: number;
}

/** The statistics that a rule compares with upper and lower limits, and those that must come back to clear each. */
interface Measured {
  readonly start: number;
  readonly high: Fraction;
  readonly low: Fraction;
  readonly highBack: Fraction;
  readonly lowBack: Fraction;
}

const more = ({ part, over }: Fraction, limit: number) => part > limit * over;
const less = ({ part, over }: Fraction, limit: number) => part < limit * over;
const whole = (part: number): Fraction => ({ part, over: 1 });
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const worse = (a: Severity, b: Severity) => SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b);

const STATS: Readonly<Record<string, (values: readonly number[]) => Fraction>> = {
  min: (values) => whole(Math.min(...values)),
  max: (values) => whole(Math.max(...values)),
  mean: (values) => ({ part: sum(values), over: values.length }),
  last: (values) => whole(values.at(-1)!),
  count: (values) => whole(values.length),
};

/** The statistics of all windows that have them. "Windows without the metric do not count." */
function measure(rule: LimitRule, windows: readonly PlainWindow[]): Measured[] {
  const { stat, metric, perMinute } = rule;
  const statOf = (name: string, { values, others }: PlainWindow) =>
    metric === undefined ? whole(values.length + others) : STATS[name]!(values);
  const having = windows.filter(({ values }) => metric === undefined || values.length > 0);
  const statistic = (name: string, index: number): Fraction => {
    const window = having[index]!;
    if (!perMinute) return statOf(name, window);
    const before = having[index - 1]!;
    const [now, then] = [statOf(name, window), statOf(name, before)];
    const rise = (now.part * then.over - then.part * now.over) * 60_000;
    return { part: rise, over: now.over * then.over * (window.start - before.start) };
  };
  const isExtreme = metric !== undefined && (stat === 'min' || stat === 'max') && !perMinute;
  return having.slice(perMinute ? 1 : 0).map((window, n) => {
    const index = n + (perMinute ? 1 : 0);
    return {
      start: window.start,
      high: statistic(stat ?? 'max', index),
      low: statistic(stat ?? 'min', index),
      // "Where the rule judges min or max, the highest value has to come back for an upper limit ..."
      highBack: statistic(isExtreme ? 'max' : (stat ?? 'max'), index),
      lowBack: statistic(isExtreme ? 'min' : (stat ?? 'min'), index),
    };
  });
}

const isOver = ({ above }: Level, { high }: Measured) => above !== undefined && more(high, above);
const isUnder = ({ below }: Level, { low }: Measured) => below !== undefined && less(low, below);
const isBeyond = (level: Level, measured: Measured) => isOver(level, measured) || isUnder(level, measured);

function isBack({ above, below, clearBelow, clearAbove }: Level, { highBack, lowBack }: Measured): boolean {
  const isDown =
    clearBelow === undefined ? above === undefined || !more(highBack, above) : less(highBack, clearBelow);
  const isUp =
    clearAbove === undefined ? below === undefined || !less(lowBack, below) : more(lowBack, clearAbove);
  return isDown && isUp;
}

/** "... where more readings cannot take the breach back": a highest value only rises, a lowest one only falls. */
function isFinal({ stat, perMinute }: LimitRule, level: Level, measured: Measured): boolean {
  if (perMinute) return false;
  if (isOver(level, measured)) return stat === undefined || stat === 'max' || stat === 'count';
  return stat === undefined || stat === 'min';
}

/** How many consecutive items pass, counted back from the last. */
function rowOf<Item>(items: readonly Item[], passes: (item: Item) => boolean): number {
  const failed = items.findLastIndex((item) => !passes(item));
  return items.length - 1 - failed;
}

/** Lists the notifications, in order, as windows are judged. */
export function createModel(rule: LimitRule) {
  const { forWindows = 1, clearAfter = 1, levels } = rule;
  const announced: Announced[] = [];

  const activeSeverity = () => {
    const last = announced.at(-1);
    return last === undefined || last.transition === 'cleared' ? undefined : last.severity;
  };

  function worsening(row: readonly Measured[], counts: (level: Level) => boolean): Announced | undefined {
    const now = row.at(-1);
    if (!now) return undefined;
    const last = announced.at(-1);
    const isRow = (level: Level) => rowOf(row, (measured) => isBeyond(level, measured)) >= forWindows;
    // "A window that cleared an alert and then gets a reading beyond the limit raises it again."
    const takesBack = (level: Level) =>
      last?.transition === 'cleared' && last.start === now.start && !worse(level.severity, last.severity);
    const breached = levels.filter(
      (level) => counts(level) && (isRow(level) || (takesBack(level) && isBeyond(level, now))),
    );
    const worst = breached.at(-1);
    const lastStart = last?.start ?? -Infinity;
    if (!worst) return undefined;
    const { severity } = worst;
    const active = activeSeverity();
    const { part, over } = isOver(worst, now) ? now.high : now.low;
    const found = {
      severity,
      start: now.start,
      since: isRow(worst) ? row.at(-forWindows)!.start : now.start,
      value: part / over,
    };
    if (active === undefined) {
      const isNews = now.start > lastStart || (last !== undefined && now.start === lastStart);
      return isNews ? { transition: 'raised', ...found } : undefined;
    }
    return worse(severity, active) && now.start >= lastStart
      ? { transition: 'worsened', ...found }
      : undefined;
  }

  function recovery(closed: readonly Measured[]): Announced | undefined {
    const active = activeSeverity();
    const now = closed.at(-1);
    if (active === undefined || !now || now.start <= announced.at(-1)!.start) return undefined;
    const got = announced.findLast(({ transition }) => transition === 'raised' || transition === 'worsened')!;
    const sinceThen = closed.filter(({ start }) => start > got.start);
    const left = levels.filter(
      (level) =>
        !worse(level.severity, active) && rowOf(sinceThen, (each) => isBack(level, each)) < clearAfter,
    );
    const worst = left.at(-1)?.severity;
    const found = { start: now.start, since: got.since };
    if (worst === undefined) return { transition: 'cleared', severity: active, ...found };
    return worse(active, worst) ? { transition: 'eased', severity: worst, ...found } : undefined;
  }

  return {
    announced,
    /**
     * Judges windows in their present state, oldest first; the last one is still open, or all are closed. A closed
     * window's notification comes before the open one's.
     */
    judge(windows: readonly PlainWindow[], lastIsOpen: boolean): void {
      const all = measure(rule, windows);
      const open = lastIsOpen ? all.find(({ start }) => start === windows.at(-1)!.start) : undefined;
      const closed = all.filter((each) => each !== open);
      for (;;) {
        const next =
          worsening(closed, () => true) ??
          recovery(closed) ??
          (open && worsening(all, (level) => isBeyond(level, open) && isFinal(rule, level, open)));
        if (!next) return;
        announced.push(next);
      }
    },
  };
}
