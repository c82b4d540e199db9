// Removes a device that is no longer in use, and ends its alerts, so that it is not reported as silent for ever.

import type { AlertState, Moment } from '../core/alert-state.ts';
import { isAlarm } from '../core/alert-step.ts';
import { end } from '../core/reminder.ts';
import { unitsOf } from '../core/unit.ts';
import type { LearnedItems } from './insight-ports.ts';
import type { AlertHistory, AlertStore, DeviceStore, RuleStore } from './ports.ts';
import { readRules } from './rules.ts';

export interface RemovedDevice {
  /** Whether the device was known. */
  readonly isRemoved: boolean;
  /** Ids of the rules whose alerts were ended. */
  readonly ended: readonly string[];
}

/**
 * Safe to repeat. The sweep sends what is then pending. What rules learned about it is removed. Windows, archive and history stay.
 *
 * @throws UnreadableStateError, after all else is done, for an alert that cannot be read.
 */
export type RemoveDevice = (deviceId: string) => Promise<RemovedDevice>;

interface RemovePorts {
  readonly devices: Pick<DeviceStore, 'load' | 'remove'>;
  readonly alerts: AlertStore;
  readonly history: Pick<AlertHistory, 'record'>;
  readonly rules: Pick<RuleStore, 'read'>;
  readonly learnedItems: Pick<LearnedItems, 'of' | 'remove'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Whether there was an alert to end; others may write it meanwhile. */
async function endAlert(
  { alerts, history }: RemovePorts,
  from: AlertState,
  rule: Parameters<typeof end>[0],
  moment: Moment,
): Promise<boolean> {
  let state: AlertState | undefined = from;
  while (state) {
    const next = end(rule, state, moment);
    if (next === state) return false;
    if (await alerts.transition(state, next)) {
      await history.record(next.unrecorded); // the sweep clears it from the state
      return isAlarm(state);
    }
    state = (await alerts.load(from.deviceId)).states.get(from.ruleId);
  }
  return false;
}

export function createRemoveDevice(ports: RemovePorts): RemoveDevice {
  const { devices, alerts, learnedItems, now } = ports;
  return async (deviceId) => {
    const [{ rules }, device] = await Promise.all([readRules(ports.rules), devices.load(deviceId)]);
    // First, so that no sweep raises another alert for it.
    const isRemoved = await devices.remove(deviceId);
    const { states, snooze, unreadable = new Map<string, Error>() } = await alerts.load(deviceId);
    const moment = {
      ...{ now: now(), units: unitsOf(device ?? {}) },
      ...(snooze && { snoozedUntil: snooze.until }),
    };
    const ended: string[] = [];
    for (const [ruleId, state] of states) {
      const channels = state.alarm?.announced.channels ?? [];
      const rule = rules.find(({ id }) => id === ruleId) ?? { id: ruleId, channels };
      if (await endAlert(ports, state, rule, moment)) ended.push(ruleId);
    }
    for await (const key of learnedItems.of(deviceId)) await learnedItems.remove(key);
    if (snooze) await alerts.snooze(deviceId, undefined);
    for (const error of unreadable.values()) throw error;
    return { isRemoved, ended };
  };
}
