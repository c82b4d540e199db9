// Unusual values of a metric that is not a temperature: five minutes whose mean is beyond everything seen before.

import type { Ahead, Outlook } from '../outlook.ts';
import type { Minute } from './minute.ts';
import { judgeRecord, USUAL_THRESHOLD, type RecordState, type RecordWeights } from './record.ts';

export interface RecordLearned {
  readonly v: 1;
  readonly state?: RecordState;
  /** The present five minutes: their start (epoch milliseconds), and the sum and number of their minutes' means. */
  readonly part: readonly [start: number, sum: number, count: number];
  /** The last record. */
  readonly last?: readonly [at: number, mean: number, usual: number, by: keyof RecordWeights];
}

const PART_MS = 300_000;
/** How long a record counts as present. */
const LASTS_MS = 3_600_000;
/** Points of five minutes: two days. */
const LEARNING_POINTS = 576;
const WORDS: Readonly<Record<keyof RecordWeights, string>> = {
  value: 'beyond all values seen before',
  hour: 'beyond what was seen before at this hour of the day',
  mean: 'for two hours beyond what was seen before',
};

export function observeRecord(
  known: { readonly record?: RecordLearned },
  { minute }: { readonly minute: Minute },
): { readonly learned: { readonly record: RecordLearned }; readonly outlook: Outlook } {
  const start = Math.floor(minute.at / PART_MS) * PART_MS;
  const before = known.record ?? { v: 1, part: [start, 0, 0] };
  const [began, sum, count] = before.part;
  const ended = start === began || count === 0 ? before : withPoint(before, sum / count, minute.at);
  const part = [start, ...(start === began ? [sum + minute.mean, count + 1] : [minute.mean, 1])] as const;
  const record = { ...ended, part: part as RecordLearned['part'] };
  const base = { minute: minute.at, value: minute.mean };
  if ((record.state?.points ?? 0) < LEARNING_POINTS)
    return { learned: { record }, outlook: { ...base, reason: 'learning' } };
  const ahead = beyond(record, minute.at);
  return { learned: { record }, outlook: { ...base, ...(ahead && { ahead }) } };
}

function withPoint(before: RecordLearned, mean: number, at: number): RecordLearned {
  const [low = 0, high = 0] = before.state?.ranges[0] ?? [];
  const { state, score, by } = judgeRecord(before.state, before.part[0], mean);
  if (score < USUAL_THRESHOLD) return { ...before, state };
  return { ...before, state, last: [at, mean, mean > (low + high) / 2 ? high : low, by] };
}

function beyond({ last }: RecordLearned, at: number): Ahead | undefined {
  if (!last || at - last[0] >= LASTS_MS) return undefined;
  const [since, mean, limit, by] = last;
  return { side: mean > limit ? 'above' : 'below', limit, since, words: () => WORDS[by] };
}
