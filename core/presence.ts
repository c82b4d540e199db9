// Whether a device is connected: AWS IoT reports it in events that may be repeated, late or out of order.

/** The payload of PresenceRule: an event of AWS IoT, of which only the fields that `parsePresence` checks are trusted. */
export type LifecycleEvent = Readonly<Record<string, unknown>>;

/** A device connected or disconnected. https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html */
export interface PresenceEvent {
  readonly deviceId: string;
  readonly online: boolean;
  /** Epoch milliseconds, accurate to two minutes. */
  readonly at: number;
  /** The same for both events of a connection; increases with the connections of a client ID that follow each other closely. */
  readonly version: number;
  readonly sessionId: string;
  /** Such as `CONNECTION_LOST`; only if the device disconnected. */
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
}

/**
 * If events are further apart than the error of both times, the times decide which is later. The versions cannot decide
 * then, because a client ID's versions restart at zero: after about an hour without a connection, or when its persistent
 * session has ended.
 */
export const TIMES_DECIDE_MS = 240_000;

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
/** The part of a text that is kept; AWS's texts are far shorter. */
const MAX_TEXT = 128;

/** Reads a presence event; undefined if it is not one, or if no thing can have its client ID. Never throws. */
export function parsePresence(event: unknown): PresenceEvent | undefined {
  const fields: Readonly<Record<string, unknown>> =
    typeof event === 'object' && event !== null ? { ...event } : {};
  const { clientId, eventType, timestamp, versionNumber, sessionIdentifier } = fields;
  if (eventType !== 'connected' && eventType !== 'disconnected') return undefined;
  if (typeof clientId !== 'string' || !THING_NAME.test(clientId)) return undefined;
  if (!isCount(timestamp) || !isCount(versionNumber) || typeof sessionIdentifier !== 'string')
    return undefined;
  const [disconnectReason, ipAddress] = [textOf(fields['disconnectReason']), textOf(fields['ipAddress'])];
  return {
    deviceId: clientId,
    online: eventType === 'connected',
    at: timestamp,
    version: versionNumber,
    sessionId: sessionIdentifier.slice(0, MAX_TEXT),
    ...(eventType === 'disconnected' && disconnectReason !== undefined && { disconnectReason }),
    ...(ipAddress !== undefined && { ipAddress }),
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const textOf = (value: unknown) => (typeof value === 'string' ? value.slice(0, MAX_TEXT) : undefined);
