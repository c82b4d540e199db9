// Converts the state of predictions to a small JSON object with short names and back, validating every member.

import { NEVER_CALM } from './calm-hours.ts';
import type { Pause, PredictionState } from './prediction.ts';

/** At most 1,024 characters as JSON. Times in minutes since the epoch. */
export interface StoredPrediction {
  readonly v: 1;
  /** Maxima, excursions and recent means, packed. */
  readonly m: string;
  readonly x: string;
  readonly r: string;
  /** Days for which each hour of the day has been calm; absent from states stored before that was learned. */
  readonly h?: string;
  /** The numbers that are always present, in the order of `storedOf`. */
  readonly n: readonly number[];
  /** Period and start of the learned defrosts. */
  readonly d?: readonly [number, number];
  /** The present excursion: start, last, peak. */
  readonly e?: readonly [number, number, number];
  /** First and last minute of the defrost that the device's own metric reported. */
  readonly f?: readonly [number, number];
  /** The announcement: since, and 1 if the limit was reached. */
  readonly o?: readonly [number, number];
  /** The pause: at, low and high before, low and high since. */
  readonly p?: readonly [number, number, number, number, number];
  /** Wrong announcements, and different values. */
  readonly w: readonly number[];
  readonly u: readonly number[];
}

/** The members of `n`, in its order. */
const NUMBERS = [
  ...(['from', 'at', 'stale', 'last'] as const),
  ...(['zero', 'step', 'high', 'base', 'low', 'block', 'top', 'bottom'] as const),
  ...(['length', 'peak', 'longest', 'highest', 'isPlanned'] as const),
];

const numbersIn = (n: readonly number[]) =>
  Object.fromEntries(NUMBERS.map((name, index) => [name, n[index]!])) as Record<
    (typeof NUMBERS)[number],
    number
  >;

export function storedOf(state: PredictionState): StoredPrediction {
  const { gate, open, pause } = state;
  const { band, excursions, usual, defrost } = gate;
  const { now } = excursions;
  return {
    ...{ v: 1, m: band.maxima, x: excursions.list, r: state.recent, h: gate.calm },
    n: [
      ...[state.from, state.at, state.stale, excursions.last],
      ...[band.zero, band.step, band.high, band.base, band.low, band.block, band.top, band.bottom],
      ...[usual.length, usual.peak, usual.longest, usual.highest, usual.schedule ? 1 : 0],
    ],
    ...(usual.schedule && { d: [usual.schedule.every, usual.schedule.anchor] as const }),
    ...(now && { e: [now.start, now.last, now.peak] as const }),
    ...(defrost && { f: defrost }),
    ...(open && { o: [open.since, open.crossed ? 1 : 0] as const }),
    ...(pause && { p: [pause.at, ...pause.before, ...pause.since] as const }),
    ...{ w: state.wrong, u: state.values },
  };
}

const PACKED = /^[#-[\]-~]*$/;

const isPacked = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length <= longest && PACKED.test(value);

const isNumbers = (value: unknown, least: number, most = least): value is readonly number[] =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(Number.isFinite);

/** @returns undefined for anything that `storedOf` does not give, such as another version or a damaged item; then learning restarts. */
export function restored(value: unknown): PredictionState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, m, x, r, h = NEVER_CALM, n, d, e, f, o, p, w, u } = value as Record<string, unknown>;
  if (v !== 1 || !isPacked(m, 432) || !isPacked(x, 160) || !isPacked(r, 50)) return undefined;
  if (!isPacked(h, NEVER_CALM.length) || h.length !== NEVER_CALM.length) return undefined;
  if (x.length % 5 !== 0 || r.length % 2 !== 0 || r === '') return undefined;
  if (!isNumbers(n, NUMBERS.length) || !isNumbers(w, 0, 2) || !isNumbers(u, 0, 3)) return undefined;
  const optional = [
    ...([
      [d, 2],
      [e, 3],
    ] as const),
    ...([
      [f, 2],
      [o, 2],
      [p, 5],
    ] as const),
  ];
  if (optional.some(([given, length]) => given !== undefined && !isNumbers(given, length))) return undefined;
  const { from, at, stale, last, isPlanned, ...rest } = numbersIn(n);
  const { zero, step, high, base, low, block, top, bottom, ...usualNumbers } = rest;
  if (!(step > 0)) return undefined;
  const band = { zero, step, maxima: m, high, base, low, block, top, bottom };
  const schedule = isNumbers(d, 2) && isPlanned === 1 ? { every: d[0]!, anchor: d[1]! } : undefined;
  const now = isNumbers(e, 3) ? { start: e[0]!, last: e[1]!, peak: e[2]! } : undefined;
  const usual = { schedule, ...usualNumbers };
  const gate = {
    ...{ band, excursions: { list: x, last, ...(now && { now }) }, usual, calm: h },
    ...(isNumbers(f, 2) && { defrost: [f[0]!, f[1]!] as const }),
  };
  return {
    ...{ v: 1, from, at, stale, gate, recent: r, values: u, wrong: w },
    ...(isNumbers(o, 2) && { open: { since: o[0]!, crossed: o[1] === 1 } }),
    ...(isNumbers(p, 5) && { pause: pauseOf(p) }),
  };
}

const pauseOf = ([at, ...rest]: readonly number[]): Pause => ({
  at: at!,
  before: [rest[0]!, rest[1]!],
  since: [rest[2]!, rest[3]!],
});
