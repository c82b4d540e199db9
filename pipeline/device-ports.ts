// The ports of what is kept of one device beside its readings: its connections, its thing with its certificates, and its shadow.

import type { ArchiveCheck } from '../core/archive-check.ts';
import type { PresenceEvent } from '../core/presence.ts';
import type { Shadow } from '../core/shadow.ts';

/** A device came or went. */
export type PresenceEntry = Omit<PresenceEvent, 'deviceId' | 'version'>;

/** Both verbs reject with the SDK's error. */
export interface PresenceLog {
  /** Safe to repeat. */
  file(event: PresenceEvent): Promise<void>;
  /** Newest first. */
  read(question: {
    readonly deviceId: string;
    readonly limit: number;
    /** Of the page before. */
    readonly next?: string | undefined;
  }): Promise<{ readonly entries: readonly PresenceEntry[]; readonly next?: string }>;
}

/** What audits found of a device. Both verbs reject with the SDK's error. */
export interface ArchiveChecks {
  /** Safe to repeat. */
  file(deviceId: string, check: ArchiveCheck): Promise<void>;
  /** Made at `since` (epoch milliseconds) or later, page by page. */
  newestFirst(question: { readonly deviceId: string; readonly since: number }): AsyncIterable<ArchiveCheck>;
}

export interface NewThing {
  readonly name: string;
  /** Name of its thing type, which is made where it is missing. */
  readonly type?: string | undefined;
  /** Name of its thing group, which is made where it is missing. */
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
  /** Undefined where there is no such thing. */
  attributesOf(thingName: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined where there is no such thing. */
  certificatesOf(thingName: string): Promise<readonly ThingCertificate[] | undefined>;
  /** A certificate that is not active yet; or why there is none for this signing request. */
  issue(csr: string): Promise<Certificate | { readonly problem: string }>;
  /** Type, group and thing, each where it is missing; the thing joins the group. `problem`: it is there, and differs. */
  register(thing: NewThing): Promise<{ readonly problem: string } | undefined>;
  /** Gives the certificate its policy and its thing, and activates it last: what a crash leaves behind opens no door. */
  putIntoService(certificate: Certificate, thingName: string): Promise<void>;
  /** Takes back what was issued. */
  discard(certificate: Certificate, thingName: string): Promise<void>;
}

/** Whether one more device may be added within this hour. Rejects with the SDK's error. */
export type AdmitDevice = (thingName: string) => Promise<boolean>;

/** The classic shadow of a thing. Both verbs reject with the SDK's error. */
export interface ShadowStore {
  /** Undefined where there is none. */
  read(thingName: string): Promise<Shadow | undefined>;
  /**
   * Merges into what is desired; null removes a member. `conflict`: the shadow has another version than the one that is named.
   * `problem`: why AWS IoT does not take it.
   */
  desire(
    thingName: string,
    change: { readonly desired: unknown; readonly version?: number | undefined },
  ): Promise<'changed' | 'conflict' | { readonly problem: string }>;
}
