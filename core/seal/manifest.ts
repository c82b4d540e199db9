// A day's manifest: which objects arrived, with the hash of each, and the head of the day before, so that days form a chain.

import { hash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import { isDay } from './sealed-days.ts';

/** An object of the raw archive as it is stored, compressed or not. */
export interface SealedObject {
  /** Such as `raw/2026/11/29/05/x.ndjson.gz`. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

export interface Manifest {
  readonly version: 1;
  /** Such as `2026-11-29`, in UTC. */
  readonly day: string;
  /** Those that arrived on this day, and those of earlier days that were written after their seal; by key. */
  readonly objects: readonly SealedObject[];
  readonly count: number;
  readonly bytes: number;
  /** The head of the day before; null on the first day. */
  readonly previous: string | null;
  /** SHA-256 of the public key in DER form (SubjectPublicKeyInfo), 64 hexadecimal digits. */
  readonly key: string;
  /** ISO 8601, by the clock of the function that sealed. */
  readonly sealedAt: string;
}

/** A manifest as it is stored. */
export interface SealedDay {
  readonly manifest: Manifest;
  /** `headOf` the manifest. */
  readonly head: string;
  /** ECDSA over the canonical manifest with SHA-256, in DER form and base64. */
  readonly signature: string;
}

export function manifestOf(
  day: string,
  objects: readonly SealedObject[],
  { previous, key, sealedAt }: Pick<Manifest, 'previous' | 'key' | 'sealedAt'>,
): Manifest {
  const sorted = objects.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const bytes = sorted.reduce((sum, { size }) => sum + size, 0);
  return { version: 1, day, objects: sorted, count: sorted.length, bytes, previous, key, sealedAt };
}

/** SHA-256 of the manifest in the form of RFC 8785; 64 hexadecimal digits. */
export const headOf = (manifest: Manifest): string => hash('sha256', canonicalJson(manifest), 'hex');

const HASH = /^[0-9a-f]{64}$/;
const isHash = (value: unknown) => typeof value === 'string' && HASH.test(value);
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function isObject(value: unknown): boolean {
  const { key, size, sha256 } = (value ?? {}) as Partial<SealedObject>;
  return typeof key === 'string' && isCount(size) && isHash(sha256);
}

const CHECKS: Readonly<Record<keyof Manifest, (value: unknown) => boolean>> = {
  version: (value) => value === 1,
  day: (value) => typeof value === 'string' && isDay(value),
  objects: (value) => Array.isArray(value) && value.every(isObject),
  count: isCount,
  bytes: isCount,
  previous: (value) => value === null || isHash(value),
  key: isHash,
  sealedAt: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
};

/** A stored manifest from its text, or the reason why it is none. Its head and its signature are not checked. */
export function sealedDayIn(text: string): SealedDay | { readonly problem: string } {
  let value: Partial<SealedDay> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    return { problem: `it is not JSON: ${(error as Error).message}` };
  }
  const { manifest, head, signature } = value ?? {};
  if (typeof manifest !== 'object' || manifest === null) return { problem: 'it has no `manifest`' };
  if (!isHash(head)) return { problem: '`head` is not a SHA-256' };
  if (typeof signature !== 'string') return { problem: '`signature` is missing' };
  const wrong = (Object.keys(CHECKS) as (keyof Manifest)[]).find((name) => !CHECKS[name](manifest[name]));
  if (wrong !== undefined) return { problem: `\`manifest.${wrong}\` is missing or wrong` };
  return { manifest, head: head!, signature };
}
