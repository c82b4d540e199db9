// Tells again of alarms that nobody has acknowledged, tells others when that lasts, and ends those that no rule judges.

import type { AlertRule } from './alert-rule.ts';
import type { AlertState, Moment, Transition } from './alert-state.ts';
import { isAlarm, stateAfter } from './alert-step.ts';
import { isForeign } from './active-alarm.ts';

/**
 * The alarm once people are reminded of it, or others told; the same object when it is not time, when somebody has taken
 * charge of it, and while the device or the alert is to be left alone. Others are told once an alarm.
 */
export function remind(rule: AlertRule, state: AlertState, moment: Moment): AlertState {
  const { now, snoozedUntil = 0 } = moment;
  const { alarm } = state;
  // What is still owed is news enough.
  if (state.state !== 'alarm' || !alarm || state.pending.length > 0 || snoozedUntil > now) return state;
  const { escalation, repeatEvery } = rule;
  // A time that lies ahead was written before the clock stepped back.
  const isOld = (time: number, age: number) => Math.abs(now - time) >= age;
  if (escalation && alarm.escalatedAt === undefined && isOld(alarm.firstNotifiedAt, escalation.after)) {
    return reminded({ ...rule, channels: escalation.channels }, state, 'escalated', moment);
  }
  const isDue = repeatEvery !== undefined && isOld(alarm.notifiedAt, repeatEvery);
  return isDue ? reminded(rule, state, 'repeated', moment) : state;
}

/** The alarm once nobody judges it any more; the same object when there is none. `rule`: the last that is known of it. */
export function end(
  rule: Pick<AlertRule, 'id' | 'channels' | 'quietHours' | 'comment'>,
  state: AlertState,
  moment: Moment,
): AlertState {
  if (state.state === 'pending') {
    const { pendingBy: _before, ...rest } = state;
    return { ...rest, state: 'ok', version: state.version + 1 };
  }
  if (!isAlarm(state)) return state;
  if (state.alarm) return reminded(rule, state, 'ended', moment);
  const { severity: _severity, acknowledged: _acknowledged, ...rest } = state;
  return { ...rest, state: 'ok', version: state.version + 1 };
}

/** The end of an alarm whose rule was changed and judges something else now; undefined when it is none. */
export function endForeign(
  rule: AlertRule,
  state: AlertState | undefined,
  moment: Moment,
): AlertState | undefined {
  if (!state || !isAlarm(state) || !isForeign(rule, state)) return undefined;
  return reminded(rule, state, 'ended', moment, true);
}

function reminded(
  rule: Pick<AlertRule, 'id' | 'channels' | 'quietHours' | 'comment'>,
  state: AlertState,
  transition: Transition,
  moment: Moment,
  isRuleChanged = false,
): AlertState {
  const { isRuleChanged: _before, timeZone: _zone, comment: _comment, ...announced } = state.alarm!.announced;
  const { deviceId, site, severity, windowStart, since } = announced;
  const gone = String(Math.max(0, Math.floor((moment.now - since) / 1000)));
  const finding = announced.silence ? { ...announced, value: gone } : announced;
  return stateAfter(
    rule,
    state,
    { transition, deviceId, site, severity, finding, windowStart, since, isRuleChanged },
    moment,
  );
}
