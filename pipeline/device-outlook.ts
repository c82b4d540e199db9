// What rules about trends and habits have learned about a device, and a restart of that learning.

import { appliesTo, isInsightRule, type AlertRule, type InsightRule } from '../core/alert-rule.ts';
import type { Device } from '../core/device.ts';
import { beginLearning, knownOf, type Known } from '../core/insight/observe.ts';
import { MINUTE_MS } from '../core/insight/minute.ts';
import { createSiteDuties } from '../core/insight/site-duties.ts';
import type { Outlook } from '../core/outlook.ts';
import type { DefrostSchedule } from '../core/rule-data.ts';
import { beginningOf, catchUp, closedUntil, subjectOf, withEntered } from './foresee.ts';
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
  /** It still learns from the stored history, so its outlook is not about now. */
  readonly isBehind?: true;
  /** When the device defrosts, as a user entered it. */
  readonly entered?: DefrostSchedule;
}

export interface DeviceOutlooks {
  /** By rule id. Rejects with the SDK's error. */
  read(device: Device): Promise<readonly DeviceOutlook[]>;
  /**
   * Starts the learning again from now; false if the rule does not judge this device's trends or habits. Rejects with
   * the SDK's error.
   */
  learnAgain(device: Device, ruleId: string): Promise<boolean>;
  /**
   * Makes a rule judge the device by these defrosts, or by those that it learns (undefined), within a quarter of an
   * hour; false if the rule makes no predictions for the device. Rejects with the SDK's error.
   */
  enter(device: Device, ruleId: string, entered: DefrostSchedule | undefined): Promise<boolean>;
}

/** A rule that is so far behind still learns from stored history. */
const BEHIND_MS = 60 * MINUTE_MS;
/** The stored state is a quarter of an hour behind at most. */
const PAGES = 1;

interface OutlookParts {
  readonly rules: Pick<RuleStore, 'read'>;
  readonly windows: Pick<WindowStore, 'before'>;
  readonly learnedStore: LearnedStore;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

async function rulesFor({ rules, now }: OutlookParts, device: Device): Promise<InsightRule[]> {
  const all: readonly AlertRule[] = (await readRules(rules)).rules;
  return all.filter(isInsightRule).filter((rule) => appliesTo(rule, device, now()));
}

const ruleOf = async (parts: OutlookParts, device: Device, ruleId: string) =>
  (await rulesFor(parts, device)).find(({ id }) => id === ruleId);

/** Stored history is learned from within minutes, so only the rest of the time counts as left. */
const sinceHistory = (outlook: Outlook | undefined, behind: number): Outlook | undefined =>
  outlook?.left === undefined ? outlook : { ...outlook, left: Math.max(MINUTE_MS, outlook.left - behind) };

/** Gives what one rule learned about a device. */
function createLook(parts: OutlookParts) {
  const { learnedStore, now } = parts;
  const duties = createSiteDuties();
  return async ({ deviceId, site }: Device, rule: InsightRule): Promise<DeviceOutlook> => {
    const kept = await learnedStore.load(deviceId, rule.id);
    const entered = kept?.entered && { entered: kept.entered };
    if (kept?.of !== subjectOf(rule)) return { rule, ...entered };
    const judged = withEntered(rule, kept.entered);
    const { learned, until, outlooks } = await catchUp(
      { ...parts, duties },
      { rule: judged, deviceId, site },
      kept,
      PAGES,
    );
    const known = knownOf(judged, learned);
    const behind = closedUntil(now()) - until;
    const outlook = behind > BEHIND_MS ? undefined : sinceHistory(outlooks.at(-1), behind);
    return {
      ...{ rule, until, ...(known && { known }), ...(outlook && { outlook }), ...entered },
      ...(behind > BEHIND_MS && { isBehind: true as const }),
    };
  };
}

export function createDeviceOutlooks(parts: OutlookParts): DeviceOutlooks {
  const { learnedStore, now } = parts;
  const look = createLook(parts);
  return {
    read: async (device) => Promise.all((await rulesFor(parts, device)).map((rule) => look(device, rule))),
    async learnAgain(device, ruleId) {
      const rule = await ruleOf(parts, device, ruleId);
      if (!rule) return false;
      const kept = await learnedStore.load(device.deviceId, ruleId);
      await learnedStore.restart(device.deviceId, ruleId, {
        ...{ learned: beginLearning(), until: closedUntil(now()) },
        ...{ of: subjectOf(rule), entered: kept?.entered },
      });
      return true;
    },
    async enter(device, ruleId, entered) {
      const { deviceId } = device;
      const rule = await ruleOf(parts, device, ruleId);
      if (rule?.insight !== 'predicted') return false;
      if (await learnedStore.enter(deviceId, ruleId, entered)) return true;
      // Nothing is stored for the device yet. If another writer is faster, its item is kept.
      await learnedStore.save(deviceId, ruleId, { ...beginningOf(rule, now()), entered }, undefined);
      return learnedStore.enter(deviceId, ruleId, entered);
    },
  };
}
