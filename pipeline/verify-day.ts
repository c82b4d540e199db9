// Compares the archive's objects of a sealed day with their seal again, and fails if they differ.

import { checkObject, checkPresence } from '../core/seal/chain.ts';
import { REMEDIES, type Finding } from '../core/seal/findings.ts';
import {
  dayOf,
  dayOfObject,
  DAY_MS,
  daysBetween,
  LATE_DAYS,
  manifestKey,
  startOf,
} from '../core/seal/sealed-days.ts';
import { createHashDay } from './hash-day.ts';
import type { SealArchivePorts } from './seal-ports.ts';

/** Each object is read again: hashes that an earlier run kept prove nothing here. */
const NO_PROGRESS = { progress: async () => undefined, saveProgress: async () => {} };

const SHOWN = 3;

/** Rejects with an Error that names what differs, or says that there was not enough time. */
export async function verifyDay(ports: SealArchivePorts, day: string, endsAt: number): Promise<void> {
  const { arrived, seals } = ports;
  const span = daysBetween(day, dayOf(startOf(day) + LATE_DAYS * DAY_MS));
  const days = (await Promise.all(span.map((each) => seals.load(each)))).flatMap((each) => each ?? []);
  if (days[0]?.manifest.day !== day) throw new Error(`${manifestKey(day)}: the day is not sealed`);
  const sealed = new Map(
    days
      .flatMap(({ manifest }) => manifest.objects.map((object) => ({ ...object, day: manifest.day })))
      .filter(({ key }) => dayOfObject(key) === day)
      .map((object) => [object.key, object]),
  );
  const found = await arrived.of(day);
  const hashed = await createHashDay({ ...ports, seals: NO_PROGRESS })(
    day,
    found.filter(({ key }) => sealed.has(key)),
    endsAt,
  );
  if (!hashed)
    throw new Error(`${day} has too many objects to compare within one run: verify a copy of the archive`);
  const findings: Finding[] = [
    ...hashed.flatMap((object) => checkObject(object, sealed.get(object.key)!) ?? []),
    ...checkPresence(new Set(found.map(({ key }) => key)), { objects: sealed, days }),
  ];
  if (findings.length === 0) return;
  const texts = findings
    .slice(0, SHOWN)
    .map(({ kind, object, detail }) => `${object}: ${kind}: ${detail}. ${REMEDIES[kind]}`);
  const more = findings.length - texts.length;
  throw new Error(`${day} differs from its seal: ${texts.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`);
}
