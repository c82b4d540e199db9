// Looks after alerts without waiting for a message: notifications left by a crash or an outage, reminders, and silent devices.

import { isLimitRule, type AlertRule } from '../core/alert-rule.ts';
import { areSame, changedRules, knownAfter, knownNow } from '../core/changed-rules.ts';
import type { AlertState } from '../core/alert-state.ts';
import type { Device } from '../core/device.ts';
import { needsClosedWindows } from '../core/statistic.ts';
import { inParallel } from '../core/in-parallel.ts';
import { createSiteDuties } from '../core/insight/site-duties.ts';
import { createRecent } from '../core/recent.ts';
import type { DeliveryEvents } from './deliver-events.ts';
import { createOutbox, type Outbox } from './deliver.ts';
import type { LearningProgress } from './foresee.ts';
import { forgetLearned, isForgetting } from './forget-learned.ts';
import type { LearnedItems, LearnedStore } from './insight-ports.ts';
import type { MetricLastSeen } from './metric-silence.ts';
import type { AlertStore, DeviceStore, OpenAlerts, RuleSet, SweepPorts, SweepProgress } from './ports.ts';
import { readRules, UnreadableRuleError } from './rules.ts';
import { createDeviceSweep, type SweptDevice } from './sweep-device.ts';
import type { DeviceSweepParts } from './sweep-steps.ts';

/**
 * Takes the steps that time alone causes, and sends pending notifications. Continues with the others when one fails, and
 * rejects at the end with the first error, also that of a rule that cannot be read. Safe to repeat. Devices for which
 * there was no time come first in the next sweep.
 */
export type Sweep = (
  sender: string,
  options?: DeliveryEvents & {
    /** When the sweep has to be over; epoch milliseconds. */
    readonly endsAt?: number;
    /** Called for each rule that cannot be read. */
    readonly onUnreadable?: (error: UnreadableRuleError) => void;
    /** Called with the number of devices left to the next sweep, if any. */
    readonly onLate?: (left: number) => void;
  },
) => Promise<void>;

const CALLS_AT_ONCE = 16;
/** For rules about a metric's silence: this many devices are checked without a read while all is well. */
const REMEMBERED_METRICS = 20_000;
const DEVICES_A_PAGE = 1000;
/** Shares of the time left: for checking devices, then for claiming what goes into digests; the rest is for sending. */
const DEVICES_SHARE = 1 / 2;
const DIGESTS_SHARE = 1 / 3;
/** Of the time left after sending: the rest is for the calls that are on their way. */
const FORGETTING_SHARE = 1 / 2;

/** The sweep with its parts. */
export function createSweep(ports: SweepPorts, settings: { readonly windowSeconds: number }): Sweep {
  return createSweeping({
    ...ports,
    ...settings,
    rules: async () => readRules(ports.rules),
    outbox: createOutbox(ports),
  });
}

type OpenByDevice = ReadonlyMap<string, readonly AlertState[]>;

async function everyDevice(devices: Pick<DeviceStore, 'list'>): Promise<Device[]> {
  const all: Device[] = [];
  let after: string | undefined;
  do {
    const page = await devices.list({ limit: DEVICES_A_PAGE, ...(after !== undefined && { after }) });
    all.push(...page.devices);
    after = page.last;
  } while (after !== undefined);
  return all;
}

/** All alerts that can be read. */
async function openAlerts(alerts: OpenAlerts, onError: (error: unknown) => void): Promise<AlertState[]> {
  const open: AlertState[] = [];
  try {
    for await (const state of alerts.listOpen()) open.push(state);
  } catch (error) {
    onError(error);
  }
  return open;
}

/** The devices that some rule may notify about, in the same order in each sweep. */
async function devicesFor(
  devices: Pick<DeviceStore, 'list'>,
  rules: readonly AlertRule[],
  openBy: OpenByDevice,
  changed: ReadonlySet<string>,
): Promise<SweptDevice[]> {
  const asksForAll = rules.some(
    (rule) => !isLimitRule(rule) || needsClosedWindows(rule) || changed.has(rule.id),
  );
  const known = asksForAll || openBy.size > 0 ? await everyDevice(devices) : [];
  const knownIds = new Set(known.map(({ deviceId }) => deviceId));
  const unknown = [...openBy.keys()].filter((deviceId) => !knownIds.has(deviceId));
  const toSweep = [
    ...known.filter(({ deviceId }) => asksForAll || openBy.has(deviceId)),
    ...unknown.map((deviceId) => ({ deviceId, isForgotten: true as const })),
  ].map((device) => ({ ...siteOf(openBy.get(device.deviceId)), ...device }));
  return toSweep.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}

interface SweepParts extends Omit<
  DeviceSweepParts,
  'rules' | 'kept' | 'changed' | 'watchedSince' | 'alerts' | 'metricsLastSeen' | 'foresight'
> {
  readonly rules: () => Promise<RuleSet<AlertRule>>;
  readonly alerts: AlertStore & OpenAlerts;
  readonly devices: Pick<DeviceStore, 'list'>;
  readonly outbox: Outbox;
  readonly sweepProgress: SweepProgress;
  readonly learnedStore: LearnedStore;
  readonly learnedItems: LearnedItems;
}

/** Sweeps devices in their order while there is time; gives how many were begun. */
async function sweepWhileTime(
  devices: readonly SweptDevice[],
  { until, now }: { readonly until: number; readonly now: () => number },
  sweepOne: (device: SweptDevice) => Promise<void>,
): Promise<number> {
  let [begun, isOver] = [0, false];
  await inParallel(devices, CALLS_AT_ONCE, async (device) => {
    // At least some, however late it is: otherwise no device would ever be checked.
    isOver ||= now() >= until && begun >= CALLS_AT_ONCE;
    if (isOver) return;
    begun += 1;
    await sweepOne(device);
  });
  return begun;
}

interface SweepRun {
  readonly rules: readonly AlertRule[];
  /** Ids of rules that cannot be read. */
  readonly kept: ReadonlySet<string>;
  readonly open: readonly AlertState[];
  /** Where the sweep before stopped. */
  readonly from: Awaited<ReturnType<SweepProgress['begin']>>;
  readonly begunAt: number;
  readonly sender: string;
  readonly events: DeliveryEvents;
  /** The end of a share of the time that is left now. */
  readonly endOf: (share: number) => number;
  readonly errors: unknown[];
}

/**
 * @returns a function that sweeps the devices for which there is time, saves the progress, and gives how many devices
 * are left
 */
function createSweepDevices(parts: SweepParts) {
  const { devices, outbox, sweepProgress, now } = parts;
  const metricsLastSeen = createRecent<MetricLastSeen>(REMEMBERED_METRICS);
  const foresight = {
    ...parts,
    progress: createRecent<LearningProgress>(REMEMBERED_METRICS),
    duties: createSiteDuties(),
  };

  return async ({ rules, kept, open, from, begunAt, errors, ...run }: SweepRun): Promise<number> => {
    const onError = (error: unknown) => void errors.push(error);
    const openBy = Map.groupBy(open, ({ deviceId }) => deviceId);
    const known = knownNow(from.rules, rules, begunAt);
    const changed = changedRules(known);
    const toSweep = beginningAfter(from.last, await devicesFor(devices, rules, openBy, changed));
    const sweepDevice = createDeviceSweep({
      ...parts,
      ...{ metricsLastSeen, foresight, rules, kept, changed, watchedSince: from.since },
    });
    const time = { until: run.endOf(DEVICES_SHARE), now };
    const begun = await sweepWhileTime(toSweep, time, async (device) => {
      const own = openBy.get(device.deviceId) ?? [];
      const pending = await sweepDevice(device, own, onError).catch(
        (error: unknown) => (onError(error), own),
      );
      for (const state of pending) await outbox.deliver(state, run.sender, run.events).catch(onError);
    });
    const last = begun < toSweep.length ? toSweep[begun - 1]?.deviceId : undefined;
    const isWhole = last === undefined && errors.length === 0;
    const judged = isWhole ? knownAfter(known, begunAt, parts.windowSeconds * 1000) : known;
    if (last !== from.last || !areSame(judged, from.rules))
      await sweepProgress.stop({ last, rules: judged }).catch(onError);
    return toSweep.length - begun;
  };
}

/** Removes what was learned about removed devices, and by removed rules. */
async function forgetGone(
  { learnedItems, devices, now }: SweepParts,
  { rules, kept, endOf }: SweepRun,
): Promise<void> {
  const until = endOf(FORGETTING_SHARE);
  await forgetLearned(learnedItems, {
    ...{ rules, unreadable: kept, devices: () => everyDevice(devices) },
    isOver: () => now() >= until,
  });
}

export function createSweeping(parts: SweepParts): Sweep {
  const { outbox, now } = parts;
  const sweepDevices = createSweepDevices(parts);

  return async (sender, { endsAt = Infinity, onUnreadable, onLate, ...events } = {}) => {
    const { rules, unreadable } = await parts.rules();
    const from = await parts.sweepProgress.begin();
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const open = await openAlerts(parts.alerts, onError);
    const kept = new Set(unreadable.map(({ id }) => id));
    const endOf = (share: number) => now() + (endsAt - now()) * share;
    const run = { rules, kept, open, from, begunAt: now(), sender, events, endOf, errors };
    const late = await sweepDevices(run);
    if (late > 0) onLate?.(late);

    const left = open.filter(({ pending }) => pending.some(({ inDigest }) => inDigest));
    const until = endOf(DIGESTS_SHARE);
    await outbox.deliverDigests(left, sender, { until, ...events }).catch(onError);
    if (late === 0 && isForgetting(run.begunAt)) await forgetGone(parts, run).catch(onError);
    for (const rule of unreadable) {
      const error = new UnreadableRuleError(rule);
      onUnreadable?.(error);
      onError(error);
    }
    if (errors.length > 0) throw errors[0];
  };
}

/** The devices, beginning with those after this id. */
function beginningAfter(last: string | undefined, devices: readonly SweptDevice[]): readonly SweptDevice[] {
  const first = last === undefined ? -1 : devices.findIndex(({ deviceId }) => deviceId > last);
  return first <= 0 ? devices : [...devices.slice(first), ...devices.slice(0, first)];
}

/** The site of a device from its alarms, in case the devices table does not have it. */
function siteOf(open: readonly AlertState[] = []): { readonly site?: string } {
  const site = open.find(({ alarm }) => alarm)?.alarm?.announced.site;
  return site === undefined ? {} : { site };
}
