// The ports of the sealing: the objects of a day of arrival, the manifests beside them, and the key that signs.

import type { SealedDay, SealedObject } from '../core/seal/manifest.ts';
import type { SealingKey } from '../core/seal/public-key.ts';
import type { RawObject } from './parse-ports.ts';

/** A manifest that is not what the function wrote. */
export class UnreadableSealError extends Error {
  override readonly name = 'UnreadableSealError';
}

/** Days such as `2026-11-29`. All verbs reject with the SDK's error. */
export interface ArrivedObjects {
  /** The day of the oldest object; undefined while the archive is empty. */
  firstDay(): Promise<string | undefined>;
  /** Those in the day's folder, by key. */
  of(day: string): Promise<readonly RawObject[]>;
  /** SHA-256 of the bytes as they are stored, 64 hexadecimal digits. Rejects with a DamagedObjectError if it changed since. */
  digest(object: RawObject): Promise<string>;
}

/** The hashes of a day that is not sealed yet. */
export interface SealProgress {
  readonly day: string;
  readonly objects: readonly (SealedObject & { readonly etag: string })[];
}

/** Reads what is sealed. Rejects with the SDK's error. */
export interface SealedDays {
  /** Sealed days from `from` until `to` (both included; by default all), oldest first. */
  list(span?: { readonly from: string; readonly to: string }): Promise<readonly string[]>;
  /** Rejects with an UnreadableSealError, too. */
  load(day: string): Promise<SealedDay | undefined>;
}

export interface Seals extends SealedDays {
  /** False if the day has a manifest already, which stays as it is. */
  add(sealed: SealedDay): Promise<boolean>;
  progress(): Promise<SealProgress | undefined>;
  saveProgress(progress: SealProgress): Promise<void>;
  /** PEM of the key that seals; undefined before the first seal. */
  publicKey(): Promise<string | undefined>;
  /** Keeps the key beside the manifests, and the one before it under its fingerprint. */
  publish(key: SealingKey, before?: SealingKey): Promise<void>;
}

/** Rejects with the SDK's error. */
export interface Signer {
  key(): Promise<SealingKey>;
  /** `digest`: SHA-256. An ECDSA signature in DER form. */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

export interface SealArchivePorts {
  readonly arrived: ArrivedObjects;
  readonly seals: Seals;
  readonly signer: Signer;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
