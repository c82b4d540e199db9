// What rules about trends and habits have learned about a device, and a restart of that learning.

import { appliesTo, isInsightRule, type AlertRule, type InsightRule } from '../core/alert-rule.ts';
import type { Device } from '../core/device.ts';
import { beginLearning, knownOf, type Known } from '../core/insight/observe.ts';
import { MINUTE_MS } from '../core/insight/minute.ts';
import { createSiteDuties } from '../core/insight/site-duties.ts';
import type { Outlook } from '../core/outlook.ts';
import { catchUp, closedUntil, subjectOf } from './foresee.ts';
import type { LearnedStore } from './insight-ports.ts';
import type { RuleStore, WindowStore } from './ports.ts';
import { readRules } from './rules.ts';

export interface DeviceOutlook {
  readonly rule: InsightRule;
  /** All minutes before this time were learned from, epoch milliseconds; absent if none was yet. */
  readonly until?: number;
  readonly known?: Known;
  /** The rule's outlook after the last of these minutes; absent if the device sent nothing lately. */
  readonly outlook?: Outlook;
}

export interface DeviceOutlooks {
  /** By rule id. Rejects with the SDK's error. */
  read(device: Device): Promise<readonly DeviceOutlook[]>;
  /**
   * Starts the learning again from now; false if the rule does not judge this device's trends or habits. Rejects with
   * the SDK's error.
   */
  learnAnew(device: Device, ruleId: string): Promise<boolean>;
}

/** The stored state is a quarter of an hour behind at most. */
const PAGES = 1;

export function createDeviceOutlooks(parts: {
  readonly rules: Pick<RuleStore, 'read'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly learnedStore: LearnedStore;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): DeviceOutlooks {
  const { rules, learnedStore, now } = parts;
  const duties = createSiteDuties();

  async function rulesFor(device: Device): Promise<InsightRule[]> {
    const all: readonly AlertRule[] = (await readRules(rules)).rules;
    return all.filter(isInsightRule).filter((rule) => appliesTo(rule, device, now()));
  }

  async function look({ deviceId, site }: Device, rule: InsightRule): Promise<DeviceOutlook> {
    const kept = await learnedStore.load(deviceId, rule.id);
    if (kept?.of !== subjectOf(rule)) return { rule };
    const { learned, until, outlooks } = await catchUp(
      { ...parts, duties },
      { rule, deviceId, site },
      kept,
      PAGES,
    );
    const known = knownOf(rule, learned);
    const outlook = sinceHistory(outlooks.at(-1), closedUntil(now()) - until);
    return { rule, until, ...(known && { known }), ...(outlook && { outlook }) };
  }

  /** Stored history is learned from within minutes, so only the rest of the time counts as left. */
  const sinceHistory = (outlook: Outlook | undefined, behind: number): Outlook | undefined =>
    outlook?.left === undefined ? outlook : { ...outlook, left: Math.max(MINUTE_MS, outlook.left - behind) };

  return {
    read: async (device) => Promise.all((await rulesFor(device)).map((rule) => look(device, rule))),
    async learnAnew(device, ruleId) {
      const rule = (await rulesFor(device)).find(({ id }) => id === ruleId);
      if (!rule) return false;
      await learnedStore.restart(device.deviceId, ruleId, {
        ...{ learned: beginLearning(), until: closedUntil(now()), of: subjectOf(rule) },
      });
      return true;
    },
  };
}
