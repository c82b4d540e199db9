// Checks a copy of a sealed archive offline: the chain, the signatures, and every object by its hash.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  checkChain,
  checkObject,
  checkPresence,
  type CheckedChain,
  type FoundManifest,
} from '../core/seal/chain.ts';
import type { Finding } from '../core/seal/findings.ts';
import { sealedDayIn, type SealedObject } from '../core/seal/manifest.ts';
import { dayOfManifest, dayOfObject } from '../core/seal/sealed-days.ts';
import { filesBelow } from './archive-files.ts';
import type { VerifyOptions } from './seal-options.ts';
import { AuditError } from './archive-options.ts';

export interface CheckedFolder {
  readonly chain: CheckedChain;
  readonly findings: readonly Finding[];
  /** Files of the sealed objects that are as they were sealed. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Objects of days after the last sealed one. */
  readonly newer: number;
}

const PROGRESS_MS = 500;

/** Keys as in the bucket. */
function keysBelow(folder: string, prefix: string): string[] {
  const below = path.join(folder, prefix);
  if (!existsSync(below)) return [];
  return filesBelow([below]).map((file) => path.relative(folder, file).split(path.sep).join('/'));
}

async function hashed(folder: string, key: string): Promise<SealedObject> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path.join(folder, key), { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { key, size, sha256: hash.digest('hex') };
}

function manifestsIn(folder: string): FoundManifest[] {
  const keys = keysBelow(folder, 'seals').filter((key) => dayOfManifest(key) !== undefined);
  return keys.map((key) => ({ key, found: sealedDayIn(readFileSync(path.join(folder, key), 'utf8')) }));
}

/** Rejects with an AuditError if there is nothing to check or a file cannot be read. */
export async function checkFolder({ folder, keys, head }: VerifyOptions): Promise<CheckedFolder> {
  try {
    const manifests = manifestsIn(folder);
    if (manifests.length === 0)
      throw new AuditError(`${folder}/seals: has no manifest such as 2026/11/29.json`);
    const chain = checkChain(manifests, { keys, pinned: head });
    const found = keysBelow(folder, 'raw');
    const sealed = found.filter((key) => chain.objects.has(key));
    const last = chain.days.at(-1)?.manifest.day ?? '';
    const compared = await compareObjects(folder, sealed, chain);
    return {
      ...{ chain, files: compared.files, bytes: compared.bytes },
      findings: [...chain.findings, ...compared.findings, ...checkPresence(new Set(found), chain)],
      newer: found.filter((key) => (dayOfObject(key) ?? '') > last).length,
    };
  } catch (error) {
    const { code, path: file, message } = error as NodeJS.ErrnoException;
    if (error instanceof AuditError || code === undefined) throw error;
    throw new AuditError(`${file ?? folder} cannot be read: ${message}`, { cause: error });
  }
}

async function compareObjects(folder: string, keys: readonly string[], chain: CheckedChain) {
  const findings: Finding[] = [];
  const files: string[] = [];
  let bytes = 0;
  let shownAt = performance.now();
  for (const [index, key] of keys.entries()) {
    const object = await hashed(folder, key);
    bytes += object.size;
    const finding = checkObject(object, chain.objects.get(key)!);
    if (finding) findings.push(finding);
    else files.push(path.join(folder, key));
    if (process.stderr.isTTY && performance.now() - shownAt > PROGRESS_MS) {
      process.stderr.write(`\r${index + 1} of ${keys.length} objects`);
      shownAt = performance.now();
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1B[K');
  return { findings, files, bytes };
}
