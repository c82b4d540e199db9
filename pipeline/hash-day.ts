// Hashes the objects of a day, and stores the hashes when the time is over, so that the next run continues with the rest.

import { inParallel } from '../core/in-parallel.ts';
import type { SealedObject } from '../core/seal/manifest.ts';
import type { RawObject } from './parse-ports.ts';
import type { SealArchivePorts, SealProgress, Seals } from './seal-ports.ts';

const READS_AT_ONCE = 8;
/** Objects between two checks of the time: 40 MB. */
const OBJECTS_A_STEP = 8;

/**
 * Undefined if there was not enough time: the hashes so far are stored. Rejects with a DamagedObjectError, or the SDK's
 * error.
 */
export type HashDay = (
  day: string,
  objects: readonly RawObject[],
  endsAt: number,
) => Promise<readonly SealedObject[] | undefined>;

export function createHashDay({
  arrived,
  seals,
  now,
}: Pick<SealArchivePorts, 'arrived' | 'now'> & {
  readonly seals: Pick<Seals, 'progress' | 'saveProgress'>;
}): HashDay {
  return async (day, objects, endsAt) => {
    const earlier = await seals.progress();
    const known = new Map(
      earlier?.day === day ? earlier.objects.map((object) => [`${object.key} ${object.etag}`, object]) : [],
    );
    const done: SealProgress['objects'][number][] = [];
    for (let at = 0; at < objects.length; at += OBJECTS_A_STEP) {
      const step = objects.slice(at, at + OBJECTS_A_STEP);
      if (now() >= endsAt) {
        await seals.saveProgress({ day, objects: done });
        return undefined;
      }
      const hashed = await inParallel(
        step,
        READS_AT_ONCE,
        async (object) =>
          known.get(`${object.key} ${object.etag}`) ?? { ...object, sha256: await arrived.digest(object) },
      );
      done.push(...hashed);
    }
    return done.map(({ key, size, sha256 }) => ({ key, size, sha256 }));
  };
}
