// Applies a rule about trends or habits to each minute of a device: what it has learned so far, and what it reports.

import type { InsightRule, PredictedRule } from '../alert-rule.ts';
import type { Ahead, Outlook } from '../outlook.ts';
import { isSpellingOf } from '../spelling.ts';
import { settingsOf } from './known-defrost.ts';
import { defrostsOf } from './gate.ts';
import { hourOf, type Sample } from './hour-shape.ts';
import { forecastOf, type ForecastPoint } from './forecast.ts';
import { MINUTE_MS, type Minute } from './minute.ts';
import { learnedOf } from './judge.ts';
import { predict } from './predict.ts';
import { predictionText } from './prediction-text.ts';
import type { Announced, PredictionState, Silent } from './prediction.ts';
import { observeRecord, type RecordLearned } from './record-outlook.ts';
import { restored, storedOf } from './state-text.ts';
import { restoredUnusual, storedUnusual } from './unusual-state-text.ts';
import { findingText, unusualText } from './unusual-text.ts';
import { judgeUnusual, type Unusual, type UnusualState } from './unusual.ts';

/** What one rule has learned of one device. */
export interface Learned {
  readonly predicted?: PredictionState;
  readonly unusual?: UnusualState;
  readonly record?: RecordLearned;
}

/** A minute of a device, and the windows in it. */
export interface Seen {
  readonly minute: Minute;
  readonly samples: readonly Sample[];
}

/** The median duty of the other devices of the site in the hour before a time in epoch milliseconds. */
export type SiteDuty = (at: number) => number | undefined;

interface Observed {
  readonly learned: Learned;
  readonly outlook: Outlook;
}

/** The text of a state that has learned nothing yet, as opposed to one that cannot be read. */
const EMPTY = '{}';

export const beginLearning = (): Learned => ({});

/** As JSON of at most 1 KB for a prediction, 2 KB for an unusual metric. */
export const learnedText = ({ predicted, unusual, record }: Learned): string =>
  JSON.stringify({
    ...(predicted && { predicted: storedOf(predicted) }),
    ...(unusual && { unusual: storedUnusual(unusual) }),
    ...(record && { record }),
  });

/** Undefined if this version cannot read the text: then learning restarts. */
export function readLearned(text: string): Learned | undefined {
  let read: Readonly<Record<keyof Learned, unknown>> | null;
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    return undefined;
  }
  const [predicted, unusual] = [restored(read?.predicted), restoredUnusual(read?.unusual)];
  const record = read?.record as RecordLearned | undefined;
  if (!predicted && !unusual && !record && text !== EMPTY) return undefined;
  return { ...(predicted && { predicted }), ...(unusual && { unusual }), ...(record && { record }) };
}

/** Expects minutes in their order. Pure. */
export function observe(
  rule: InsightRule,
  learned: Learned,
  seen: Seen,
  siteDuty: SiteDuty = () => undefined,
): Observed {
  if (rule.insight === 'predicted') return observeTrend(rule, learned, seen);
  return isSpellingOf('temperature', rule.metric)
    ? observeHabits(learned, seen, siteDuty)
    : observeRecord(learned, seen);
}

function observeTrend(rule: PredictedRule, learned: Learned, { minute }: Seen): Observed {
  const { state, prediction } = predict(learned.predicted, minute, settingsOf(rule, minute.at));
  const base = { minute: minute.at, value: minute.mean };
  const outlook =
    prediction.none === undefined
      ? { ...base, ahead: crossing(rule, minute, prediction) }
      : { ...base, ...silence(prediction) };
  return { learned: { predicted: state }, outlook };
}

function silence({ none, left }: Silent) {
  if (none === 'normal') return {};
  return { reason: none, ...(left !== undefined && { left }) };
}

function crossing({ side, limit }: PredictedRule, { at }: Minute, prediction: Announced): Ahead {
  const { since, crossesIn } = prediction;
  return {
    ...{ side, limit, since },
    ...(crossesIn !== undefined && { crossesAt: at + crossesIn }),
    words: (unit) => predictionText(prediction, { limit: `${limit}${unit}`, side, at }),
  };
}

/** A limit that is never reached: only what the gate learns about defrosts is used. */
const NEVER = { limit: Number.MAX_SAFE_INTEGER, side: 'above' } as const;
const HOUR_MS = 3_600_000;

function observeHabits(learned: Learned, seen: Seen, siteDuty: SiteDuty): Observed {
  const { minute, samples } = seen;
  const predicted = predict(learned.predicted, minute, NEVER).state;
  let { unusual } = learned;
  let reason: string | undefined;
  for (const sample of samples) {
    const ends = unusual && hourOf(sample.at) !== unusual.now.hour;
    const context = ends ? { siteDuty: siteDuty(sample.at), defrosts: defrostsOf(predicted.gate) } : {};
    const step = judgeUnusual(unusual, sample, context);
    unusual = step.state;
    reason = step.none === 'normal' ? undefined : step.none;
  }
  const base = { minute: minute.at, value: minute.mean };
  const ahead = reason === undefined && unusual?.open ? unlikeItself(unusual) : undefined;
  return {
    learned: { predicted, ...(unusual && { unusual }) },
    outlook: { ...base, ...(ahead && { ahead }), ...(reason !== undefined && { reason }) },
  };
}

function unlikeItself({ found, open }: UnusualState): Ahead | undefined {
  const text = unusualText(found);
  if (!open || text === undefined) return undefined;
  const level = found.find(({ stat }) => stat === 'level');
  const isBelow = level !== undefined && level.score < 0;
  return {
    ...{ side: isBelow ? 'below' : 'above', since: open[0] * HOUR_MS },
    ...(level && { limit: level.usual[isBelow ? 0 : 1] }),
    words: (unit) => [text, ...found.map((each) => findingText(each, unit.trim()))].join('; '),
  };
}

/** What was learned, for display. */
export interface Known {
  /** How defrosts are known, and the band; for a rule that predicts. */
  readonly trend?: ReturnType<typeof learnedOf>;
  /** The predicted curve, times in epoch milliseconds; for a rule that predicts. */
  readonly forecast?: readonly ForecastPoint[];
  /** What is unusual now; for a rule about a temperature's habits. */
  readonly found?: readonly Unusual[];
}

/** Undefined if nothing has been learned yet. */
export function knownOf(rule: InsightRule, { predicted, unusual }: Learned): Known | undefined {
  if (rule.insight === 'unusual') return unusual && { found: unusual.open ? unusual.found : [] };
  if (!predicted) return undefined;
  const settings = settingsOf(rule, predicted.at * MINUTE_MS);
  return { trend: learnedOf(predicted, settings), forecast: forecastOf(predicted, settings) };
}
