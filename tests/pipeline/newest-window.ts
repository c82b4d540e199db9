// The expected final state of each alert, from the newest stored window of the device.

import assert from 'node:assert/strict';
import { SEVERITIES, type LimitRule } from '../../core/alert-rule.ts';
import { judge } from '../../core/alert.ts';
import type { AlertState } from '../../core/alert-state.ts';
import { isAlarm } from '../../core/alert-step.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import type { Window } from '../../core/window.ts';
import { START, type AlertWorld } from './alert-world.ts';

export type Rule = Omit<RuleData, 'id'>;

export const metric = 'temperature';
/** One window raises or clears, with nothing between: the state follows from the newest window alone. */
export const plain: readonly Rule[] = [
  { metric, stat: 'max', above: 8 },
  { metric, above: 8, below: 2 },
  {
    metric,
    levels: [
      { severity: 'warning', above: 5 },
      { severity: 'major', above: 8 },
      { severity: 'critical', above: 10 },
    ],
  },
];
/** Judges until nothing changes. */
function stateBy(
  rule: LimitRule,
  from: AlertState | undefined,
  closed: readonly Window[],
): AlertState | undefined {
  let state = from;
  for (;;) {
    const next = judge(rule, state, { closed }, { now: START });
    if (next === undefined || next === state) return state;
    state = { ...next, pending: [], unrecorded: [] };
  }
}

const rank = (state: AlertState | undefined) =>
  state && isAlarm(state) ? SEVERITIES.indexOf(state.severity!) : -1;

/** Of the device `device`. */
export async function assertJudged(world: AlertWorld): Promise<void> {
  const windows = await world.services.windows.before('device', Number.MAX_SAFE_INTEGER, 10_000);
  const { states } = await world.services.alerts.load('device');
  for (const data of world.rules.data) {
    const rule = compileRule(data) as LimitRule;
    const live = states.get(rule.id);
    const announced = world.decided
      .filter(({ entry }) => entry.ruleId === rule.id)
      .sort((a, b) => a.version - b.version)
      .map(({ entry }) => entry);
    const shown = announced
      .map(({ what, windowStart }) => `${what} ${(windowStart! - START) / 10_000}`)
      .join();
    const breached = rank(stateBy(rule, undefined, windows));
    assert.ok(
      rank(live) >= breached,
      `${JSON.stringify(rule.levels)} is breached and not announced: ${shown}`,
    );
    if (breached >= 0) assert.ok(!['cleared', 'ended'].includes(announced.at(-1)!.what), shown);
    assert.equal(live?.newerUnjudged, undefined);
    const { id: _id, ...own } = data;
    if (!plain.some((each) => JSON.stringify(each) === JSON.stringify(own))) continue;
    let replayed: AlertState | undefined;
    for (let n = 1; n <= windows.length; n += 1) replayed = stateBy(rule, replayed, windows.slice(0, n));
    assert.equal(rank(live), rank(replayed), `${JSON.stringify(rule.levels)}: ${shown}`);
  }
}
