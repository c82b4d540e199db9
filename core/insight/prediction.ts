// The result of a prediction, the reasons for having none, and the state of a device and metric from minute to minute.

import type { Gate, GateMode } from './gate.ts';
import type { KnownSchedule } from './schedule.ts';

export interface PredictionSettings {
  readonly limit: number;
  /** The harmful side of the limit. */
  readonly side: 'above' | 'below';
  /** Defrosts that people entered. */
  readonly defrosts?: KnownSchedule | undefined;
}

/** Why there is no prediction. `normal`: the metric is in its band, so there is nothing to predict. */
export type NoPrediction =
  | 'normal'
  | 'defrost'
  | 'learning'
  | 'gap'
  | 'changed'
  | 'constant'
  | 'binary'
  | 'limit-in-band'
  | 'late'
  | 'unusable';

/** What the time to the limit is computed from: minutes of an approach, hours of a trend, or only the present level. */
export type Basis = 'minutes' | 'hours' | 'level';

export interface Announced {
  readonly none?: undefined;
  /** Epoch milliseconds at which the metric left its band. */
  readonly since: number;
  /** Milliseconds from the judged minute; 0 if the limit is reached, undefined if the time is unknown. */
  readonly crossesIn: number | undefined;
  /** Fast: within an hour, by the last minutes. Only then is "in about 25 minutes" accurate. */
  readonly kind: 'fast' | 'slow';
  readonly basis: Basis;
}

export interface Silent {
  readonly none: NoPrediction;
  /** For `learning`: milliseconds until learning is complete. */
  readonly left?: number;
  /** For `unusable`: what is wrong with the minute. */
  readonly fault?: string;
}

export type Prediction = Announced | Silent;

/** The lowest and the highest mean of the minutes before a pause, and of those since. */
export interface Pause {
  readonly at: number;
  readonly before: readonly [low: number, high: number];
  readonly since: readonly [low: number, high: number];
}

/** Times in minutes since the epoch. One JSON object of at most 1,024 characters. */
export interface PredictionState {
  readonly v: 1;
  readonly from: number;
  readonly at: number;
  readonly gate: Gate;
  /** The last 25 means, packed. */
  readonly recent: string;
  /** Up to three different values; a metric without a third one is constant or binary. */
  readonly values: readonly number[];
  readonly open?: { readonly since: number; readonly crossed: boolean } | undefined;
  /** When the last announcements ended without the limit being reached: at most two. */
  readonly wrong: readonly number[];
  /** The end of the last pause, kept for an hour. */
  readonly pause?: Pause | undefined;
  /** Consecutive minutes that were older than the kept ones. */
  readonly stale: number;
}

/** What was learned, for display; values on the side of the limit, as the device sends them. */
export interface Learned {
  readonly mode: GateMode;
  readonly high: number;
  readonly low: number;
  /** Milliseconds between defrosts, the last start by the schedule, and a defrost's usual length. */
  readonly defrosts?:
    { readonly every: number; readonly anchor: number; readonly length: number } | undefined;
}
