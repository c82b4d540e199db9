// Whether a device is connected: AWS IoT tells it in events that may come twice, late and out of order.

/** What PresenceRule sends: an event of AWS IoT, of which only what `parsePresence` reads is trusted. */
export type LifecycleEvent = Readonly<Record<string, unknown>>;

/** A device came or went. https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html */
export interface PresenceEvent {
  readonly deviceId: string;
  readonly online: boolean;
  /** Epoch milliseconds, right to two minutes. */
  readonly at: number;
  /** The same for both events of a connection; grows with the connections of a client id that are not far apart. */
  readonly version: number;
  readonly sessionId: string;
  /** Such as `CONNECTION_LOST`; of the end of a connection only. */
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
}

/**
 * Events further apart than both of their times can be wrong: then the times say which is the later one. The versions
 * cannot, because those of a client id begin again at zero: after about an hour without a connection, or when its
 * persistent session has ended.
 */
export const TIMES_DECIDE_MS = 240_000;

const THING_NAME = /^[a-zA-Z0-9:_-]{1,128}$/;
/** As much of a text as is worth keeping; AWS's are far shorter. */
const MAX_TEXT = 128;

/** Reads a presence event; undefined for what is none, and for a client id that no thing can have. Never throws. */
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
