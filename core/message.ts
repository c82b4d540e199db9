// The edge of the system: one event of an IoT rule becomes the readings in it, each accepted or rejected on its own.

import {
  CONTEXT_NAMES,
  isObject,
  parseReading,
  type Fault,
  type Json,
  type MessageContext,
  type Reading,
  type Rejection,
  type TimeLimits,
} from './reading.ts';

export interface ParsedMessage {
  /** Absent when the event lacks what the rule adds. */
  readonly context?: MessageContext;
  readonly accepted: readonly Reading[];
  readonly rejected: readonly Rejection[];
  /** Values that are no numbers, and so no metrics. */
  readonly skipped: number;
}

/** What TelemetryRule and MalformedRule send: the payload's members, and beside them what the rule adds. Nothing else is known. */
export type TelemetryEvent = Readonly<Record<string, unknown>>;

export const MAX_NAME_LENGTH = 128;
const MAX_READINGS = 1000;
const CONTEXT: ReadonlySet<string> = new Set(CONTEXT_NAMES);

/**
 * Parses one event of TelemetryRule (a reading, or `{ readings: [...] }`) or of MalformedRule (`{ rawPayload }`), each
 * with deviceId, site, receivedAt, clientId and traceId beside it. Never throws: what cannot be used is in `rejected`,
 * one entry a reading, and costs no other reading.
 */
export function parseMessage(event: unknown, limits: TimeLimits): ParsedMessage {
  const context = contextOf(event);
  if ('fault' in context) return rejectWhole(undefined, context, event);
  const message = event as Json;
  if (isRawPayload(message)) {
    const fault: Fault = { fault: 'not-json-object', detail: 'payload is not a JSON object' };
    return rejectWhole(context, fault, { rawPayload: message['rawPayload'] });
  }
  if (!Object.hasOwn(message, 'readings')) return collect(context, limits, [message], false);
  const { readings } = message;
  const fault = packFault(readings);
  if (fault) return rejectWhole(context, fault, payloadOf(message));
  return collect(context, limits, readings as unknown[], true);
}

/** Absent traceId: a message that did not come over MQTT has none, and then its arrival time stands in for it. */
function contextOf(event: unknown): MessageContext | Fault {
  const bad = (detail: string): Fault => ({ fault: 'bad-context', detail });
  if (!isObject(event)) return bad('event is not an object');
  const { deviceId, site, receivedAt, clientId, traceId } = event;
  if (!isName(deviceId))
    return bad('deviceId must be text of 1 to 128 characters without control characters');
  if (!isName(site)) return bad('site must be text of 1 to 128 characters without control characters');
  if (!Number.isSafeInteger(receivedAt) || (receivedAt as number) <= 0 || (receivedAt as number) >= 1e14) {
    return bad('receivedAt must be a time in epoch milliseconds');
  }
  if (traceId !== undefined && !isName(traceId)) return bad('traceId must be text of 1 to 128 characters');
  return {
    deviceId,
    site,
    receivedAt: receivedAt as number,
    clientId: isName(clientId) ? clientId : undefined,
    traceId: traceId ?? `at-${String(receivedAt)}`,
  };
}

function collect(
  context: MessageContext,
  limits: TimeLimits,
  readings: readonly unknown[],
  packed: boolean,
): ParsedMessage {
  const accepted: Reading[] = [];
  const rejected: Rejection[] = [];
  let skipped = 0;
  for (const [index, reading] of readings.entries()) {
    const result = parseReading(reading, index, context, limits);
    if ('fault' in result) {
      const { fault: reason, detail } = result;
      rejected.push(
        packed
          ? { index, reason, detail, original: reading }
          : { reason, detail, original: payloadOf(reading as Json) },
      );
    } else {
      accepted.push(result.reading);
      skipped += result.skipped;
    }
  }
  return { context, accepted, rejected, skipped };
}

function packFault(readings: unknown): Fault | undefined {
  if (!Array.isArray(readings)) return { fault: 'readings-not-array', detail: 'readings is not an array' };
  if (readings.length === 0) return { fault: 'no-readings', detail: 'readings is empty' };
  if (readings.length <= MAX_READINGS) return undefined;
  return { fault: 'too-many-readings', detail: `readings has more than ${MAX_READINGS} entries` };
}

function rejectWhole(context: MessageContext | undefined, cause: Fault, original: unknown): ParsedMessage {
  const rejection: Rejection = { reason: cause.fault, detail: cause.detail, original };
  return { context, accepted: [], rejected: [rejection], skipped: 0 };
}

/** The event without what the rule added. */
function payloadOf(event: Json): Json {
  return Object.fromEntries(Object.entries(event).filter(([name]) => !CONTEXT.has(name)));
}

/** A device may have a member of that name too; MalformedRule's events have nothing else. */
function isRawPayload(event: Json): boolean {
  return (
    Object.hasOwn(event, 'rawPayload') &&
    Object.keys(event).every((name) => name === 'rawPayload' || CONTEXT.has(name))
  );
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length >= 1 &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value)
  );
}
