// The ports for what is stored about a device besides its readings: its connections, its thing and certificates, and its shadow.

import type { ArchiveCheck } from '../core/archive-check.ts';
import type { PresenceEvent } from '../core/presence.ts';
import type { Shadow } from '../core/shadow.ts';

/** A device connected or disconnected. */
export type PresenceEntry = Omit<PresenceEvent, 'deviceId' | 'version'>;

/** Both verbs reject with the SDK's error. */
export interface PresenceLog {
  /** Safe to repeat. */
  record(event: PresenceEvent): Promise<void>;
  /** Newest first. */
  read(question: {
    readonly deviceId: string;
    readonly limit: number;
    /** From the page before. */
    readonly next?: string | undefined;
  }): Promise<{ readonly entries: readonly PresenceEntry[]; readonly next?: string }>;
}

/** The audits of a device. Both verbs reject with the SDK's error. */
export interface ArchiveChecks {
  /** Safe to repeat. */
  record(deviceId: string, check: ArchiveCheck): Promise<void>;
  /** The audits made at `since` (epoch milliseconds) or later, page by page. */
  newestFirst(question: { readonly deviceId: string; readonly since: number }): AsyncIterable<ArchiveCheck>;
}

export interface NewThing {
  readonly name: string;
  /** Name of its thing type, which is created if missing. */
  readonly type?: string | undefined;
  /** Name of its thing group, which is created if missing. */
  readonly group: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Certificate {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly certificatePem: string;
}

export interface ThingCertificate extends Certificate {
  /** Such as `ACTIVE`, `INACTIVE` and `REVOKED`. */
  readonly status: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The registry of AWS IoT. All verbs reject with the SDK's error. */
export interface ThingRegistry {
  exists(thingName: string): Promise<boolean>;
  /** Undefined if there is no such thing. */
  attributesOf(thingName: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined if there is no such thing. */
  certificatesOf(thingName: string): Promise<readonly ThingCertificate[] | undefined>;
  /** A certificate that is not active yet, or why this signing request is refused. */
  issue(csr: string): Promise<Certificate | { readonly problem: string }>;
  /** Creates type, group and thing if missing; the thing joins the group. `problem`: the thing exists and differs. */
  register(thing: NewThing): Promise<{ readonly problem: string } | undefined>;
  /**
   * Attaches policy and thing to the certificate, and activates it last: a certificate that a crash left cannot connect.
   */
  putIntoService(certificate: Certificate, thingName: string): Promise<void>;
  /** Deletes what was issued. */
  discard(certificate: Certificate, thingName: string): Promise<void>;
}

/** Whether one more device may be added within this hour. Rejects with the SDK's error. */
export type AdmitDevice = (thingName: string) => Promise<boolean>;

/** The classic shadow of a thing. Both verbs reject with the SDK's error. */
export interface ShadowStore {
  /** Undefined if there is none. */
  read(thingName: string): Promise<Shadow | undefined>;
  /**
   * Merges into the desired state; null removes a member. `conflict`: the shadow has another version than the one given.
   * `problem`: why AWS IoT rejects the change.
   */
  desire(
    thingName: string,
    change: { readonly desired: unknown; readonly version?: number | undefined },
  ): Promise<'changed' | 'conflict' | { readonly problem: string }>;
}
