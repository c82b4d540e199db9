// Converts the state of an unusual rule to a small JSON object with short names and back, validating every member.

import type { HourUnderWay } from './hour-shape.ts';
import type { Unusual, UnusualStat, UnusualState } from './unusual.ts';

/** At most 1,024 characters as JSON. */
export interface StoredUnusual {
  readonly v: 1;
  /** Histories of duty, level, cycles and the difference to the site, packed. */
  readonly h: readonly [string, string, string, string];
  /** The numbers that are always present. */
  readonly n: readonly number[];
  /** Means of ten minutes of the present hour. */
  readonly p: readonly number[];
  /** Median, duty and cycles of the last hours, one after the other. */
  readonly s: readonly number[];
  /** Findings: number of the statistic, value, usual range and score, one after the other. */
  readonly f: readonly number[];
  /** Different values. */
  readonly u: readonly number[];
  /** The hour since which it is open, and its quiet hours. */
  readonly o?: readonly [number, number];
}

const STATS: readonly UnusualStat[] = ['level', 'duty', 'cycles', 'site', 'no-defrost', 'identical'];
const NUMBERS = 22;
/** Rounds a finding to four digits, enough for display. */
const short = (value: number) => Number(value.toPrecision(4));

export function storedUnusual(state: UnusualState): StoredUnusual {
  const { now, history, found, open } = state;
  return {
    v: 1,
    h: [history.duty, history.level, history.cycles, history.site],
    n: [
      ...[state.from, state.last, state.centre, state.step, ...state.same, state.longestSame],
      ...[now.hour, now.part, now.sum, now.count, now.seen, now.fell, now.cycles, now.level, now.spread],
      ...[now.falls ? 1 : 0, now.extreme, now.extremeAt - now.at, now.turnedAt - now.at],
      ...[now.at, state.stale],
    ],
    u: state.values,
    p: now.parts,
    s: state.shapes.flat(),
    f: found.flatMap(({ stat, value, usual, score }) => [
      STATS.indexOf(stat),
      ...[value, ...usual, score].map(short),
    ]),
    ...(open && { o: open }),
  };
}

const PACKED = /^[ #-[\]-~]*$/;
const MOST_HOURS = 144;

const isNumbers = (value: unknown, most: number, divisor = 1): value is readonly number[] =>
  Array.isArray(value) &&
  value.length <= most &&
  value.length % divisor === 0 &&
  value.every(Number.isFinite);

const isHistory = (value: unknown): value is readonly [string, string, string, string] =>
  Array.isArray(value) &&
  value.length === 4 &&
  value.every((text) => typeof text === 'string' && text.length <= MOST_HOURS && PACKED.test(text));

/** Splits a list into rows of `size` members. */
const rowsOf = (list: readonly number[], size: number) =>
  Array.from({ length: list.length / size }, (_, row) => list.slice(row * size, (row + 1) * size));

/** @returns undefined for anything that `storedUnusual` does not give, such as another version or a damaged item; then learning restarts. */
export function restoredUnusual(value: unknown): UnusualState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, h, n, p, s, f, u, o } = value as Record<string, unknown>;
  if (v !== 1 || !isHistory(h) || !isNumbers(n, NUMBERS) || n.length !== NUMBERS) return undefined;
  if (!isNumbers(p, 6) || !isNumbers(s, 9, 3) || !isNumbers(f, 30, 5) || !isNumbers(u, 3)) return undefined;
  if (o !== undefined && !(isNumbers(o, 2, 2) && o.length === 2)) return undefined;
  const [from, last, centre, step, same, since, longestSame] = n as readonly number[] & {
    readonly length: 7;
  };
  if (!(step! > 0)) return undefined;
  const [duty, level, cycles, site] = h;
  const found = rowsOf(f, 5).flatMap(([stat, value, low, high, score]): Unusual[] => {
    const name = STATS[stat!];
    return name ? [{ stat: name, value: value!, usual: [low!, high!], score: score! }] : [];
  });
  return {
    ...{
      v: 1,
      from: from!,
      last: last!,
      now: hourUnderWay(n.slice(7), p),
      history: { duty, level, cycles, site },
    },
    ...{
      centre: centre!,
      step: step!,
      same: [same!, since!],
      longestSame: longestSame!,
      found,
      values: u,
      stale: n[NUMBERS - 1]!,
    },
    shapes: rowsOf(s, 3).map(([median, duty, cycles]) => [median!, duty!, cycles!] as const),
    ...(isNumbers(o, 2) && { open: [o[0]!, o[1]!] as const }),
  };
}

function hourUnderWay(numbers: readonly number[], parts: readonly number[]): HourUnderWay {
  const [
    hour,
    part,
    sum,
    count,
    seen,
    fell,
    cycles,
    level,
    spread,
    falls,
    extreme,
    extremeAgo,
    turnedAgo,
    at,
  ] = numbers;
  return {
    ...{
      hour: hour!,
      parts,
      part: part!,
      sum: sum!,
      count: count!,
      seen: seen!,
      fell: fell!,
      cycles: cycles!,
    },
    ...{ level: level!, spread: spread!, falls: falls === 1, extreme: extreme! },
    ...{ extremeAt: at! + extremeAgo!, turnedAt: at! + turnedAgo!, at: at! },
  };
}
