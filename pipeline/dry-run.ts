// Runs a rule over the stored windows of a fleet, and reports the notifications that it would have sent.

import { appliesTo, isInsightRule, type AlertRule } from '../core/alert-rule.ts';
import type { Notification } from '../core/alert-state.ts';
import { judgesAny, type DeviceMetrics, type SentMetrics } from '../core/metric-warnings.ts';
import { runDry } from '../core/dry-run.ts';
import type { DeviceStore, WindowHistory } from './ports.ts';

export interface DryRunResult {
  /** In order of time. */
  readonly notifications: readonly Notification[];
  /** Devices and windows that were read. */
  readonly devices: number;
  readonly windows: number;
  /** The windows that had the metric (all if the rule names none), and their devices. */
  readonly windowsWithMetric: number;
  readonly devicesWithMetric: number;
  /** The metrics that the devices sent in these windows. */
  readonly sent: SentMetrics;
  /** False when there was more than one call can read. */
  readonly isComplete: boolean;
}

/** `from` and `to` in epoch milliseconds. Rejects with the SDK's error, or with a RangeError as `runDry` in core. */
export type DryRun = (
  rule: AlertRule,
  span: { readonly from: number; readonly to: number },
) => Promise<DryRunResult>;

/** The history before the span from which a rule about trends or habits learns. */
const LEARNS_FROM_MS = 4.2 * 86_400_000;
/** As many as one request can read in its time: six devices for a day at windows of ten seconds. */
const MAX_WINDOWS = 50_000;
const MAX_NOTIFICATIONS = 1000;
const DEVICES_A_PAGE = 500;

export function createDryRun(parts: {
  readonly devices: Pick<DeviceStore, 'list'>;
  readonly history: Pick<WindowHistory, 'stored'>;
  readonly windowSeconds: number;
}): DryRun {
  const { devices, history, windowSeconds } = parts;
  return async (rule, { from, to }) => {
    const judged = 'metric' in rule ? rule : {};
    const notifications: Notification[] = [];
    const sent: DeviceMetrics[] = [];
    let [windows, looked, windowsWithMetric, devicesWithMetric] = [0, 0, 0, 0];
    let after: string | undefined;
    const found = (isComplete: boolean): DryRunResult => ({
      notifications: notifications.sort((a, b) => a.decidedAt - b.decidedAt).slice(0, MAX_NOTIFICATIONS),
      ...{ devices: sent.length, windows, windowsWithMetric, devicesWithMetric },
      sent: { devices: sent, isComplete },
      isComplete: isComplete && notifications.length <= MAX_NOTIFICATIONS,
    });
    do {
      const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
      for (const device of page.devices) {
        if (!appliesTo(rule, device, to)) continue;
        const limit = MAX_WINDOWS - looked;
        const { deviceId } = device;
        const begin = isInsightRule(rule) ? from - LEARNS_FROM_MS : from;
        const read = await history.stored({ deviceId, from: begin, to, limit: limit + 1 });
        if (read.length > limit) return found(false);
        const announced = runDry(rule, read, { windowSeconds, until: to });
        notifications.push(...announced.filter(({ decidedAt }) => decidedAt >= from));
        const stored = begin === from ? read : read.filter(({ windowStart }) => windowStart >= from);
        const withMetric = stored.filter(({ metrics }) => judgesAny(judged, metrics.keys())).length;
        sent.push({
          deviceId: device.deviceId,
          metrics: new Set(stored.flatMap(({ metrics }) => [...metrics.keys()])),
        });
        windows += stored.length;
        looked += read.length;
        windowsWithMetric += withMetric;
        if (withMetric > 0) devicesWithMetric += 1;
      }
      after = page.last;
    } while (after !== undefined);
    return found(true);
  };
}
