// What is wrong with an alert rule beyond its form, told before it is stored: ingestion trusts the rules that it reads.

import { SEVERITIES, type AlertRule, type Level } from './alert-rule.ts';
import { decimalOf } from './decimal.ts';

/** `name` is the path of the field, such as `levels.0.clearBelow`. */
export interface RuleFault {
  readonly name: string;
  readonly detail: string;
}

const LIMITS = ['above', 'below', 'clearBelow', 'clearAbove'] as const;

/** Everything that is wrong with the rule; nothing for one that can be judged. */
export function faultsOf(rule: AlertRule): RuleFault[] {
  const faults: RuleFault[] = [];
  if (rule.metric === undefined && rule.stat !== 'count') {
    faults.push({ name: 'metric', detail: `must be given with stat ${rule.stat}; only count does without` });
  }
  for (const [index, level] of rule.levels.entries()) {
    faults.push(...levelFaults(level, `levels.${index}`));
    const before = rule.levels[index - 1];
    if (before && SEVERITIES.indexOf(level.severity) <= SEVERITIES.indexOf(before.severity)) {
      const detail = `must be worse than ${before.severity}: levels ascend, ${SEVERITIES.join(', ')}`;
      faults.push({ name: `levels.${index}.severity`, detail });
    }
  }
  return faults;
}

function levelFaults(level: Level, name: string): RuleFault[] {
  const faults: RuleFault[] = [];
  const { above, below, clearBelow, clearAbove } = level;
  for (const limit of LIMITS) {
    const value = level[limit];
    if (value !== undefined && decimalOf(value) === undefined) {
      faults.push({ name: `${name}.${limit}`, detail: 'must be at most 1e15 with at most 15 decimals' });
    }
  }
  const fault = (limit: string, detail: string) => faults.push({ name: `${name}.${limit}`, detail });
  if (above === undefined && below === undefined) fault('above', 'or below must be given');
  if (clearBelow !== undefined && (above === undefined || clearBelow > above)) {
    fault('clearBelow', 'must be with above, and not over it');
  }
  if (clearAbove !== undefined && (below === undefined || clearAbove < below)) {
    fault('clearAbove', 'must be with below, and not under it');
  }
  if (above !== undefined && below !== undefined && below >= above) fault('below', 'must be under above');
  if (clearBelow !== undefined && clearAbove !== undefined && clearAbove >= clearBelow) {
    fault('clearAbove', 'must be under clearBelow, or the alert never clears');
  }
  return faults;
}
