// What is known of a device beside its readings: where it stands, whether it is connected, and what the registry says.

import type { RejectionReason } from './reading.ts';
import type { Units } from './unit.ts';

/** What the registry of AWS IoT says of a thing. */
export interface ThingFacts {
  /** Name of its thing type. */
  readonly type?: string;
  /** Names of the thing groups that it was put into, not of the groups around those. */
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Of the attribute `timezone` of the thing, or else of one of these groups; an IANA name, if people wrote one. */
  readonly timeZone?: string;
}

/** Why readings of a device were rejected. */
export interface RejectionNote {
  readonly reason: RejectionReason;
  /** One sentence that names the field. */
  readonly detail: string;
  /** When the last of them came, give or take a minute; epoch milliseconds. */
  readonly at: number;
}

/** What of a device's messages is in no reading, so that people see it. */
export interface UnusedNote {
  readonly rejections: readonly Omit<RejectionNote, 'at'>[];
  /** Members of accepted readings that were skipped, with the reasons; 20 at most. */
  readonly skipped: readonly string[];
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
  /** The last of each reason, newest first. */
  readonly rejections?: readonly RejectionNote[];
  /** Members of its messages that were skipped last, such as `rxInfo/0/rssi (not-measured)`. */
  readonly skipped?: readonly string[];
  /** As its messages gave them last, by metric. */
  readonly units?: Units;
  /** Those that its messages gave before, of metrics whose unit changed: windows of before have them. */
  readonly previousUnits?: Units;
}
