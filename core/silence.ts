// Decides when a device is silent or offline and when it is back; an unstable device does not raise an alert every time.

import { SEVERITIES, type SilenceRule, type Severity } from './alert-rule.ts';
import type { SilenceFinding, AlertState, Moment, Transition } from './alert-state.ts';
import { isAlarm, stateAfter, type Step } from './alert-step.ts';
import type { Device } from './device.ts';
import { endForeign } from './reminder.ts';

/** When a device was last there, whether it is there now, and since when if that is known. Epoch milliseconds. */
export interface Presence {
  readonly lastAt: number;
  readonly isBack: boolean;
  readonly backSince?: number;
  /** If a metric is judged: the device keeps sending others. */
  readonly isReporting?: boolean;
}

/**
 * The presence that a rule judges. A silent device has not been heard from for a long time; an offline one is not
 * connected, and is known to have been connected before. `lastSeenAt`: its newest reading or message; for a metric, its
 * newest value. `watchedSince`: since when the stack has been observing; earlier silence does not count.
 * Undefined if the rule cannot judge the device.
 */
export function presenceOf(
  rule: SilenceRule,
  device: Device,
  lastSeenAt: number | undefined,
  { now, watchedSince }: { readonly now: number; readonly watchedSince: number },
): Presence | undefined {
  if (rule.silence === 'silent') {
    if (lastSeenAt === undefined) return undefined;
    const lastAt = Math.max(lastSeenAt, watchedSince);
    return { lastAt, isBack: now - lastSeenAt <= rule.longest };
  }
  const { online, presenceSince } = device;
  if (online === undefined || presenceSince === undefined) return undefined;
  if (online) return { lastAt: now, isBack: true, backSince: presenceSince };
  return { lastAt: Math.max(presenceSince, watchedSince), isBack: false };
}

/**
 * Judges whether the device has been silent for longer than the rule allows, or back for as long without interruption.
 * Makes at most one step; returns the same object if there is none.
 */
export function judgeSilence(
  rule: SilenceRule,
  state: AlertState | undefined,
  device: Device,
  presence: Presence,
  moment: Moment,
): AlertState | undefined {
  const { now } = moment;
  const { lastAt, isBack, backSince } = presence;
  const ended = endForeign(rule, state, moment);
  if (ended) return ended;
  const decide = (transition: Transition, since: number, more?: Pick<Step, 'severity' | 'isRuleChanged'>) =>
    stateAfter(
      rule,
      state,
      {
        ...{ transition, deviceId: device.deviceId, site: device.site ?? '', severity: rule.severity },
        ...{ finding: findingOf(rule, presence, now - since), windowStart: lastAt, since },
        ...more,
      },
      moment,
    );
  if (!state || !isAlarm(state)) return now - lastAt > rule.longest ? decide('raised', lastAt) : state;
  const { alarm, severity = rule.severity } = state;
  const goneSince = alarm?.announced.since ?? lastAt;
  if (!isBack && severity !== rule.severity)
    return decide(isWorse(rule.severity, severity) ? 'worsened' : 'eased', goneSince, {
      ...{ severity: rule.severity, isRuleChanged: true },
    });
  if (!isBack) return alarm?.backSince === undefined ? state : withBackSince(state, undefined);
  const since = backSince ?? alarm?.backSince;
  const isUnknown = since === undefined || (backSince === undefined && since > now); // the clock stepped back
  if (isUnknown) return withBackSince(state, now);
  return lastAt - since >= rule.longest ? decide('cleared', goneSince, { severity }) : state;
}

function withBackSince(state: AlertState, backSince: number | undefined): AlertState {
  const { alarm, version } = state;
  if (!alarm) return state;
  const { backSince: _before, ...rest } = alarm;
  return {
    ...state,
    version: version + 1,
    alarm: { ...rest, ...(backSince !== undefined && { backSince }) },
  };
}

function findingOf(
  { silence, metric, longest }: SilenceRule,
  { isReporting }: Presence,
  goneFor: number,
): SilenceFinding {
  const seconds = (ms: number) => String(Math.floor(ms / 1000));
  return {
    silence,
    ...(metric !== undefined && { metric }),
    ...(isReporting && { isReporting: true as const }),
    ...{ value: seconds(goneFor), limit: seconds(longest) },
  };
}

const isWorse = (a: Severity, b: Severity) => SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b);
