// The parts of the HTTP API's responses that the page reads. docs/openapi.json describes them in full.

import type { StoredWindow } from './windows.ts';

export interface Device {
  readonly deviceId: string;
  readonly site?: string;
  readonly lastSeenAt?: number;
  readonly online?: boolean;
  readonly presenceSince?: number;
  readonly disconnectReason?: string;
  readonly ipAddress?: string;
  readonly type?: string;
  readonly groups?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly units?: Readonly<Record<string, string>>;
  readonly skipped?: readonly string[];
}

export interface Rejection {
  readonly reason: string;
  readonly detail: string;
  readonly remedy: string;
  readonly at: number;
}

/** A device with its newest window. */
export interface FleetDevice extends Device {
  readonly lastWindow?: StoredWindow;
}

export interface FleetPage {
  readonly devices: readonly FleetDevice[];
  readonly next?: string;
}

export interface WindowPage {
  readonly units: Readonly<Record<string, string>>;
  readonly windows: readonly StoredWindow[];
  readonly sources?: readonly { readonly source: 'archive' | 'table' | 'gone' }[];
  readonly next?: string;
}

/** Windows of several devices. A page ends at the same time for all of them. */
export interface SeriesPage {
  readonly series: readonly (Omit<WindowPage, 'next'> & { readonly deviceId: string })[];
  readonly next?: string;
}

export interface Alert {
  readonly deviceId: string;
  readonly ruleId: string;
  readonly state: 'ok' | 'pending' | 'alarm' | 'acknowledged';
  readonly severity?: string;
  readonly since?: number;
  readonly raisedAt?: number;
  readonly notifiedAt?: number;
  readonly escalatedAt?: number;
  readonly value: string;
  readonly unit?: string;
  /** The finding of a rule about trends or habits. */
  readonly words?: string;
  readonly acknowledged?: { readonly by: string; readonly at: number; readonly comment?: string };
}

export interface HistoryEntry {
  readonly entryId: string;
  readonly deviceId: string;
  readonly ruleId: string;
  readonly at: number;
  readonly what: string;
  readonly severity?: string;
  readonly windowStart?: number;
  /** The side of the limit that was crossed; absent for silence. */
  readonly side?: string;
  readonly value?: string;
  readonly limit?: string;
  readonly unit?: string;
  readonly words?: string;
  readonly by?: string;
  readonly comment?: string;
  readonly reason?: string;
  readonly channels?: readonly string[];
  readonly notBefore?: number;
  readonly sentAt?: number;
  readonly sentTo?: readonly Pick<Recipient, 'channel' | 'address'>[];
  readonly sentToMore?: number;
  /** For a failed delivery: the ID of the entry that was notified. */
  readonly about?: string;
}

/** A subscription to the topic for alerts. */
export interface Recipient {
  readonly channel: string;
  readonly address: string;
  readonly isConfirmed: boolean;
}

export interface Limits {
  readonly above?: number;
  readonly below?: number;
  readonly clearBelow?: number;
  readonly clearAbove?: number;
}

/** When a device defrosts, where people know. */
export type Defrost = { readonly metric: string } | DefrostSchedule;

export type DefrostSchedule =
  | { readonly every: string; readonly from: string | number; readonly lasts?: string }
  | { readonly at: readonly string[]; readonly timeZone: string; readonly lasts?: string };

export interface Rule extends Limits {
  readonly id: string;
  readonly metric?: string;
  readonly stat?: string;
  readonly anySpelling?: boolean;
  readonly perMinute?: boolean;
  readonly levels?: readonly (Limits & { readonly severity: string })[];
  readonly forWindows?: number;
  readonly noDataFor?: string;
  readonly offlineFor?: string;
  readonly predicted?: Limits & {
    readonly metric: string;
    readonly within?: string;
    readonly defrost?: Defrost;
  };
  readonly unusual?: { readonly metric: string };
  readonly severity?: string;
  readonly match?: Readonly<Record<'site' | 'device' | 'type' | 'group', string | undefined>>;
  readonly channels?: readonly string[];
  readonly repeatEvery?: string;
  readonly escalateAfter?: string;
  readonly enabled?: boolean;
  readonly comment?: string;
}
