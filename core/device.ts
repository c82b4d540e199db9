// What is known of a device besides its readings: its site, whether it is connected, and its facts from the registry.

import type { RejectionReason } from './reading.ts';
import type { Units } from './unit.ts';

/** What the registry of AWS IoT knows of a thing. */
export interface ThingFacts {
  /** Name of the thing type. */
  readonly type?: string;
  /** Names of the thing groups that the thing is a direct member of; their parent groups are not included. */
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** The attribute `timezone` of the thing, or else of one of these groups; meant to be an IANA name. */
  readonly timeZone?: string;
}

/** Why readings of a device were rejected. */
export interface RejectionNote {
  readonly reason: RejectionReason;
  /** One sentence that names the field. */
  readonly detail: string;
  /** When the last of them arrived, accurate to a minute; epoch milliseconds. */
  readonly at: number;
}

/** The parts of a device's messages that became no reading, so that people see them. */
export interface UnusedNote {
  readonly rejections: readonly Omit<RejectionNote, 'at'>[];
  /** Members of accepted readings that were skipped, with the reasons; 20 at most. */
  readonly skipped: readonly string[];
}

/** How far `lastSeenAt` may lag behind the device's last message. */
export const LAST_SEEN_LAG_MS = 600_000;

/** All times in epoch milliseconds. A part is absent until it is known. */
export interface Device extends Partial<ThingFacts> {
  readonly deviceId: string;
  /** From the topic of its last messages. */
  readonly site?: string;
  /** When the device was last seen, at most `LAST_SEEN_LAG_MS` before its last message. */
  readonly lastSeenAt?: number;
  readonly online?: boolean;
  /** When it connected or disconnected. */
  readonly presenceSince?: number;
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
  /** The latest of each reason, newest first. */
  readonly rejections?: readonly RejectionNote[];
  /** Members of its messages that were skipped most recently, such as `rxInfo/0/rssi (not-measured)`. */
  readonly skipped?: readonly string[];
  /** Units by metric, as its latest messages give them. */
  readonly units?: Units;
  /** Earlier units of metrics whose unit changed: older windows have these. */
  readonly previousUnits?: Units;
}
