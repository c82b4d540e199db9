// Ingest, for both the direct and the stream path: folds and applies what is accepted, stores what is rejected, judges what changed, notifies.

import type { ParsedMessage } from '../core/message.ts';
import type { Reading } from '../core/reading.ts';
import { createRemembering } from '../core/recent.ts';
import { foldReadings, windowStartOf, type Delta, type Window } from '../core/window.ts';
import { unitsIn, type ReportedUnits } from './reported-units.ts';
import { createBatch, groupedBy, type Batch, type FailedMessage } from './batch.ts';
import { createOutbox } from './deliver.ts';
import { countJudging } from './deliver-events.ts';
import { createAlerting, type JudgeWindows } from './judge.ts';
import { markHours } from './mark-hours.ts';
import type { AppliedDelta, Counting, DeviceStore, IngestPorts, KeepRejected, WindowStore } from './ports.ts';
import type { Rollups } from './rollup-ports.ts';
import { createRecentRules } from './rules.ts';
import { lastSeenIn, type LastSeen } from './last-seen.ts';
import { countRejected, withOverflow, type Unused } from './unused.ts';
import { UNLIMITED, type TimeBudget } from './time-budget.ts';

/**
 * Takes any number of messages in any order, and gives those that must come again, in the order given; everything else
 * is done. Safe to repeat. Never rejects. When the time is over, the messages left come again, with an OutOfTimeError.
 */
export type Ingest = (
  messages: readonly ParsedMessage[],
  counting: Counting,
  budget?: TimeBudget,
) => Promise<FailedMessage[]>;

export interface IngestionParts {
  readonly keepRejected: KeepRejected;
  readonly windows: Pick<WindowStore, 'apply'>;
  readonly devices: Pick<DeviceStore, 'noteSeen' | 'noteUnused' | 'noteUnits'>;
  readonly rollups: Pick<Rollups, 'mark'>;
  readonly judgeWindows: JudgeWindows;
  readonly windowSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Calls to AWS at a time. */
  readonly callsAtOnce: number;
}

/** A reading that arrives later than this is judged only by rules with `judgeLate`. */
const LATE_AFTER_MS = 600_000;
/** Devices report all the time and are rarely in alarm, so most messages need no read of the alerts table. */
const CALM_SECONDS = 10;
/** How long a changed rule may take to have effect. */
const RULES_SECONDS = 30;
/** How long a device's registry data is cached, for rules that match by it. */
const DEVICE_SECONDS = 60;
const KNOWN_DEVICES = 10_000;
/**
 * The part of the time that may be used up at the end of each step, except for the first message. Messages for which
 * there is no time to write windows are left, so that the others can be finished: otherwise a batch that is too long
 * would start again each time and never end.
 */
const SHARES = { windows: 0.4, hours: 0.5, rejected: 0.6, notes: 0.75, judging: 1 } as const;
/** Skipped members that are stored for the device's page. */
const MAX_MEMBERS = 20;
const MAX_MEMBER_LENGTH = 80;

/** Ingest with its parts, for both functions that take readings. */
export function createIngest(
  ports: IngestPorts,
  settings: { readonly windowSeconds: number; readonly callsAtOnce: number },
): Ingest {
  const { rules, devices, now } = ports;
  const judgeWindows = createAlerting({
    ...ports,
    rules: createRecentRules(rules, { seconds: RULES_SECONDS, now }),
    device: createRemembering(async (deviceId) => devices.load(deviceId), {
      limit: KNOWN_DEVICES,
      forMs: DEVICE_SECONDS * 1000,
      now,
    }),
    outbox: createOutbox(ports),
    calmFor: Math.min(settings.windowSeconds, CALM_SECONDS) * 1000,
  });
  return createIngestion({ ...ports, ...settings, judgeWindows });
}

export function createIngestion(parts: IngestionParts): Ingest {
  const { windowSeconds, callsAtOnce } = parts;
  return async (messages, counting, budget = UNLIMITED) => {
    const batch = createBatch(messages, callsAtOnce, budget);
    const deltas = foldReadings(
      messages.flatMap(({ accepted }) => accepted),
      windowSeconds,
    );
    const { changed, overflow } = await applyDeltas(deltas, batch, parts, counting);
    await markHours(batch, deltas, { ...parts, share: SHARES.hours });
    const unused = withOverflow(batch.inTime(), overflow, windowSeconds);
    await keepRejected(batch, unused, parts, counting);
    await noteLastSeen(batch, parts);
    await noteUnused(batch, unused.slice(0, batch.inTime().length), parts);
    await noteUnits(batch, parts);
    await judgeChanged(changed, batch, parts, counting);
    const late = messages.length - batch.inTime().length;
    if (late > 0) counting.count('MessagesOutOfTime', late);
    return batch.failed();
  };
}

async function keepRejected(
  batch: Batch,
  unused: readonly Unused[],
  { keepRejected: keep }: IngestionParts,
  counting: Counting,
): Promise<void> {
  const kept: Unused[] = [];
  const keepOne = async (one: Unused) => {
    const { context, event } = one.message;
    await keep(context, one.rejected, event);
    kept.push(one);
  };
  const refused = unused.filter(({ rejected }) => rejected.length > 0);
  await batch.each(refused, keepOne, ({ message }) => [message], SHARES.rejected);
  countRejected(kept, counting);
}

interface Applied {
  /** The windows after each change, oldest first. */
  readonly changed: readonly Window[];
  readonly overflow: ReadonlySet<Reading>;
}

async function applyDeltas(
  deltas: readonly Delta[],
  batch: Batch,
  { windows, windowSeconds }: IngestionParts,
  counting: Counting,
): Promise<Applied> {
  const changes: (AppliedDelta & { readonly readings: number })[] = [];
  const apply = async (delta: Delta) =>
    void changes.push({ ...(await windows.apply(delta)), readings: delta.readings.size });
  const byWindow = groupedBy(batch.messages, ({ accepted }) =>
    accepted.map(({ deviceId, timestamp }) => windowKey(deviceId, windowStartOf(timestamp, windowSeconds))),
  );
  const byKey = new Map(deltas.map((delta) => [windowKey(delta.deviceId, delta.windowStart), delta]));
  // In the order of the messages, so that the first ones are done when the time is over.
  const inOrder = [...byWindow].map(([key, behind]) => ({ delta: byKey.get(key)!, behind }));
  await batch.each(
    inOrder,
    async ({ delta }) => apply(delta),
    ({ behind }) => behind,
    SHARES.windows,
  );
  const overflow = new Set(changes.flatMap((change) => change.overflow));
  const accepted = total(changes.map(({ applied }) => applied));
  counting.count('ReadingsAccepted', accepted);
  counting.count(
    'ReadingsRepeated',
    repeatedIn(deltas, batch) + total(changes.map(({ readings }) => readings)) - accepted - overflow.size,
  );
  counting.count('WindowsWritten', changes.filter(({ applied }) => applied > 0).length);
  counting.count('ValuesSkipped', total(batch.messages.map(({ skipped }) => skipped.length)));
  counting.count('MessagesWithoutReadings', batch.messages.filter(isWithoutReadings).length);
  counting.count('ValuesRounded', total(batch.messages.map(({ rounded }) => rounded)));
  const changed = changes.map(({ window }) => window).sort((a, b) => a.windowStart - b.windowStart);
  return { changed, overflow };
}

/** Readings that came more than once in these messages. */
function repeatedIn(deltas: readonly Delta[], { messages }: Batch): number {
  return (
    total(messages.map(({ accepted }) => accepted.length)) -
    total(deltas.map(({ readings }) => readings.size))
  );
}

async function noteLastSeen(batch: Batch, { devices }: IngestionParts): Promise<void> {
  const note = ({ deviceId, site, receivedAt }: LastSeen) => devices.noteSeen(deviceId, site, receivedAt);
  const behind = ({ deviceId }: LastSeen) => batch.ofDevice(deviceId);
  await batch.each(lastSeenIn(batch.inTime()), note, behind, SHARES.notes);
}

/** Stores which parts of a device's messages were rejected or skipped, for the device's page. */
async function noteUnused(batch: Batch, all: readonly Unused[], { devices }: IngestionParts): Promise<void> {
  const unused = all.filter(({ message, rejected }) => rejected.length + message.skipped.length > 0);
  const note = async ({ message: { context, skipped }, rejected }: Unused) => {
    if (!context) return;
    const members = new Set(
      skipped.map(({ name, reason }) => `${name.slice(0, MAX_MEMBER_LENGTH)} (${reason})`),
    );
    const last = new Map(rejected.map(({ reason, detail }) => [reason, { reason, detail }]));
    const found = { rejections: [...last.values()], skipped: [...members].slice(0, MAX_MEMBERS) };
    await devices.noteUnused(context.deviceId, found, context.receivedAt);
  };
  await batch.each(unused, note, ({ message }) => [message], SHARES.notes);
}

/** Stores the units of metrics, if messages or a mapping give them. */
async function noteUnits(batch: Batch, { devices }: IngestionParts): Promise<void> {
  const note = ([deviceId, { units, at }]: readonly [string, ReportedUnits]) =>
    devices.noteUnits(deviceId, units, at);
  await batch.each(
    [...unitsIn(batch.messages)],
    note,
    ([deviceId]) => batch.ofDevice(deviceId),
    SHARES.notes,
  );
}

/** Judges each device's windows, and notifies. */
async function judgeChanged(
  windows: readonly Window[],
  batch: Batch,
  { judgeWindows, windowSeconds }: IngestionParts,
  counting: Counting,
): Promise<void> {
  const devices = ofMessagesInTime([...newestByDevice(windows)], batch);
  const senders = sendersOf(batch.messages);
  const newest = devices.flatMap(([, changed]) => changed);
  const late = lateWindows(newest, batch.messages, windowSeconds);
  const units = unitsIn(batch.messages);
  const judge = ([deviceId, changed]: (typeof devices)[number]) =>
    judgeWindows(changed, senders.get(deviceId) ?? 'unknown', {
      ...countJudging(counting),
      late,
      units: units.get(deviceId)?.units,
    });
  await batch.each(devices, judge, ([deviceId]) => batch.ofDevice(deviceId), SHARES.judging);
}

/** A window is left to the next attempt if all of its messages come again. */
function ofMessagesInTime<Value>(
  devices: readonly (readonly [deviceId: string, value: Value])[],
  batch: Batch,
): readonly (readonly [deviceId: string, value: Value])[] {
  const messages = batch.inTime();
  if (messages.length === batch.messages.length) return devices;
  const ids = new Set(messages.flatMap(({ accepted }) => accepted.map(({ deviceId }) => deviceId)));
  return devices.filter(([deviceId]) => ids.has(deviceId));
}

const isWithoutReadings = ({ accepted, rejected }: ParsedMessage) => accepted.length + rejected.length === 0;

const windowKey = (deviceId: string, windowStart: number) => `${windowStart}/${deviceId}`;

/** Each device's windows, once each, as they were after their last change. */
function newestByDevice(windows: readonly Window[]): Map<string, Window[]> {
  const byKey = new Map<string, Window>();
  for (const window of windows) {
    const key = windowKey(window.deviceId, window.windowStart);
    if (window.readings >= (byKey.get(key)?.readings ?? 0)) byKey.set(key, window);
  }
  const byDevice = new Map<string, Window[]>();
  for (const window of byKey.values()) {
    const others = byDevice.get(window.deviceId);
    if (others) others.push(window);
    else byDevice.set(window.deviceId, [window]);
  }
  return byDevice;
}

/** Windows all of whose readings in these messages arrived long after the window's end. */
function lateWindows(
  windows: readonly Window[],
  messages: readonly ParsedMessage[],
  windowSeconds: number,
): ReadonlySet<Window> {
  const inTime = new Set<string>();
  for (const { accepted, context } of messages) {
    for (const { deviceId, timestamp } of accepted) {
      const windowStart = windowStartOf(timestamp, windowSeconds);
      const lateFrom = windowStart + windowSeconds * 1000 + LATE_AFTER_MS;
      if (context && context.receivedAt <= lateFrom) inTime.add(windowKey(deviceId, windowStart));
    }
  }
  return new Set(
    windows.filter(({ windowStart, deviceId }) => !inTime.has(windowKey(deviceId, windowStart))),
  );
}

/** The sender of each device's notifications: its first message, which comes again if the event has to be repeated. */
function sendersOf(messages: readonly ParsedMessage[]): Map<string, string> {
  const senders = new Map<string, string>();
  for (const { context, accepted } of messages) {
    if (!context) continue;
    for (const deviceId of [context.deviceId, ...accepted.map((reading) => reading.deviceId)]) {
      if (!senders.has(deviceId)) senders.set(deviceId, context.traceId);
    }
  }
  return senders;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
