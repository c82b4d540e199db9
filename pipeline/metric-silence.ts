// Finds when a device last sent a metric whose silence a rule watches: from its newest windows, and from a time stored in the alert state.

import { isAlarm, emptyState } from '../core/alert-step.ts';
import type { SilenceRule } from '../core/alert-rule.ts';
import type { AlertState } from '../core/alert-state.ts';
import type { Presence } from '../core/silence.ts';
import type { Recent } from '../core/recent.ts';
import type { Window } from '../core/window.ts';
import type { DeviceAlerts, WindowStore } from './ports.ts';

/** What an environment remembers for a rule and a device; epoch milliseconds. */
export interface MetricLastSeen {
  /** When the metric was last sent; absent if the device is not known to have ever sent it. */
  readonly lastAt?: number;
  /** When that was read or stored. */
  readonly notedAt: number;
}

/**
 * How far the stored time may be behind. Each update is a write to the alerts table; without one, a search reads windows
 * of this span.
 */
const NOTE_AGAIN_MS = 600_000;
/** Sweeps may come late. */
const SLACK_MS = 300_000;
const WINDOWS_A_PAGE = 200;

export interface MetricSilenceParts {
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  readonly metricsLastSeen: Recent<MetricLastSeen>;
  /** Silence is watched since then; epoch milliseconds. */
  readonly watchedSince: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Question {
  readonly rule: SilenceRule & { readonly metric: string };
  readonly deviceId: string;
  /** The state of an active alarm. */
  readonly alarm: AlertState | undefined;
  /** The device's newest windows, oldest first. */
  readonly newest: () => Promise<readonly Window[]>;
  readonly load: () => Promise<DeviceAlerts>;
}

/** The metric's presence; `seenAt` is to be stored in the state. Undefined when there is nothing to do. */
export interface MetricPresence {
  readonly presence: Presence;
  readonly seenAt?: number;
}

/** Rejects with the SDK's error. */
export async function metricPresence(
  parts: MetricSilenceParts,
  question: Question,
): Promise<MetricPresence | undefined> {
  const { metricsLastSeen, watchedSince, now } = parts;
  const { rule, deviceId, alarm } = question;
  const { metric, longest, id } = rule;
  const key = `${id}/${deviceId}`;
  const known = metricsLastSeen.get(key);
  const isFresh = (time: number) => Math.abs(now() - time) <= longest;
  // Read at least as often as it is stored, or the stored time would fall behind.
  if (!alarm && known?.lastAt !== undefined && isFresh(known.lastAt) && isNoted(known, now()))
    return undefined;
  const newest = await question.newest();
  const found = newest.findLast(({ metrics }) => metrics.has(metric));
  const seenAt = found && Math.min(found.lastReadingAt, now());
  const lastAt = seenAt ?? (await lastSeenEarlier(parts, question, key));
  if (lastAt === undefined) return undefined;
  const isNews = seenAt !== undefined && !alarm && !isNoted(known, seenAt);
  metricsLastSeen.set(key, { lastAt, notedAt: isNews ? lastAt : (known?.notedAt ?? lastAt) });
  const last = newest.at(-1);
  const isReporting = last !== undefined && last !== found && isFresh(last.lastReadingAt);
  const presence = { lastAt: Math.max(lastAt, watchedSince), isBack: isFresh(lastAt), isReporting };
  const isGone = now() - presence.lastAt > longest;
  return alarm || isGone || isNews ? { presence, ...(isNews && { seenAt }) } : undefined;
}

/** The state with the time when the metric was sent; unchanged if the stored time is recent, or an alarm is active. */
export function withLastSeen(
  rule: SilenceRule,
  state: AlertState | undefined,
  deviceId: string,
  seenAt: number,
): AlertState | undefined {
  const known = state ?? emptyState(deviceId, rule.id);
  if (isAlarm(known) || seenAt - known.windowStart < NOTE_AGAIN_MS) return state;
  return { ...known, version: known.version + 1, windowStart: seenAt };
}

function isNoted(known: MetricLastSeen | undefined, time: number): boolean {
  return known?.lastAt !== undefined && Math.abs(time - known.notedAt) < NOTE_AGAIN_MS;
}

/** When it was last sent before the newest windows; undefined if the device never sent it, as far as is stored. */
async function lastSeenEarlier(
  parts: MetricSilenceParts,
  { rule: { id, metric }, deviceId, alarm, load }: Question,
  key: string,
): Promise<number | undefined> {
  const { windows, windowSeconds, metricsLastSeen, now } = parts;
  if (alarm) return alarm.alarm?.announced.windowStart ?? alarm.windowStart;
  const known = metricsLastSeen.get(key);
  if (known?.lastAt !== undefined) return known.lastAt;
  if (known && Math.abs(now() - known.notedAt) < NOTE_AGAIN_MS) return undefined;
  const noted = (await load()).states.get(id)?.windowStart ?? 0;
  if (noted === 0) {
    metricsLastSeen.set(key, { notedAt: now() });
    return undefined;
  }
  let before = noted + NOTE_AGAIN_MS + SLACK_MS + windowSeconds * 1000;
  for (;;) {
    const page = await windows.before(deviceId, before, WINDOWS_A_PAGE);
    const found = page.findLast(({ metrics }) => metrics.has(metric));
    if (found) return Math.max(noted, Math.min(found.lastReadingAt, now()));
    const [first] = page;
    if (!first || page.length < WINDOWS_A_PAGE || first.windowStart <= noted) return noted;
    before = first.windowStart;
  }
}
