// What a prediction says, why there may be none, and what is kept of a device and metric from minute to minute.

import type { Gate, GateMode } from './gate.ts';
import type { KnownSchedule } from './schedule.ts';

export interface PredictionSettings {
  readonly limit: number;
  /** On which side of the limit harm is done. */
  readonly side: 'above' | 'below';
  /** Defrosts that somebody has entered. */
  readonly defrosts?: KnownSchedule | undefined;
}

/** Why nothing is predicted. `normal`: the metric is in its band, so there is nothing to predict. */
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

/** From what the time to the limit follows: minutes of an approach, hours of a trend, or nothing but the level. */
export type Basis = 'minutes' | 'hours' | 'level';

export interface Announced {
  readonly none?: undefined;
  /** Epoch milliseconds at which the metric left its band. */
  readonly since: number;
  /** Milliseconds from the judged minute on; 0 when the limit is reached, undefined when nothing says when it will be. */
  readonly crossesIn: number | undefined;
  /** Fast: within an hour by the last minutes. Only then is "in about 25 minutes" honest. */
  readonly kind: 'fast' | 'slow';
  readonly basis: Basis;
}

export interface Silent {
  readonly none: NoPrediction;
  /** Of `learning`: milliseconds until it has learned. */
  readonly left?: number;
  /** Of `unusable`: what is wrong with the minute. */
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
  /** Up to three different values; a metric that has no third one is constant or binary. */
  readonly values: readonly number[];
  readonly open?: { readonly since: number; readonly crossed: boolean } | undefined;
  /** When the last announcements ended without the limit being reached: two at most. */
  readonly wrong: readonly number[];
  /** The end of the last pause, for an hour. */
  readonly pause?: Pause | undefined;
  /** Minutes in a row that were older than what is kept. */
  readonly stale: number;
}

/** What can be shown of what was learned; values on the side of the limit, as the device sends them. */
export interface Learned {
  readonly mode: GateMode;
  readonly high: number;
  readonly low: number;
  /** Milliseconds between defrosts, the last start by the schedule, and a defrost's usual length. */
  readonly defrosts?:
    { readonly every: number; readonly anchor: number; readonly length: number } | undefined;
}
