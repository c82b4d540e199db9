// Multipart uploads: parts wait on disk, and become one object when the client completes them.

import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createDigest, type ChecksumAlgorithm } from '../aws/checksum.ts';
import type { Checksum } from '../aws/body.ts';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { spool, type PutOptions } from './content.ts';
import { isMissing, makeDirectory, writeFileSafely } from '../files/durable-files.ts';
import { requireKey } from './keys.ts';
import type { Version } from './record.ts';
import type { Tags } from './tags.ts';

export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly initiated: number;
  readonly headers: NonNullable<PutOptions['headers']>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags?: Tags;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: 'FULL_OBJECT' | 'COMPOSITE' };
}

export interface Part {
  /** 1 to 10,000. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** MD5, hex. */
  readonly etag: string;
  readonly lastModified: number;
  readonly checksum?: Checksum;
}

export interface Uploads {
  create(bucket: string, upload: Omit<Upload, 'uploadId' | 'initiated'>): Promise<Upload>;
  /** @throws AwsError NoSuchUpload; also when the upload is of another key */
  find(bucket: string, key: string, uploadId: string): Promise<Upload>;
  putPart(
    bucket: string,
    upload: Upload,
    number: number,
    body: AsyncIterable<Buffer>,
    checksum: () => Checksum | undefined,
  ): Promise<Part>;
  /** In the order of their numbers. */
  parts(bucket: string, upload: Upload): Promise<readonly Part[]>;
  /** @throws AwsError InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest */
  complete(
    bucket: string,
    upload: Upload,
    parts: readonly ChosenPart[],
    options: CompleteOptions,
  ): Promise<Version>;
  abort(bucket: string, upload: Upload): Promise<void>;
  list(bucket: string): Promise<readonly Upload[]>;
}

export interface ChosenPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
}

export interface CompleteOptions {
  /** The checksum of the whole object that the client sent. */
  readonly expected?: Checksum;
  readonly check?: PutOptions['check'];
}

const MAX_PART = 10_000;
const MIN_PART_SIZE = 5 * 1024 * 1024;
const UPLOAD_ID_FORM = /^[0-9a-f]{32}$/;

const noSuchUpload = () =>
  new AwsError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
  );

function choose(known: readonly Part[], chosen: readonly ChosenPart[]): Part[] {
  if (!chosen.length) throw new AwsError('MalformedXML', 'You must specify at least one part');
  const parts = chosen.map(({ number, etag }, index) => {
    if (index > 0 && number <= chosen[index - 1]!.number) {
      throw new AwsError('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const part = known.find((each) => each.number === number);
    if (part?.etag === etag) return part;
    throw new AwsError(
      'InvalidPart',
      `Part ${number} could not be found, or its entity tag is not the one given.`,
    );
  });
  if (parts.slice(0, -1).some((part) => part.size < MIN_PART_SIZE)) {
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
  return parts;
}

function etagOf(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** The checksum over the checksums of the parts, as S3 composes it; `undefined` when a part came without. */
function compose(algorithm: ChecksumAlgorithm, parts: readonly Part[]): string | undefined {
  const digest = createDigest(algorithm);
  for (const { checksum } of parts) {
    if (checksum?.algorithm !== algorithm) return undefined;
    digest.update(Buffer.from(checksum.value, 'base64'));
  }
  return `${digest.bytes().toString('base64')}-${parts.length}`;
}

/** Reads the parts one after the other, and adds up their checksum on the way. */
function join(files: readonly string[], { checksum }: Upload, parts: readonly Part[]) {
  const digest = checksum?.type === 'FULL_OBJECT' ? createDigest(checksum.algorithm) : undefined;
  async function* read(): AsyncGenerator<Buffer> {
    for (const file of files) {
      for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
        digest?.update(chunk);
        yield chunk;
      }
    }
  }
  const finish = (): Version['checksum'] => {
    if (!checksum) return undefined;
    const value = digest ? digest.bytes().toString('base64') : compose(checksum.algorithm, parts);
    return value === undefined ? undefined : { ...checksum, value };
  };
  return { read, finish };
}

function verify(actual: Version['checksum'], expected: Checksum | undefined): Version['checksum'] {
  if (!expected) return actual;
  const isSame =
    actual?.algorithm === expected.algorithm && actual.value.split('-')[0] === expected.value.split('-')[0];
  if (isSame) return actual;
  throw new AwsError('BadDigest', 'The checksum you specified did not match the calculated checksum.');
}

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What uploads need of the object store. */
export interface UploadTarget {
  readonly put: (
    bucket: string,
    key: string,
    body: AsyncIterable<Buffer>,
    options: PutOptions,
  ) => Promise<Version>;
  /** Where the bucket keeps what is not an object. @throws AwsError NoSuchBucket */
  readonly stateOf: (bucket: string) => string;
}

function requirePartNumber(number: number): void {
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PART) return;
  throw new AwsError(
    'InvalidArgument',
    `Part number must be an integer between 1 and ${MAX_PART}, inclusive`,
  );
}

const UPLOAD_FILE = 'upload.json';
const PART_FILE_FORM = /^part-\d{5}\.json$/;

/** Where the uploads of a bucket, one upload and its parts are. */
function pathsIn({ stateOf }: UploadTarget) {
  const folderOf = (bucket: string, uploadId = '') => path.join(stateOf(bucket), 'uploads', uploadId);
  return {
    folderOf,
    partFile: (bucket: string, { uploadId }: Upload, number: number) =>
      path.join(folderOf(bucket, uploadId), `part-${String(number).padStart(5, '0')}`),
  };
}

type Paths = ReturnType<typeof pathsIn>;

async function readParts(folder: string): Promise<Part[]> {
  const names = await readdir(folder).catch(() => {
    throw noSuchUpload(); // completed or aborted in the meantime
  });
  const files = names.filter((name) => PART_FILE_FORM.test(name)).sort();
  const read = files.map((name) => readJson<Part>(path.join(folder, name)));
  return (await Promise.all(read)).filter((part) => part !== undefined);
}

/** Creates, finds and lists uploads. */
function uploadFolders(
  { folderOf }: Paths,
  clock: Clock,
): Pick<Uploads, 'create' | 'find' | 'list' | 'abort'> {
  return {
    async create(bucket, given) {
      requireKey(given.key);
      const upload: Upload = { ...given, uploadId: randomUUID().replaceAll('-', ''), initiated: clock.now() };
      const folder = folderOf(bucket, upload.uploadId);
      await makeDirectory(folder);
      await writeFileSafely(path.join(folder, UPLOAD_FILE), JSON.stringify(upload));
      return upload;
    },
    async find(bucket, key, uploadId) {
      const folder = folderOf(bucket, UPLOAD_ID_FORM.test(uploadId) ? uploadId : 'none');
      const upload = await readJson<Upload>(path.join(folder, UPLOAD_FILE));
      if (upload?.key !== key) throw noSuchUpload();
      return upload;
    },
    async list(bucket) {
      const names = await readdir(folderOf(bucket)).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      const read = names.map((name) => readJson<Upload>(path.join(folderOf(bucket, name), UPLOAD_FILE)));
      return (await Promise.all(read)).filter((upload) => upload !== undefined);
    },
    async abort(bucket, { uploadId }) {
      await rm(folderOf(bucket, uploadId), { recursive: true, force: true });
    },
  };
}

export function createUploads(store: UploadTarget, clock: Clock): Uploads {
  const paths = pathsIn(store);
  const { folderOf, partFile } = paths;
  const folders = uploadFolders(paths, clock);
  const parts = async (bucket: string, upload: Upload) => readParts(folderOf(bucket, upload.uploadId));
  return {
    ...folders,
    async putPart(bucket, upload, number, body, checksum) {
      requirePartNumber(number);
      const file = partFile(bucket, upload, number);
      const beside = `${file}.${randomUUID()}`;
      const { size, md5 } = await spool(beside, body);
      const part: Part = { number, size, etag: md5, lastModified: clock.now(), checksum: checksum() };
      await rename(beside, file);
      await writeFileSafely(`${file}.json`, JSON.stringify(part));
      return part;
    },
    parts,
    async complete(bucket, upload, chosen, { expected, check }) {
      const wanted = choose(await parts(bucket, upload), chosen);
      const files = wanted.map((part) => partFile(bucket, upload, part.number));
      const { read, finish } = join(files, upload, wanted);
      const { headers, metadata, tags } = upload;
      const version = await store.put(bucket, upload.key, read(), {
        by: 'CompleteMultipartUpload',
        ...{ headers, metadata, tags, check },
        etag: etagOf(wanted),
        checksum: () => verify(finish(), expected),
      });
      await folders.abort(bucket, upload);
      return version;
    },
  };
}
