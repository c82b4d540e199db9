// The one sentence of both ways in: keep what is rejected, fold what is accepted, apply it, judge what changed, notify.

import type { ParsedMessage } from '../core/message.ts';
import type { MessageContext } from '../core/reading.ts';
import { foldReadings, windowStartOf, type Delta, type Window } from '../core/window.ts';
import type { JudgeWindows } from './judge.ts';
import type { Tools } from '../adapters/create-handler.ts';
import type { DeviceStore } from '../adapters/device-store.ts';
import type { KeepRejected } from '../adapters/error-store.ts';
import { inParallel } from '../core/in-parallel.ts';
import type { WindowStore } from '../adapters/window-store.ts';

/** A message of which something could not be stored, kept or sent, and the first error of it. */
export interface FailedMessage {
  readonly message: ParsedMessage;
  readonly error: unknown;
}

/**
 * Takes messages, in any number and order, and gives those that must come again, in the order given; nothing that could
 * be done is left out for their sake. Repeats do no harm. Never rejects.
 */
export type Ingest = (
  messages: readonly ParsedMessage[],
  tools: Pick<Tools, 'count' | 'warn'>,
) => Promise<FailedMessage[]>;

export interface IngestionParts {
  readonly keepRejected: KeepRejected;
  readonly windows: Pick<WindowStore, 'apply'>;
  readonly devices: Pick<DeviceStore, 'sighted'>;
  readonly judgeWindows: JudgeWindows;
  readonly windowSeconds: number;
  /** Calls to AWS at a time. */
  readonly callsAtOnce: number;
}

/** What is older than this when it arrives is no news: only rules that ask for it judge by it. */
const LATE_AFTER_MS = 600_000;

export function createIngestion(parts: IngestionParts): Ingest {
  const { keepRejected, windows, devices: deviceStore, judgeWindows, windowSeconds, callsAtOnce } = parts;

  return async (messages, tools) => {
    const failures = new Map<ParsedMessage, unknown>();
    const fail = (message: ParsedMessage, error: unknown) => {
      if (!failures.has(message)) failures.set(message, error);
    };
    /** Does all of `items`, and charges what fails to the messages behind it. */
    const doAll = <Item>(
      items: readonly Item[],
      work: (item: Item) => Promise<void>,
      isBehind: (message: ParsedMessage, item: Item) => boolean,
    ) =>
      inParallel(items, callsAtOnce, async (item) => {
        try {
          await work(item);
        } catch (error) {
          for (const message of messages) if (isBehind(message, item)) fail(message, error);
        }
      });

    const kept: ParsedMessage[] = [];
    const keep = async (message: ParsedMessage) => {
      await keepRejected(message);
      kept.push(message);
    };
    const refused = messages.filter(({ rejected }) => rejected.length > 0);
    await doAll(refused, keep, (message, item) => message === item);
    countRejected(kept, tools);

    const deltas = foldReadings(
      messages.flatMap(({ accepted }) => accepted),
      windowSeconds,
    );
    const changes: { readonly window: Window; readonly applied: number }[] = [];
    const apply = async (delta: Delta) => void changes.push(await windows.apply(delta));
    await doAll(deltas, apply, (message, delta) => hasReadingsIn(message, delta, windowSeconds));
    tools.count('ReadingsAccepted', total(changes.map(({ applied }) => applied)));
    tools.count('WindowsWritten', changes.filter(({ applied }) => applied > 0).length);
    tools.count('ValuesSkipped', total(messages.map(({ skipped }) => skipped)));

    const sight = ({ deviceId, site, receivedAt }: MessageContext) =>
      deviceStore.sighted(deviceId, site, receivedAt);
    await doAll(lastByDevice(messages), sight, ({ context }, { deviceId }) => context?.deviceId === deviceId);

    const devices = [...newestByDevice(changes.map(({ window }) => window))];
    const payers = payersOf(messages);
    const onSent = () => tools.count('AlertsSent', 1);
    const late = lateWindows(
      devices.flatMap(([, changed]) => changed),
      messages,
      windowSeconds,
    );
    const judge = ([deviceId, changed]: (typeof devices)[number]) =>
      judgeWindows(changed, payers.get(deviceId) ?? 'unknown', { onSent, late });
    await doAll(devices, judge, (message, [deviceId]) => message.context?.deviceId === deviceId);
    return messages.flatMap((message) =>
      failures.has(message) ? [{ message, error: failures.get(message) }] : [],
    );
  };
}

function hasReadingsIn(message: ParsedMessage, delta: Delta, windowSeconds: number): boolean {
  return (
    message.context?.deviceId === delta.deviceId &&
    message.accepted.some(({ timestamp }) => windowStartOf(timestamp, windowSeconds) === delta.windowStart)
  );
}

/** Each device's windows, once each, as they were after the last of the changes that were made to them. */
function newestByDevice(windows: readonly Window[]): Map<string, Window[]> {
  const byKey = new Map<string, Window>();
  for (const window of windows) {
    const key = `${window.windowStart}/${window.deviceId}`;
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

/** Windows all of whose readings in these messages arrived long after its end. */
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
      if (context && context.receivedAt <= lateFrom) inTime.add(`${windowStart}/${deviceId}`);
    }
  }
  return new Set(windows.filter(({ windowStart, deviceId }) => !inTime.has(`${windowStart}/${deviceId}`)));
}

/** Where each device was when it was last heard from. */
function lastByDevice(messages: readonly ParsedMessage[]): MessageContext[] {
  const last = new Map<string, MessageContext>();
  for (const { context } of messages) {
    if (context && context.receivedAt >= (last.get(context.deviceId)?.receivedAt ?? 0))
      last.set(context.deviceId, context);
  }
  return [...last.values()];
}

/** Who pays what a device owes: its first message, which is there again when it has to be repeated. */
function payersOf(messages: readonly ParsedMessage[]): Map<string, string> {
  const payers = new Map<string, string>();
  for (const { context } of messages) {
    if (context && !payers.has(context.deviceId)) payers.set(context.deviceId, context.traceId);
  }
  return payers;
}

function countRejected(messages: readonly ParsedMessage[], tools: Pick<Tools, 'count' | 'warn'>): void {
  const rejected = messages.flatMap((message) => message.rejected);
  tools.count('ReadingsRejected', rejected.length);
  for (const [reason, rejections = []] of Object.entries(Object.groupBy(rejected, ({ reason }) => reason))) {
    tools.count('ReadingsRejected', rejections.length, reason);
    tools.warn('Readings rejected', { reason, readings: rejections.length });
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
