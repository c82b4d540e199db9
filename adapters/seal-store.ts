// Keeps the seals of the raw archive beside it: a manifest a day, which is never replaced, and the public key.

import { GetObjectCommand, NoSuchKey, PutObjectCommand } from '@aws-sdk/client-s3';
import { sealedDayIn, type SealedDay } from '../core/seal/manifest.ts';
import { dayOfManifest, manifestKey } from '../core/seal/sealed-days.ts';
import {
  UnreadableSealError,
  type SealedDays,
  type SealProgress,
  type Seals,
} from '../pipeline/seal-ports.ts';
import { listObjects, type Bucket } from './raw-objects.ts';

const PUBLIC_KEY = 'seals/public-key.pem';
const PROGRESS = 'seals/progress.json';

async function textOf({ client, bucket }: Bucket, Key: string): Promise<string | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return await Body!.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Months as prefixes, such as `seals/2026/11/`. */
function prefixesOf(from: string, to: string): string[] {
  const prefixes: string[] = [];
  for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = monthAfter(month))
    prefixes.push(`seals/${month.replace('-', '/')}/`);
  return prefixes;
}

const monthAfter = (month: string) => {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7);
};

export function createSealedDays(bucket: Bucket): SealedDays {
  return {
    async list(span) {
      const prefixes = span ? prefixesOf(span.from, span.to) : ['seals/'];
      const found = await Promise.all(prefixes.map((prefix) => listObjects(bucket, prefix)));
      const days = found.flat().flatMap(({ key }) => dayOfManifest(key) ?? []);
      return span ? days.filter((day) => day >= span.from && day <= span.to) : days;
    },
    async load(day) {
      const text = await textOf(bucket, manifestKey(day));
      if (text === undefined) return undefined;
      const found = sealedDayIn(text);
      if (!('problem' in found)) return found;
      throw new UnreadableSealError(
        `${manifestKey(day)} is not a manifest: ${found.problem}; restore its older version`,
      );
    },
  };
}

export function createSeals(bucket: Bucket): Seals {
  const put = (Key: string, Body: string, ContentType: string, condition: { IfNoneMatch?: '*' } = {}) =>
    bucket.client.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body, ContentType, ...condition }));
  return {
    ...createSealedDays(bucket),
    async add(sealed: SealedDay) {
      const text = `${JSON.stringify(sealed, undefined, 2)}\n`;
      try {
        await put(manifestKey(sealed.manifest.day), text, 'application/json', { IfNoneMatch: '*' });
        return true;
      } catch (error) {
        const { name } = error as Error;
        if (name === 'PreconditionFailed') return false;
        throw error;
      }
    },
    async progress() {
      const text = await textOf(bucket, PROGRESS);
      return text === undefined ? undefined : (JSON.parse(text) as SealProgress);
    },
    async saveProgress(progress) {
      await put(PROGRESS, JSON.stringify(progress), 'application/json');
    },
    publicKey: () => textOf(bucket, PUBLIC_KEY),
    async publish({ pem }, before) {
      const type = 'application/x-pem-file';
      // First the old key: a run that ends here is repeated.
      if (before) await put(`seals/keys/${before.fingerprint}.pem`, before.pem, type);
      await put(PUBLIC_KEY, pem, type);
    },
  };
}
