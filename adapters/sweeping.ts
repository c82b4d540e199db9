// Looks after alerts that no message may come for: debts of a crash or an outage, reminders, and devices that are gone.

import { isLimitRule, type AlertRule } from '../core/alert-rule.ts';
import type { AlertState } from '../core/alert-state.ts';
import type { Device } from '../core/device.ts';
import { needsClosedWindows } from '../core/figure.ts';
import type { AlertStore, OpenAlerts } from './alert-store.ts';
import type { DeviceStore } from './device-store.ts';
import { createDeviceSweep, type DeviceSweepParts } from './device-sweep.ts';
import { inParallel } from './in-parallel.ts';
import type { Paying } from './paying.ts';
import { UnreadableRuleError, type RuleSet } from './rule-store.ts';
import type { Watch } from './watch.ts';

/**
 * Takes the steps that time alone brings about, and sends what is owed. Goes on with the others when one fails, and
 * rejects at the end with the first error, of a rule that cannot be read too: a repeat is safe.
 */
export type Sweep = (
  payer: string,
  options?: {
    /** Called after each notification that was sent. */
    readonly onSent?: () => void;
    /** Called for each rule that cannot be read. */
    readonly onUnreadable?: (error: UnreadableRuleError) => void;
  },
) => Promise<void>;

const CALLS_AT_ONCE = 16;
const DEVICES_A_PAGE = 1000;

export function createSweeping(
  parts: Omit<DeviceSweepParts, 'rules' | 'kept' | 'watchedSince' | 'alerts'> & {
    readonly rules: () => Promise<RuleSet<AlertRule>>;
    readonly alerts: AlertStore & OpenAlerts;
    readonly devices: Pick<DeviceStore, 'list'>;
    readonly paying: Paying;
    readonly watch: Watch;
  },
): Sweep {
  const { alerts, devices, paying, watch } = parts;

  async function everyDevice(): Promise<Device[]> {
    const all: Device[] = [];
    let after: string | undefined;
    do {
      const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
      all.push(...page.devices);
      after = page.last;
    } while (after !== undefined);
    return all;
  }

  return async (payer, { onSent, onUnreadable } = {}) => {
    const { rules, unreadable } = await parts.rules();
    const watchedSince = await watch();
    const open: AlertState[] = [];
    for await (const state of alerts.listOpen()) open.push(state);
    const openBy = Map.groupBy(open, ({ deviceId }) => deviceId);
    const asksForAll = rules.some((rule) => !isLimitRule(rule) || needsClosedWindows(rule));
    const known = asksForAll || open.length > 0 ? await everyDevice() : [];
    const knownIds = new Set(known.map(({ deviceId }) => deviceId));
    const unknown = [...openBy.keys()].filter((deviceId) => !knownIds.has(deviceId));
    const looked = [
      ...known.filter(({ deviceId }) => asksForAll || openBy.has(deviceId)),
      ...unknown.map((deviceId) => ({ deviceId })),
    ].map((device) => ({ ...siteOf(openBy.get(device.deviceId)), ...device }));
    const kept = new Set(unreadable.map(({ id }) => id));
    const sweepDevice = createDeviceSweep({ ...parts, rules, kept, watchedSince });
    const errors: unknown[] = [];
    await inParallel(looked, CALLS_AT_ONCE, async (device) => {
      try {
        const owing = await sweepDevice(device, openBy.get(device.deviceId) ?? []);
        for (const state of owing) await paying.pay(state, payer, onSent);
      } catch (error) {
        errors.push(error);
      }
    });
    const left = open.filter(({ pending }) => pending.some(({ inDigest }) => inDigest));
    await paying.payDigests(left, payer, onSent).catch((error: unknown) => errors.push(error));
    for (const rule of unreadable) {
      const error = new UnreadableRuleError(rule);
      onUnreadable?.(error);
      errors.push(error);
    }
    if (errors.length > 0) throw errors[0];
  };
}

/** Where a device is by its alarms, should the table of devices not know. */
function siteOf(open: readonly AlertState[] = []): { readonly site?: string } {
  const site = open.find(({ alarm }) => alarm)?.alarm?.told.site;
  return site === undefined ? {} : { site };
}
