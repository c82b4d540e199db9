// What a rule about trends or habits makes of each minute of a device: what it has learned so far, and what it says.

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

/** Of one device by one rule. */
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

/** What other devices say; epoch milliseconds in, the median duty of the site in the hour before out. */
export type SiteDuty = (at: number) => number | undefined;

interface Observed {
  readonly learned: Learned;
  readonly outlook: Outlook;
}

/** Nothing is learned yet, on purpose. */
const EMPTY = '{}';

export const beginLearning = (): Learned => ({});

/** As JSON of at most 1 KB for a prediction, 2 KB for what is unusual. */
export const learnedText = ({ predicted, unusual, record }: Learned): string =>
  JSON.stringify({
    ...(predicted && { predicted: storedOf(predicted) }),
    ...(unusual && { unusual: storedUnusual(unusual) }),
    ...(record && { record }),
  });

/** Undefined for a text that this version cannot read: then all is learned anew. */
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

/** Minutes come in their order. Pure. */
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

/** Beyond every limit: only what the gate learns of defrosts is used. */
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

/** What was learned, as people can be shown it. */
export interface Known {
  /** How defrosts are known, and the band; of a rule that predicts. */
  readonly trend?: ReturnType<typeof learnedOf>;
  /** What is ahead by the last minutes, epoch milliseconds; of a rule that predicts. */
  readonly forecast?: readonly ForecastPoint[];
  /** What is not as usual now; of a rule about a temperature's habits. */
  readonly found?: readonly Unusual[];
}

/** Undefined where nothing was learned yet. */
export function knownOf(rule: InsightRule, { predicted, unusual }: Learned): Known | undefined {
  if (rule.insight === 'unusual') return unusual && { found: unusual.open ? unusual.found : [] };
  if (!predicted) return undefined;
  const settings = settingsOf(rule, predicted.at * MINUTE_MS);
  return { trend: learnedOf(predicted, settings), forecast: forecastOf(predicted, settings) };
}
