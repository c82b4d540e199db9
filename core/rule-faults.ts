// What is wrong with an alert rule beyond its form, reported before it is stored: ingestion trusts stored rules.

import { SEVERITIES, type Level } from './alert-rule.ts';
import { decimalOf } from './decimal.ts';
import { durationOf } from './duration.ts';
import { isTimeZone, minuteOf } from './quiet-hours.ts';
import { levelOf, LIMITS, type DefrostSchedule, type PredictedData, type RuleData } from './rule-data.ts';
import { parseFixedTime } from './time-text.ts';

/** `name` is the path of the field, such as `levels.0.clearBelow`. */
export interface RuleFault {
  readonly name: string;
  readonly detail: string;
}

type Report = (name: string, detail: string) => void;

/** The fields for rules that judge something other than a limit. */
const KINDS = ['noDataFor', 'offlineFor', 'predicted', 'unusual'] as const;
type Kind = (typeof KINDS)[number];

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SHORTEST_MS = 10_000;
const STATISTIC_FIELDS = [
  'metric',
  'stat',
  'anySpelling',
  'perMinute',
  'levels',
  'forWindows',
  'clearAfter',
  'judgeLate',
] as const;

/** All faults of the rule; empty if it can be judged. */
export function faultsOf(data: RuleData): RuleFault[] {
  const faults: RuleFault[] = [];
  const report: Report = (name, detail) => faults.push({ name, detail });
  const [kind, other] = KINDS.filter((name) => data[name] !== undefined);
  if (other) report(other, `and ${kind} exclude each other: make two rules`);
  else if (kind) otherKindFaults(data, kind, report);
  else limitFaults(data, report);
  durationFaults(data, 'repeatEvery', report);
  durationFaults(data, 'escalateAfter', report);
  if (data.escalateTo && data.escalateAfter === undefined) report('escalateTo', 'must be with escalateAfter');
  timeFaults(data, report);
  quietFaults(data, report);
  return faults;
}

/** Faults of a rule that judges something other than a limit. */
function otherKindFaults(data: RuleData, kind: Kind, report: Report): void {
  if (kind === 'predicted') predictedFaults(data.predicted!, report);
  else if (kind !== 'unusual') durationFaults(data, kind, report);
  for (const name of [...STATISTIC_FIELDS, ...LIMITS]) {
    if (data[name] === undefined || (name === 'metric' && kind === 'noDataFor')) continue;
    const isInside = kind === 'predicted' && name in { metric: 1, above: 1, below: 1 };
    report(name, isInside ? 'must be in predicted' : `must not be with ${kind}: make two rules`);
  }
}

function predictedFaults({ above, below, within, defrost }: PredictedData, report: Report): void {
  if ((above === undefined) === (below === undefined))
    report('predicted.above', 'or below must be given, and not both: make two rules');
  for (const [name, value] of Object.entries({ above, below })) {
    if (value !== undefined && decimalOf(value) === undefined)
      report(`predicted.${name}`, 'must be at most 1e15 with at most 15 decimals');
  }
  if (within !== undefined)
    spanFaults('predicted.within', within, [5 * MINUTE_MS, DAY_MS, '5m to 1d'], report);
  if (defrost && !('metric' in defrost))
    defrostFaults(defrost, (name, detail) => report(`predicted.defrost.${name}`, detail));
}

/** Reports what is wrong with a schedule whose form is valid. */
export function defrostFaults(schedule: DefrostSchedule, report: Report): void {
  const { lasts } = schedule;
  if ('every' in schedule) {
    const { every, from } = schedule;
    spanFaults('every', every, [60 * MINUTE_MS, 2 * DAY_MS, '1h to 2d'], report);
    const time = parseFixedTime(from);
    if ('problem' in time) report('from', time.problem);
  } else {
    for (const [index, time] of schedule.at.entries())
      if (minuteOf(time) === undefined) report(`at.${index}`, 'must be a time of day such as 22:30');
    if (!isTimeZone(schedule.timeZone))
      report('timeZone', 'must be an IANA time zone such as America/Los_Angeles');
  }
  if (lasts !== undefined) spanFaults('lasts', lasts, [MINUTE_MS, 180 * MINUTE_MS, '1m to 3h'], report);
}

function spanFaults(
  name: string,
  text: string,
  [shortest, longest, range]: readonly [number, number, string],
  report: Report,
): void {
  const span = durationOf(text);
  if (span === undefined) report(name, 'must be a duration such as 90s, 30m, 2h or 1d');
  else if (span < shortest || span > longest) report(name, `must be from ${range}`);
}

function durationFaults(
  data: RuleData,
  name: 'noDataFor' | 'offlineFor' | 'repeatEvery' | 'escalateAfter',
  report: Report,
): void {
  const text = data[name];
  if (text === undefined) return;
  spanFaults(name, text, [SHORTEST_MS, 30 * DAY_MS, '10s to 30d'], report);
}

function timeFaults(data: RuleData, report: Report): void {
  const times = (['enabledFrom', 'enabledUntil'] as const).map((name) => {
    const found = data[name] === undefined ? undefined : parseFixedTime(data[name]);
    if (found && 'problem' in found) report(name, found.problem.replace(/^is not /, 'must be '));
    return found && 'ms' in found ? found.ms : undefined;
  });
  const [from, until] = times;
  if (from !== undefined && until !== undefined && until <= from)
    report('enabledUntil', 'must be after enabledFrom');
}

function quietFaults({ quietHours }: RuleData, report: Report): void {
  if (!quietHours) return;
  for (const name of ['from', 'to'] as const) {
    if (minuteOf(quietHours[name]) === undefined)
      report(`quietHours.${name}`, 'must be a time of day such as 22:30');
  }
  if (quietHours.from === quietHours.to) report('quietHours.to', 'must differ from quietHours.from');
  if (!isTimeZone(quietHours.timeZone)) {
    report('quietHours.timeZone', 'must be an IANA time zone such as America/Los_Angeles');
  }
}

function limitFaults(data: RuleData, report: Report): void {
  const { metric, stat, perMinute, anySpelling, levels } = data;
  if (metric === undefined && stat !== 'count') report('metric', 'must be given, except with stat count');
  if (anySpelling && stat !== undefined && stat !== 'min' && stat !== 'max')
    report('anySpelling', 'must be with stat min or max, or without a stat');
  if (perMinute && stat === undefined) report('stat', 'must be given with perMinute');
  if (levels === undefined) {
    levelFaults(data, levelOf(data), '', report);
    return;
  }
  for (const name of ['severity', ...LIMITS] as const) {
    if (data[name] !== undefined) report(name, 'must be inside levels, or remove levels');
  }
  for (const [index, level] of levels.entries()) {
    levelFaults(data, level, `levels.${index}.`, report);
    orderFaults(level, levels.slice(0, index), `levels.${index}.`, report);
  }
}

/** A worse level must be harder to reach on each side, or the milder ones would never be announced. */
function orderFaults(level: Level, milder: readonly Level[], path: string, report: Report): void {
  const before = milder.at(-1);
  if (before && SEVERITIES.indexOf(level.severity) <= SEVERITIES.indexOf(before.severity)) {
    const detail = `must be worse than ${before.severity}: levels ascend, ${SEVERITIES.join(', ')}`;
    report(`${path}severity`, detail);
  }
  const highest = Math.max(...milder.map(({ above = -Infinity }) => above));
  const lowest = Math.min(...milder.map(({ below = Infinity }) => below));
  if (level.above !== undefined && level.above <= highest)
    report(`${path}above`, `must be over ${highest}, the limit of a milder level`);
  if (level.below !== undefined && level.below >= lowest)
    report(`${path}below`, `must be under ${lowest}, the limit of a milder level`);
}

function levelFaults({ stat, perMinute }: RuleData, level: Level, path: string, report: Report): void {
  const { above, below, clearBelow, clearAbove } = level;
  for (const limit of LIMITS) {
    const value = level[limit];
    if (value !== undefined && decimalOf(value) === undefined) {
      report(`${path}${limit}`, 'must be at most 1e15 with at most 15 decimals');
    }
  }
  if (above === undefined && below === undefined) {
    report(
      `${path}above`,
      path === ''
        ? 'or below, levels, noDataFor, offlineFor, predicted or unusual must be given'
        : 'or below must be given',
    );
  }
  if (clearBelow !== undefined && (above === undefined || clearBelow > above)) {
    report(`${path}clearBelow`, 'must be with above, and not over it');
  }
  if (clearAbove !== undefined && (below === undefined || clearAbove < below)) {
    report(`${path}clearAbove`, 'must be with below, and not under it');
  }
  if (above !== undefined && below !== undefined && below >= above)
    report(`${path}below`, 'must be under above');
  if (stat === 'count' && !perMinute && below !== undefined && below <= 1)
    report(`${path}below`, 'must be over 1: a window without readings is not stored, so use noDataFor');
  if (clearBelow !== undefined && clearAbove !== undefined && clearAbove >= clearBelow) {
    report(`${path}clearAbove`, 'must be under clearBelow, or the alert never clears');
  } else if (clearBelow !== undefined && below !== undefined && clearBelow <= below) {
    report(`${path}clearBelow`, 'must be over below, or the alert never clears');
  } else if (clearAbove !== undefined && above !== undefined && clearAbove >= above) {
    report(`${path}clearAbove`, 'must be under above, or the alert never clears');
  }
}
