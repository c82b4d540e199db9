// What is known of a device beside its readings: where it stands, whether it is connected, and what the registry says.

/** What the registry of AWS IoT says of a thing. */
export interface ThingFacts {
  /** Name of its thing type. */
  readonly type?: string;
  /** Names of the thing groups that it was put into, not of the groups around those. */
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** How far behind its last message the time may be at which a device is said to have been heard from. */
export const SIGHTING_MS = 600_000;

/** All times in epoch milliseconds. A part is absent until somebody has told it. */
export interface Device extends Partial<ThingFacts> {
  readonly deviceId: string;
  /** From the topic of its last messages. */
  readonly site?: string;
  /** When it was last heard from, `SIGHTING_MS` at most before the last message. */
  readonly lastSeenAt?: number;
  readonly online?: boolean;
  /** When it came or went. */
  readonly presenceSince?: number;
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
}
