// Runs a rule over the stored windows of a fleet, and reports the notifications that it would have sent.

import { appliesTo, isInsightRule, type AlertRule } from '../core/alert-rule.ts';
import type { Notification } from '../core/alert-state.ts';
import type { Device } from '../core/device.ts';
import { judgesAny, type DeviceMetrics, type SentMetrics } from '../core/metric-warnings.ts';
import { runDry } from '../core/dry-run.ts';
import type { Window } from '../core/window.ts';
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
  /** False if there was more data than one call can read. */
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

interface DryRunParts {
  readonly devices: Pick<DeviceStore, 'list'>;
  readonly history: Pick<WindowHistory, 'stored'>;
  readonly windowSeconds: number;
}

async function* everyDevice(devices: DryRunParts['devices']): AsyncGenerator<Device> {
  let after: string | undefined;
  do {
    const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
    yield* page.devices;
    after = page.last;
  } while (after !== undefined);
}

/** Collects the notifications and metrics of each device, and gives the result. */
function createFindings(rule: AlertRule) {
  const judged = 'metric' in rule ? rule : {};
  const notifications: Notification[] = [];
  const sent: DeviceMetrics[] = [];
  let [windows, windowsWithMetric, devicesWithMetric] = [0, 0, 0];
  return {
    add(deviceId: string, stored: readonly Window[], announced: readonly Notification[]): void {
      const withMetric = stored.filter(({ metrics }) => judgesAny(judged, metrics.keys())).length;
      notifications.push(...announced);
      sent.push({ deviceId, metrics: new Set(stored.flatMap(({ metrics }) => [...metrics.keys()])) });
      windows += stored.length;
      windowsWithMetric += withMetric;
      if (withMetric > 0) devicesWithMetric += 1;
    },
    result: (isComplete: boolean): DryRunResult => ({
      notifications: notifications.sort((a, b) => a.decidedAt - b.decidedAt).slice(0, MAX_NOTIFICATIONS),
      ...{ devices: sent.length, windows, windowsWithMetric, devicesWithMetric },
      sent: { devices: sent, isComplete },
      isComplete: isComplete && notifications.length <= MAX_NOTIFICATIONS,
    }),
  };
}

export function createDryRun({ devices, history, windowSeconds }: DryRunParts): DryRun {
  return async (rule, { from, to }) => {
    const findings = createFindings(rule);
    const begin = isInsightRule(rule) ? from - LEARNS_FROM_MS : from;
    let looked = 0;
    for await (const device of everyDevice(devices)) {
      if (!appliesTo(rule, device, to)) continue;
      const { deviceId } = device;
      const limit = MAX_WINDOWS - looked;
      const read = await history.stored({ deviceId, from: begin, to, limit: limit + 1 });
      if (read.length > limit) return findings.result(false);
      looked += read.length;
      const announced = runDry(rule, read, { windowSeconds, until: to });
      const stored = begin === from ? read : read.filter(({ windowStart }) => windowStart >= from);
      findings.add(
        deviceId,
        stored,
        announced.filter(({ decidedAt }) => decidedAt >= from),
      );
    }
    return findings.result(true);
  };
}
