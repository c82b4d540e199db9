// Follows one message through the stack: the readings parsed from it, whether their windows counted them, and the alerts that resulted.

import type { HistoryEntry } from '../core/alert-state.ts';
import type { Device } from '../core/device.ts';
import { explanationOf, type ExplainedReading, type Explanation } from '../core/explain-reading.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { MapMessage } from '../core/map-message.ts';
import { parseMessage } from '../core/message.ts';
import type { MessageContext, TimeLimits } from '../core/reading.ts';
import { windowStartOf } from '../core/window.ts';
import type { ApiPorts } from './api-ports.ts';
import type { AlertHistory, DeviceStore, RuleStore, WindowHistory } from './ports.ts';
import { readRules } from './rules.ts';

/**
 * `counted`: its window has its fingerprint. `absent`: the window does not have it, or does not exist. `unknown`: the
 * window has more readings than fingerprints that can be read, or the message has no time of its own and was not read as
 * the rule sent it.
 */
export type Counted = 'counted' | 'absent' | 'unknown';

export interface FollowedReading extends Omit<ExplainedReading, 'fingerprint'> {
  /** Epoch milliseconds, half open. */
  readonly window: { readonly start: number; readonly end: number };
  readonly counted: Counted;
}

export interface FollowedMessage extends Omit<Explanation, 'readings'> {
  /** Absent if the event lacks what the rule adds. */
  readonly context?: MessageContext;
  readonly readings: readonly FollowedReading[];
  /** Changes of alerts that its windows caused, newest first. */
  readonly alerts: readonly HistoryEntry[];
}

/** `isAsSent`: the event is the one that the rule sent, not one built from a payload. Rejects with the SDK's error. */
export type FollowMessage = (event: unknown, isAsSent: boolean) => Promise<FollowedMessage>;

/** Windows read for one message; readings in other windows are `unknown`. */
const MAX_WINDOWS = 20;
const READS_AT_ONCE = 8;
/** A window is judged soon after it closes, and a late window when it arrives. */
const JUDGED_WITHIN_MS = 15 * 60_000;
const MAX_ENTRIES = 500;
const TRANSITION_MARGIN_MS = 60_000;

interface FollowParts {
  readonly mapMessage: MapMessage;
  readonly rules: Pick<RuleStore, 'read'>;
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly windows: Pick<WindowHistory, 'fingerprints'>;
  readonly history: Pick<AlertHistory, 'read'>;
  readonly limits: TimeLimits & { readonly windowSeconds: number };
  readonly now: ApiPorts['now'];
}

/** Whether the windows counted each of the readings. */
async function countedOf(
  { windows, limits: { windowSeconds } }: FollowParts,
  readings: readonly ExplainedReading[],
  isAsSent: boolean,
): Promise<Counted[]> {
  const keyOf = ({ deviceId, timestamp }: ExplainedReading) =>
    `${windowStartOf(timestamp, windowSeconds)}/${deviceId}`;
  const found = new Map<string, Awaited<ReturnType<WindowHistory['fingerprints']>>>();
  const keys = [...new Map(readings.map((each) => [keyOf(each), each]))].slice(0, MAX_WINDOWS);
  await inParallel(keys, READS_AT_ONCE, async ([key, { deviceId, timestamp }]) => {
    found.set(key, await windows.fingerprints(deviceId, windowStartOf(timestamp, windowSeconds)));
  });
  return readings.map((each) => {
    if (!found.has(keyOf(each)) || (!isAsSent && !each.isOwnTime)) return 'unknown';
    const prints = found.get(keyOf(each));
    if (prints?.known.has(each.fingerprint)) return 'counted';
    return prints && !prints.isWhole ? 'unknown' : 'absent';
  });
}

/** The changes of alerts that the windows of the readings caused. */
async function alertsOf(
  { history, limits: { windowSeconds }, now }: FollowParts,
  readings: readonly ExplainedReading[],
  receivedAt: number,
): Promise<HistoryEntry[]> {
  const byDevice = Map.groupBy(readings, ({ deviceId }) => deviceId);
  const all: HistoryEntry[] = [];
  await inParallel([...byDevice].slice(0, MAX_WINDOWS), READS_AT_ONCE, async ([deviceId, own]) => {
    const starts = new Set(own.map(({ timestamp }) => windowStartOf(timestamp, windowSeconds)));
    const { entries } = await history.read({
      deviceId,
      from: receivedAt - TRANSITION_MARGIN_MS,
      to: Math.min(now() + 1, Math.max(receivedAt, ...starts) + JUDGED_WITHIN_MS),
      limit: MAX_ENTRIES,
    });
    // A reminder repeats what an earlier window decided.
    const isOfIt = ({ windowStart, what }: HistoryEntry) =>
      windowStart !== undefined && starts.has(windowStart) && what !== 'repeated' && what !== 'escalated';
    all.push(...entries.filter(isOfIt));
  });
  return all.sort((a, b) => b.at - a.at);
}

/** The devices of the readings that are known. */
async function devicesOf(
  { devices }: Pick<FollowParts, 'devices'>,
  readings: readonly { readonly deviceId: string }[],
): Promise<ReadonlyMap<string, Device | undefined>> {
  const known = new Map<string, Device | undefined>();
  const ids = [...new Set(readings.map(({ deviceId }) => deviceId))].slice(0, MAX_WINDOWS);
  await inParallel(ids, READS_AT_ONCE, async (id) => void known.set(id, await devices.load(id)));
  return known;
}

export function createFollowMessage(parts: FollowParts): FollowMessage {
  const { mapMessage, rules, limits, now } = parts;
  const { windowSeconds } = limits;

  return async (event, isAsSent) => {
    const message = parseMessage(event, limits, await mapMessage(event));
    const { context } = message;
    const known = await devicesOf(parts, message.accepted);
    const found = explanationOf(message, (await readRules(rules)).rules, now(), (id) => known.get(id));
    const { readings, ...explanation } = found;
    const [counted, alerts] = await Promise.all([
      countedOf(parts, readings, isAsSent),
      context ? alertsOf(parts, readings, context.receivedAt) : [],
    ]);
    return {
      ...explanation,
      ...(context && { context }),
      alerts,
      readings: readings.map(({ fingerprint: _fingerprint, ...reading }, index) => {
        const start = windowStartOf(reading.timestamp, windowSeconds);
        return {
          ...reading,
          window: { start, end: start + windowSeconds * 1000 },
          counted: counted[index]!,
        };
      }),
    };
  };
}
