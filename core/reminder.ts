// Repeats the notification of unacknowledged alarms, escalates them after a time, and ends alarms that no rule judges any more.

import type { AlertRule } from './alert-rule.ts';
import type { AlertState, Moment, Transition } from './alert-state.ts';
import { isAlarm, stateAfter } from './alert-step.ts';
import { isForeign } from './active-alarm.ts';

/**
 * The alarm after a reminder or an escalation. The same object if neither is due, if somebody acknowledged the alarm, and
 * while the device or the alert is snoozed. An alarm is escalated once.
 */
export function remind(rule: AlertRule, state: AlertState, moment: Moment): AlertState {
  const { now, snoozedUntil = 0 } = moment;
  const { alarm } = state;
  // A pending notification is reminder enough.
  if (state.state !== 'alarm' || !alarm || state.pending.length > 0 || snoozedUntil > now) return state;
  const { escalation, repeatEvery } = rule;
  // A time in the future was written before the clock stepped back.
  const isOld = (time: number, age: number) => Math.abs(now - time) >= age;
  if (escalation && alarm.escalatedAt === undefined && isOld(alarm.firstNotifiedAt, escalation.after)) {
    return reminded({ ...rule, channels: escalation.channels }, state, 'escalated', moment);
  }
  const isDue = repeatEvery !== undefined && isOld(alarm.notifiedAt, repeatEvery);
  return isDue ? reminded(rule, state, 'repeated', moment) : state;
}

/** The alarm once no rule judges it any more; the same object if there is no alarm. `rule`: its last known version. */
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

/** Ends an alarm whose changed rule now judges something else; undefined if there is none. */
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
