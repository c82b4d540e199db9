// Looks up how far the archive of a month is sealed.

import { archiveSealOf, sealedSpanOf, type ArchiveSeal } from '../core/archive-seal.ts';
import type { Month } from '../core/month.ts';
import { UnreadableSealError, type SealedDays } from './seal-ports.ts';

/** Rejects with the SDK's error. */
export type ReadArchiveSeal = (month: Pick<Month, 'from' | 'until'>) => Promise<ArchiveSeal>;

export function createReadArchiveSeal(seals: SealedDays): ReadArchiveSeal {
  async function newestIn(month: Pick<Month, 'from' | 'until'>) {
    const day = (await seals.list(sealedSpanOf(month))).at(-1);
    try {
      const sealed = day === undefined ? undefined : await seals.load(day);
      return sealed && { day: sealed.manifest.day, head: sealed.head, key: sealed.manifest.key };
    } catch (error) {
      // The report must not fail: it is needed most after somebody tampered with the seals.
      if (error instanceof UnreadableSealError) return { problem: error.message };
      throw error;
    }
  }

  return async (month) => archiveSealOf(month, await newestIn(month));
}

/** Each with the seal of its month; months that are the same are looked up once. */
export async function withArchiveSeals<Each extends { readonly month: Pick<Month, 'from' | 'until'> }>(
  found: readonly Each[],
  read: ReadArchiveSeal,
): Promise<(Each & { readonly archiveSeal: ArchiveSeal })[]> {
  const spanOf = ({ month: { from, until } }: Each) => `${from} ${until}`;
  const months = new Map(found.map((each) => [spanOf(each), each.month]));
  const seals = new Map<string, ArchiveSeal>();
  for (const [span, month] of months) seals.set(span, await read(month));
  return found.map((each) => ({ ...each, archiveSeal: seals.get(spanOf(each))! }));
}
