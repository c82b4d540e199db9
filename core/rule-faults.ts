// What is wrong with an alert rule beyond its form, told before it is stored: ingestion trusts the rules that it reads.

import { SEVERITIES, type Level } from './alert-rule.ts';
import { decimalOf } from './decimal.ts';
import { durationOf } from './duration.ts';
import { isTimeZone, minuteOf } from './quiet-hours.ts';
import { levelOf, LIMITS, type PredictedData, type RuleData } from './rule-data.ts';
import { parseFixedTime } from './time-text.ts';

/** `name` is the path of the field, such as `levels.0.clearBelow`. */
export interface RuleFault {
  readonly name: string;
  readonly detail: string;
}

type Tell = (name: string, detail: string) => void;

/** What a rule may judge instead of a limit. */
const KINDS = ['noDataFor', 'offlineFor', 'predicted', 'unusual'] as const;
type Kind = (typeof KINDS)[number];

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
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
  const [kind, other] = KINDS.filter((name) => data[name] !== undefined);
  if (other) tell(other, `and ${kind} exclude each other: make two rules`);
  else if (kind) otherKindFaults(data, kind, tell);
  else limitFaults(data, tell);
  durationFaults(data, 'repeatEvery', tell);
  durationFaults(data, 'escalateAfter', tell);
  if (data.escalateTo && data.escalateAfter === undefined) tell('escalateTo', 'must be with escalateAfter');
  timeFaults(data, tell);
  quietFaults(data, tell);
  return faults;
}

/** Of a rule that judges something else than a limit. */
function otherKindFaults(data: RuleData, kind: Kind, tell: Tell): void {
  if (kind === 'predicted') predictedFaults(data.predicted!, tell);
  else if (kind !== 'unusual') durationFaults(data, kind, tell);
  for (const name of [...FIGURE_FIELDS, ...LIMITS]) {
    if (data[name] === undefined || (name === 'metric' && kind === 'noDataFor')) continue;
    const isInside = kind === 'predicted' && name in { metric: 1, above: 1, below: 1 };
    tell(name, isInside ? 'must be in predicted' : `must not be with ${kind}: make two rules`);
  }
}

function predictedFaults({ above, below, within, defrost }: PredictedData, tell: Tell): void {
  if ((above === undefined) === (below === undefined))
    tell('predicted.above', 'or below must be given, and not both: make two rules');
  for (const [name, value] of Object.entries({ above, below })) {
    if (value !== undefined && decimalOf(value) === undefined)
      tell(`predicted.${name}`, 'must be at most 1e15 with at most 15 decimals');
  }
  if (within !== undefined) spanFaults('predicted.within', within, [5 * MINUTE_MS, DAY_MS, '5m to 1d'], tell);
  if (!defrost || 'metric' in defrost) return;
  const { at, timeZone, lasts } = defrost;
  for (const [index, time] of at.entries()) {
    if (minuteOf(time) === undefined)
      tell(`predicted.defrost.at.${index}`, 'must be a time of day such as 22:30');
  }
  if (!isTimeZone(timeZone))
    tell('predicted.defrost.timeZone', 'must be an IANA time zone such as America/Los_Angeles');
  if (lasts !== undefined)
    spanFaults('predicted.defrost.lasts', lasts, [MINUTE_MS, 180 * MINUTE_MS, '1m to 3h'], tell);
}

function spanFaults(
  name: string,
  text: string,
  [shortest, longest, range]: readonly [number, number, string],
  tell: Tell,
): void {
  const span = durationOf(text);
  if (span === undefined) tell(name, 'must be a duration such as 90s, 30m, 2h or 1d');
  else if (span < shortest || span > longest) tell(name, `must be from ${range}`);
}

function durationFaults(
  data: RuleData,
  name: 'noDataFor' | 'offlineFor' | 'repeatEvery' | 'escalateAfter',
  tell: Tell,
): void {
  const text = data[name];
  if (text === undefined) return;
  spanFaults(name, text, [SHORTEST_MS, 30 * DAY_MS, '10s to 30d'], tell);
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
      path === ''
        ? 'or below, levels, noDataFor, offlineFor, predicted or unusual must be given'
        : 'or below must be given',
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
