// Decides the state of an alarm from its data points, also missing ones, as AWS documents it.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

import { COMPARISONS, type AlarmSpec, type AlarmState } from './alarm-spec.ts';

export interface DataPoint {
  /** The beginning of its period, in epoch milliseconds. */
  readonly at: number;
  readonly value: number | undefined;
}

/** `keep`: the state stays as it is. */
export interface Judgement {
  readonly state: AlarmState | 'keep';
  /** The reason in CloudWatch's words, for a given state before. */
  readonly reason: (before: AlarmState) => string;
  /** The data points that decided, the oldest first. */
  readonly recent: readonly number[];
}

type Rule = Pick<
  AlarmSpec,
  'evaluationPeriods' | 'datapointsToAlarm' | 'threshold' | 'comparison' | 'treatMissing'
>;

/** AWS reads more points than an alarm evaluates: five for three in its examples. */
export const RANGE_BEYOND = 2;

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const decimal = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** `01/12/26 13:55:00`, as CloudWatch writes it. */
function shownTime(at: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().slice(2, 19).split('T');
  return `${date.split('-').reverse().join('/')} ${time}`;
}

interface Filled {
  readonly rule: Rule;
  /** Newest first, at most as many as there are evaluation periods. */
  readonly points: readonly DataPoint[];
  readonly breaching: number;
  /** Number of missing points that count as data. */
  readonly filled: number;
}

function shownPoints({ rule, points }: Filled): string {
  const shown = points.map(({ at, value }) => `${decimal(value!)} (${shownTime(at)})`).join(', ');
  const isOne = points.length === 1;
  return `${points.length} out of the last ${rule.evaluationPeriods} datapoints [${shown}] ${isOne ? 'was' : 'were'}`;
}

function shownMissing({ rule, points, filled }: Filled): string {
  if (filled === 0) return '';
  const way = rule.treatMissing === 'breaching' ? 'Breaching' : 'NonBreaching';
  const missing = `${plural(filled, 'missing datapoint')} ${filled === 1 ? 'was' : 'were'} treated as [${way}]`;
  return points.length === 0
    ? `no datapoints were received for ${plural(filled, 'period')} and ${missing}`
    : ` and ${missing}`;
}

function crossed(found: Filled, state: 'OK' | 'ALARM', before: AlarmState): string {
  const { rule, points } = found;
  const { words } = COMPARISONS[rule.comparison];
  const other = before === state ? '' : ` for ${before} -> ${state} transition`;
  const needed = ` (minimum ${plural(rule.datapointsToAlarm, 'datapoint')}${other})`;
  const missing = shownMissing(found);
  if (points.length === 0) return `Threshold Crossed: ${missing}.`;
  const not = state === 'OK' ? 'not ' : '';
  return `Threshold Crossed: ${shownPoints(found)} ${not}${words} the threshold (${decimal(rule.threshold)})${missing}${needed}.`;
}

/**
 * "Alarms are designed to always go into ALARM state when the oldest available breaching datapoint during the Evaluation
 * Periods number of data points is at least as old as the value of Datapoints to Alarm, and all other more recent data
 * points are breaching or missing."
 */
function isPremature(
  newest: readonly DataPoint[],
  breaches: (point: DataPoint) => boolean,
  needed: number,
): boolean {
  const oldest = newest.findLastIndex(({ value }) => value !== undefined);
  return oldest + 1 >= needed && newest.every((point) => point.value === undefined || breaches(point));
}

function judgeFew(found: Filled, premature: boolean): AlarmState | 'keep' {
  const { rule, points, breaching, filled } = found;
  if (rule.treatMissing === 'breaching' || rule.treatMissing === 'notBreaching') {
    const all = breaching + (rule.treatMissing === 'breaching' ? filled : 0);
    return all >= rule.datapointsToAlarm ? 'ALARM' : 'OK';
  }
  if (points.length === 0) return rule.treatMissing === 'ignore' ? 'keep' : 'INSUFFICIENT_DATA';
  if (breaching >= rule.datapointsToAlarm) return 'ALARM';
  if (!premature) return 'OK';
  return rule.treatMissing === 'ignore' ? 'keep' : 'ALARM';
}

/**
 * @param range the data points of the evaluation range, the oldest first
 * @param startedAt epoch milliseconds; before that the stack did not run, so no points are missing
 */
export function judge(rule: Rule, range: readonly DataPoint[], startedAt: number): Judgement {
  const { evaluationPeriods: wanted, datapointsToAlarm: needed, treatMissing } = rule;
  const { breaches } = COMPARISONS[rule.comparison];
  const isBreaching = ({ value }: DataPoint) => value !== undefined && breaches(value, rule.threshold);
  const newest = range.toReversed();
  const points = newest.filter(({ value }) => value !== undefined).slice(0, wanted);
  const breaching = points.filter(isBreaching).length;
  const filled = wanted - points.length;
  const found: Filled = {
    ...{ rule, points, breaching },
    filled: treatMissing === 'breaching' || treatMissing === 'notBreaching' ? filled : 0,
  };
  const recent = points.map(({ value }) => value!).reverse();
  const unseen = newest.slice(0, wanted).some(({ at, value }) => value === undefined && at < startedAt);
  const state =
    filled === 0
      ? breaching >= needed
        ? 'ALARM'
        : 'OK'
      : unseen && treatMissing === 'breaching'
        ? 'keep'
        : judgeFew(found, isPremature(newest, isBreaching, needed));
  return {
    state,
    recent,
    reason: (before) =>
      state === 'OK' || state === 'ALARM'
        ? crossed(found, state, before)
        : `Insufficient Data: ${plural(wanted, 'datapoint')} ${wanted === 1 ? 'was' : 'were'} unknown.`,
  };
}
