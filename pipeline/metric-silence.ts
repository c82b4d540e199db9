// Finds out when a device last sent a metric that a rule waits for: by its newest windows, and by a note that outlives the function.

import { isAlarm, emptyState } from '../core/alert-step.ts';
import type { SilenceRule } from '../core/alert-rule.ts';
import type { AlertState } from '../core/alert-state.ts';
import type { Presence } from '../core/silence.ts';
import type { Recent } from '../core/recent.ts';
import type { Window } from '../core/window.ts';
import type { DeviceAlerts, WindowStore } from './ports.ts';

/** What an environment remembers of a rule and a device; epoch milliseconds. */
export interface MetricSighting {
  /** When the metric was there; absent of a device that is not known to have ever sent it. */
  readonly lastAt?: number;
  /** When that was looked up or written down. */
  readonly notedAt: number;
}

/** How far the note may be behind: each is a write of the alerts table, and each look without a note reads so much. */
const NOTE_AGAIN_MS = 600_000;
/** Sweeps may come late. */
const SLACK_MS = 300_000;
const WINDOWS_A_PAGE = 200;

export interface MetricSilenceParts {
  readonly windows: Pick<WindowStore, 'before'>;
  readonly windowSeconds: number;
  readonly sightings: Recent<MetricSighting>;
  /** Nobody looked before; epoch milliseconds. */
  readonly watchedSince: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Question {
  readonly rule: SilenceRule & { readonly metric: string };
  readonly deviceId: string;
  /** The state of an alarm that stands. */
  readonly alarm: AlertState | undefined;
  /** The device's newest windows, oldest first. */
  readonly newest: () => Promise<readonly Window[]>;
  readonly load: () => Promise<DeviceAlerts>;
}

/** What the metric's presence is; `seenAt`: to be noted in the state. Undefined when there is nothing to do. */
export interface MetricPresence {
  readonly presence: Presence;
  readonly seenAt?: number;
}

/** Rejects with the SDK's error. */
export async function metricPresence(
  parts: MetricSilenceParts,
  question: Question,
): Promise<MetricPresence | undefined> {
  const { sightings, watchedSince, now } = parts;
  const { rule, deviceId, alarm } = question;
  const { metric, longest, id } = rule;
  const key = `${id}/${deviceId}`;
  const known = sightings.get(key);
  const isFresh = (time: number) => Math.abs(now() - time) <= longest;
  // Read at least as often as it is noted, or the note would fall behind.
  if (!alarm && known?.lastAt !== undefined && isFresh(known.lastAt) && isNoted(known, now()))
    return undefined;
  const newest = await question.newest();
  const found = newest.findLast(({ metrics }) => metrics.has(metric));
  const seenAt = found && Math.min(found.lastReadingAt, now());
  const lastAt = seenAt ?? (await lastSighting(parts, question, key));
  if (lastAt === undefined) return undefined;
  const isNews = seenAt !== undefined && !alarm && !isNoted(known, seenAt);
  sightings.set(key, { lastAt, notedAt: isNews ? lastAt : (known?.notedAt ?? lastAt) });
  const last = newest.at(-1);
  const isReporting = last !== undefined && last !== found && isFresh(last.lastReadingAt);
  const presence = { lastAt: Math.max(lastAt, watchedSince), isBack: isFresh(lastAt), isReporting };
  const isGone = now() - presence.lastAt > longest;
  return alarm || isGone || isNews ? { presence, ...(isNews && { seenAt }) } : undefined;
}

/** The state with the note that the metric was there; the same one where that is known, or where an alarm stands. */
export function withSighting(
  rule: SilenceRule,
  state: AlertState | undefined,
  deviceId: string,
  seenAt: number,
): AlertState | undefined {
  const known = state ?? emptyState(deviceId, rule.id);
  if (isAlarm(known) || seenAt - known.windowStart < NOTE_AGAIN_MS) return state;
  return { ...known, version: known.version + 1, windowStart: seenAt };
}

function isNoted(known: MetricSighting | undefined, time: number): boolean {
  return known?.lastAt !== undefined && Math.abs(time - known.notedAt) < NOTE_AGAIN_MS;
}

/** When it was there before the newest windows; undefined for a device that never sent it, as far as was noted. */
async function lastSighting(
  parts: MetricSilenceParts,
  { rule: { id, metric }, deviceId, alarm, load }: Question,
  key: string,
): Promise<number | undefined> {
  const { windows, windowSeconds, sightings, now } = parts;
  if (alarm) return alarm.alarm?.announced.windowStart ?? alarm.windowStart;
  const known = sightings.get(key);
  if (known?.lastAt !== undefined) return known.lastAt;
  if (known && Math.abs(now() - known.notedAt) < NOTE_AGAIN_MS) return undefined;
  const noted = (await load()).states.get(id)?.windowStart ?? 0;
  if (noted === 0) {
    sightings.set(key, { notedAt: now() });
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
