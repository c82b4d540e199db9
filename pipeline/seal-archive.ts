// Seals the archive: hashes the objects of each day that is due, signs their manifest, and stores it beside them.

import { headOf, manifestOf, type SealedDay } from '../core/seal/manifest.ts';
import { sealingKey, type SealingKey } from '../core/seal/public-key.ts';
import type { SealRequest } from '../core/seal/seal-request.ts';
import {
  dayOfObject,
  daysBetween,
  lastDue,
  lateDays,
  manifestKey,
  nextDay,
} from '../core/seal/sealed-days.ts';
import { createHashDay, type HashDay } from './hash-day.ts';
import type { Counting } from './ports.ts';
import type { SealArchivePorts } from './seal-ports.ts';
import { verifyDay } from './verify-day.ts';

export interface SealReport {
  /** Days that this run sealed. */
  readonly sealed: readonly {
    readonly day: string;
    readonly head: string;
    readonly objects: number;
    readonly bytes: number;
  }[];
  /** A day whose seal was compared with the archive, and matches. */
  readonly verified?: string;
  /** The newest sealed day and its head; absent before the first. */
  readonly newest?: { readonly day: string; readonly head: string };
  /** Days that are due and not sealed, because there was not enough time. */
  readonly unsealed: number;
}

/**
 * `endsAt`, epoch milliseconds: no work starts after it. Rejects with an Error that names damage, which a further seal
 * would hide.
 */
export type SealArchive = (request: SealRequest, endsAt: number) => Promise<SealReport>;

export function createSealArchive(ports: SealArchivePorts): SealArchive {
  const { arrived, seals, now } = ports;
  const hashDay = createHashDay(ports);

  return async ({ day: toVerify, acceptKey }, endsAt) => {
    const known = await seals.list();
    checkGaps(known);
    let newest = known.length === 0 ? undefined : await loadSealed(ports, known.at(-1)!);
    const first = newest ? nextDay(newest.manifest.day) : await arrived.firstDay();
    const due = first === undefined ? [] : daysBetween(first, lastDue(now()));
    const sealed: SealReport['sealed'][number][] = [];
    if (due.length > 0 || acceptKey !== undefined) {
      const key = await agreedKey(ports, newest, acceptKey);
      for (const day of due) {
        const made = await sealDay(ports, hashDay, { day, before: newest, key, endsAt });
        if (!made) break;
        if (made.isNew) sealed.push(summaryOf(made.sealed));
        newest = made.sealed;
      }
    }
    const isVerified = toVerify !== undefined && !sealed.some(({ day }) => day === toVerify);
    if (isVerified) await verifyDay(ports, toVerify, endsAt);
    return {
      sealed,
      ...(isVerified && { verified: toVerify }),
      ...(newest && { newest: { day: newest.manifest.day, head: newest.head } }),
      unsealed: due.filter((day) => !newest || day > newest.manifest.day).length,
    };
  };
}

const summaryOf = ({ manifest: { day, count, bytes }, head }: SealedDay) => ({
  ...{ day, head, objects: count, bytes },
});

function checkGaps(days: readonly string[]): void {
  const known = new Set(days);
  const gap = daysBetween(days.at(0) ?? 'z', days.at(-1) ?? '').find((day) => !known.has(day));
  if (gap !== undefined)
    throw new Error(`${manifestKey(gap)} is missing: restore its older version before anything is sealed`);
}

/** @throws Error if the stored manifest is not the one that its head names. */
async function loadSealed({ seals }: Pick<SealArchivePorts, 'seals'>, day: string): Promise<SealedDay> {
  const sealed = await seals.load(day);
  if (!sealed) throw new Error(`${manifestKey(day)} was deleted after it was listed`);
  if (sealed.manifest.day === day && headOf(sealed.manifest) === sealed.head) return sealed;
  throw new Error(`${manifestKey(day)} was changed: restore its older version before anything is sealed`);
}

/** A chain keeps its key until a user names the new one: otherwise anyone who replaces the key could seal unnoticed. */
async function agreedKey(
  { seals, signer }: SealArchivePorts,
  newest: SealedDay | undefined,
  acceptKey?: string,
): Promise<SealingKey> {
  const key = await signer.key();
  const { fingerprint } = key;
  if (acceptKey !== undefined && acceptKey !== fingerprint)
    throw new Error(`acceptKey is ${acceptKey}, and the stack's key is ${fingerprint}`);
  const published = await seals.publicKey();
  const before = published === undefined ? undefined : sealingKey(published);
  if (before?.fingerprint === fingerprint) return key;
  // Without its public key, the newest manifest names it.
  const known = before?.fingerprint ?? newest?.manifest.key ?? fingerprint;
  if (known !== fingerprint && acceptKey === undefined)
    throw new Error(
      `the archive is sealed with the key ${known}, and the stack's key is ${fingerprint}: restore the key, or accept the new one with npm run seal -- --accept-key ${fingerprint}`,
    );
  await seals.publish(key, before);
  return key;
}

interface Sealing {
  readonly day: string;
  readonly before: SealedDay | undefined;
  readonly key: SealingKey;
  readonly endsAt: number;
}

/** Undefined if there was not enough time. */
async function sealDay(
  ports: SealArchivePorts,
  hashDay: HashDay,
  { day, before, key, endsAt }: Sealing,
): Promise<{ readonly sealed: SealedDay; readonly isNew: boolean } | undefined> {
  const { arrived, seals, signer, now } = ports;
  const late = before ? await lateObjects(ports, day, before.manifest.day) : [];
  const objects = await hashDay(day, [...late, ...(await arrived.of(day))], endsAt);
  if (!objects) return undefined;
  const sealedAt = new Date(now()).toISOString();
  const manifest = manifestOf(day, objects, {
    ...{ previous: before?.head ?? null, key: key.fingerprint, sealedAt },
  });
  const head = headOf(manifest);
  const signature = Buffer.from(await signer.sign(Buffer.from(head, 'hex'))).toString('base64');
  const sealed = { manifest, head, signature };
  if (await seals.add(sealed)) return { sealed, isNew: true };
  // Another run was faster. What it did not see yet is sealed with the next day.
  const other = await loadSealed(ports, day);
  const own = new Map(objects.map((object) => [object.key, object]));
  const wrong = other.manifest.objects.find(({ key: name, sha256 }) => own.get(name)?.sha256 !== sha256);
  if (wrong || other.manifest.previous !== manifest.previous)
    throw new Error(
      `${manifestKey(day)} was sealed by another run and differs${wrong ? ` in ${wrong.key}` : ' in the day before'}: compare both with the older versions of the objects`,
    );
  return { sealed: other, isNew: false };
}

/** Objects in the folders of the days before that no manifest lists. */
async function lateObjects({ arrived, seals }: SealArchivePorts, day: string, last: string) {
  const days = lateDays(day).filter((each) => each <= last);
  const manifests = await Promise.all(days.map((each) => seals.load(each)));
  const oldest = manifests.findIndex((each) => each !== undefined);
  if (oldest < 0) return [];
  const known = new Set(manifests.flatMap((each) => each?.manifest.objects.map(({ key }) => key) ?? []));
  const found = await Promise.all(days.slice(oldest).map((each) => arrived.of(each)));
  return found.flat().filter(({ key }) => dayOfObject(key) !== undefined && !known.has(key));
}

/** Counts what an alarm watches, and logs what was sealed. */
export function reportSeals(counting: Counting, { unsealed, newest }: SealReport): void {
  if (unsealed > 0)
    counting.warn('Out of time: the next run continues', { unsealed, newest: newest?.day ?? 'none' });
  counting.count('DaysUnsealed', unsealed);
}
