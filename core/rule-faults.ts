// What is wrong with an alert rule beyond its form, told before it is stored: ingestion trusts the rules that it reads.

import { SEVERITIES, type Level } from './alert-rule.ts';
import { decimalOf } from './decimal.ts';
import { durationOf } from './duration.ts';
import { isTimeZone, minuteOf } from './quiet-hours.ts';
import { levelOf, LIMITS, type RuleData } from './rule-data.ts';
import { parseFixedTime } from './time-text.ts';

/** `name` is the path of the field, such as `levels.0.clearBelow`. */
export interface RuleFault {
  readonly name: string;
  readonly detail: string;
}

type Tell = (name: string, detail: string) => void;

const DAY_MS = 86_400_000;
const SHORTEST_MS = 10_000;
const FIGURE_FIELDS = [
  'metric',
  'stat',
  'anySpelling',
  'perMinute',
  'levels',
  'forWindows',
  'clearAfter',
  'judgeLate',
] as const;

/** Everything that is wrong with the rule; nothing for one that can be judged. */
export function faultsOf(data: RuleData): RuleFault[] {
  const faults: RuleFault[] = [];
  const tell: Tell = (name, detail) => faults.push({ name, detail });
  const absences = (['noDataFor', 'offlineFor'] as const).filter((name) => data[name] !== undefined);
  if (absences.length > 1) tell('offlineFor', 'and noDataFor exclude each other: make two rules');
  else if (absences[0]) absenceFaults(data, absences[0], tell);
  else limitFaults(data, tell);
  durationFaults(data, 'repeatEvery', tell);
  durationFaults(data, 'escalateAfter', tell);
  if (data.escalateTo && data.escalateAfter === undefined) tell('escalateTo', 'must be with escalateAfter');
  timeFaults(data, tell);
  quietFaults(data, tell);
  return faults;
}

function absenceFaults(data: RuleData, absence: 'noDataFor' | 'offlineFor', tell: Tell): void {
  durationFaults(data, absence, tell);
  for (const name of [...FIGURE_FIELDS, ...LIMITS]) {
    if (data[name] === undefined || (name === 'metric' && absence === 'noDataFor')) continue;
    tell(name, `must not be with ${absence}: make two rules`);
  }
}

function durationFaults(
  data: RuleData,
  name: 'noDataFor' | 'offlineFor' | 'repeatEvery' | 'escalateAfter',
  tell: Tell,
): void {
  const text = data[name];
  if (text === undefined) return;
  const span = durationOf(text);
  if (span === undefined) tell(name, 'must be a duration such as 90s, 30m, 2h or 1d');
  else if (span < SHORTEST_MS || span > 30 * DAY_MS) tell(name, 'must be from 10s to 30d');
}

function timeFaults(data: RuleData, tell: Tell): void {
  const times = (['enabledFrom', 'enabledUntil'] as const).map((name) => {
    const found = data[name] === undefined ? undefined : parseFixedTime(data[name]);
    if (found && 'problem' in found) tell(name, found.problem.replace(/^is not /, 'must be '));
    return found && 'ms' in found ? found.ms : undefined;
  });
  const [from, until] = times;
  if (from !== undefined && until !== undefined && until <= from)
    tell('enabledUntil', 'must be after enabledFrom');
}

function quietFaults({ quietHours }: RuleData, tell: Tell): void {
  if (!quietHours) return;
  for (const name of ['from', 'to'] as const) {
    if (minuteOf(quietHours[name]) === undefined)
      tell(`quietHours.${name}`, 'must be a time of day such as 22:30');
  }
  if (quietHours.from === quietHours.to) tell('quietHours.to', 'must differ from quietHours.from');
  if (!isTimeZone(quietHours.timeZone)) {
    tell('quietHours.timeZone', 'must be an IANA time zone such as America/Los_Angeles');
  }
}

function limitFaults(data: RuleData, tell: Tell): void {
  const { metric, stat, perMinute, anySpelling, levels } = data;
  if (metric === undefined && stat !== 'count') tell('metric', 'must be given; only stat count does without');
  if (anySpelling && stat !== undefined && stat !== 'min' && stat !== 'max')
    tell('anySpelling', 'must be with stat min or max, or without a stat');
  if (perMinute && stat === undefined) tell('stat', 'must be given with perMinute');
  if (levels === undefined) {
    levelFaults(data, levelOf(data), '', tell);
    return;
  }
  for (const name of ['severity', ...LIMITS] as const) {
    if (data[name] !== undefined) tell(name, 'must be in levels, or the rule be without levels');
  }
  for (const [index, level] of levels.entries()) {
    levelFaults(data, level, `levels.${index}.`, tell);
    orderFaults(level, levels.slice(0, index), `levels.${index}.`, tell);
  }
}

/** A worse level has to be harder to reach on each side, or the milder ones are never told of. */
function orderFaults(level: Level, milder: readonly Level[], path: string, tell: Tell): void {
  const before = milder.at(-1);
  if (before && SEVERITIES.indexOf(level.severity) <= SEVERITIES.indexOf(before.severity)) {
    const detail = `must be worse than ${before.severity}: levels ascend, ${SEVERITIES.join(', ')}`;
    tell(`${path}severity`, detail);
  }
  const highest = Math.max(...milder.map(({ above = -Infinity }) => above));
  const lowest = Math.min(...milder.map(({ below = Infinity }) => below));
  if (level.above !== undefined && level.above <= highest)
    tell(`${path}above`, `must be over ${highest}, the limit of a milder level`);
  if (level.below !== undefined && level.below >= lowest)
    tell(`${path}below`, `must be under ${lowest}, the limit of a milder level`);
}

function levelFaults({ stat, perMinute }: RuleData, level: Level, path: string, tell: Tell): void {
  const { above, below, clearBelow, clearAbove } = level;
  for (const limit of LIMITS) {
    const value = level[limit];
    if (value !== undefined && decimalOf(value) === undefined) {
      tell(`${path}${limit}`, 'must be at most 1e15 with at most 15 decimals');
    }
  }
  if (above === undefined && below === undefined) {
    tell(
      `${path}above`,
      path === '' ? 'or below, levels, noDataFor or offlineFor must be given' : 'or below must be given',
    );
  }
  if (clearBelow !== undefined && (above === undefined || clearBelow > above)) {
    tell(`${path}clearBelow`, 'must be with above, and not over it');
  }
  if (clearAbove !== undefined && (below === undefined || clearAbove < below)) {
    tell(`${path}clearAbove`, 'must be with below, and not under it');
  }
  if (above !== undefined && below !== undefined && below >= above)
    tell(`${path}below`, 'must be under above');
  if (stat === 'count' && !perMinute && below !== undefined && below <= 1)
    tell(`${path}below`, 'must be over 1: a window without readings is not stored, so use noDataFor');
  if (clearBelow !== undefined && clearAbove !== undefined && clearAbove >= clearBelow) {
    tell(`${path}clearAbove`, 'must be under clearBelow, or the alert never clears');
  } else if (clearBelow !== undefined && below !== undefined && clearBelow <= below) {
    tell(`${path}clearBelow`, 'must be over below, or the alert never clears');
  } else if (clearAbove !== undefined && above !== undefined && clearAbove >= above) {
    tell(`${path}clearAbove`, 'must be under above, or the alert never clears');
  }
}
