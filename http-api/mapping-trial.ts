// Tests a mapping on given messages, or on the last messages of the devices that it matches.

import * as z from 'zod/mini';
import { matches, needsRegistry, type AlertRule, type Match } from '../core/alert-rule.ts';
import { decimalText } from '../core/decimal.ts';
import type { Device } from '../core/device.ts';
import { createApplying } from '../core/map-message.ts';
import type { MappingParts } from '../core/mapping.ts';
import { mappableOf, parseMessage, type ParsedMessage } from '../core/message.ts';
import { createRecent } from '../core/recent.ts';
import { mappingHints } from '../core/spelling-hint.ts';
import type { LastMessages } from '../pipeline/api-ports.ts';
import type { DeviceStore } from '../pipeline/ports.ts';
import { time } from './fields.ts';

/** A sample may have any time. */
const ANY_TIME = { maxLatenessSeconds: 1e10, maxSkewSeconds: 1e10 };
const USUAL_MESSAGES = 20;
/** Archived messages that are searched for the matching devices. */
const MAX_SEEN = 20_000;
/** Devices whose type and groups are read. */
const MAX_DEVICES = 200;

export const tried = z.strictObject({
  readings: z.array(
    z.strictObject({
      deviceId: z.string(),
      timestamp: time,
      metrics: z.array(z.strictObject({ name: z.string(), value: z.string(), unit: z.optional(z.string()) })),
    }),
  ),
  rejected: z.array(z.strictObject({ reason: z.string(), detail: z.string() })),
  skipped: z.array(z.string()),
  hints: z.optional(
    z.array(z.string()).check(z.describe('Rules that skip a metric only because of its spelling')),
  ),
});
export type Tried = z.output<typeof tried>;

export interface TriedOnLast {
  /** Newest first. */
  readonly messages: readonly Tried[];
  /** Why there are none. */
  readonly note?: string;
}

export interface Trial {
  /** Applies the mapping to payloads or lines of the archive. */
  readonly on: (
    mapping: MappingParts,
    samples: readonly unknown[],
    judging?: readonly AlertRule[],
  ) => Promise<Tried[]>;
  /** Applies it to the last messages of devices that `match` fits. Rejects with the SDK's error. */
  readonly onLast: (
    mapping: MappingParts,
    match: Match | undefined,
    judging?: readonly AlertRule[],
  ) => Promise<TriedOnLast>;
}

interface TrialPorts {
  readonly lastMessages: LastMessages;
  readonly devices: Pick<DeviceStore, 'load'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

function createOn({ now }: Pick<TrialPorts, 'now'>): Trial['on'] {
  const apply = createApplying();
  return async (mapping, samples, judging = []) => {
    const results: Tried[] = [];
    for (const sample of samples) {
      const event = eventOf(sample, now());
      const mapped = await apply(mapping, mappableOf(event)!);
      results.push(withHints(shownOf(parseMessage(event, ANY_TIME, mapped)), judging, sample));
    }
    return results;
  };
}

function createOnLast({ lastMessages, devices }: TrialPorts, on: Trial['on']): Trial['onLast'] {
  return async (mapping, match, judging = []) => {
    const isMatch = matchingOf(match, devices);
    const samples: unknown[] = [];
    let seen = 0;
    for await (const { event } of lastMessages.newestFirst()) {
      seen += 1;
      if (await isMatch(event)) samples.push(event);
      if (samples.length === USUAL_MESSAGES || seen === MAX_SEEN) break;
    }
    if (samples.length > 0) return { messages: await on(mapping, samples, judging) };
    const note =
      seen === 0
        ? 'The archive has no messages yet: they appear up to 300 seconds after they arrive. Wait, or give messages'
        : `None of the last ${seen} messages in the archive is from a device that \`match\` fits. A message appears up to 300 seconds after it arrives. Wait, or give messages`;
    return { messages: [], note };
  };
}

export function createTrial(ports: TrialPorts): Trial {
  const on = createOn(ports);
  return { on, onLast: createOnLast(ports, on) };
}

/** Reads each device once, and only if type or group matter. */
function matchingOf(match: Match | undefined, devices: Pick<DeviceStore, 'load'>) {
  const known = createRecent<Device | 'unknown'>(MAX_DEVICES);
  let reads = 0;
  async function deviceOf(deviceId: string): Promise<Device | undefined> {
    const found = known.get(deviceId);
    if (found !== undefined) return found === 'unknown' ? undefined : found;
    if (reads === MAX_DEVICES) return undefined;
    reads += 1;
    const device = await devices.load(deviceId);
    known.set(deviceId, device ?? 'unknown');
    return device;
  }
  return async (event: unknown): Promise<boolean> => {
    const message = mappableOf(event);
    if (!message) return false;
    const { deviceId, site } = message.context;
    const device = needsRegistry({ ...(match && { match }) }) ? await deviceOf(deviceId) : undefined;
    return matches(match, { ...device, deviceId, site });
  };
}

/** A bare payload may come from any device, so rules are not filtered by their match. */
function withHints(result: Tried, rules: readonly AlertRule[], sample: unknown): Tried {
  const hints = result.readings.flatMap(({ deviceId, metrics }) => {
    const { site } = (sample ?? {}) as { readonly site?: unknown };
    const subject = { deviceId, ...(typeof site === 'string' && { site }) };
    const names = metrics.map(({ name }) => name);
    return mappingHints(rules, names, mappableOf(sample) ? subject : undefined);
  });
  return hints.length > 0 ? { ...result, hints: [...new Set(hints)] } : result;
}

/** A line of the archive unchanged, a payload as a message that arrives now. */
function eventOf(sample: unknown, now: number): unknown {
  if (mappableOf(sample)) return sample;
  const rawPayload = Buffer.from(typeof sample === 'string' ? sample : JSON.stringify(sample)).toString(
    'base64',
  );
  return { rawPayload, deviceId: 'device', site: 'site', receivedAt: now, traceId: 'tried' };
}

function shownOf({ accepted, rejected, skipped }: ParsedMessage): Tried {
  return {
    readings: accepted.map(({ deviceId, timestamp, metrics }) => ({
      deviceId,
      timestamp,
      metrics: metrics.map(({ value, ...metric }) => ({ ...metric, value: decimalText(value) })),
    })),
    rejected: rejected.map(({ reason, detail }) => ({ reason, detail })),
    skipped: skipped.map(({ name, reason }) => `${name} (${reason})`),
  };
}
