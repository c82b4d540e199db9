// Multipart uploads: parts wait on disk, and become one object when the client completes them.

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ChecksumAlgorithm } from '../aws/checksum.ts';
import type { Checksum } from '../aws/body.ts';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import { choose, etagOf, join, verify } from './assemble.ts';
import { spool, type PutOptions } from './content.ts';
import { invalidArgument } from './error-details.ts';
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
  /** Whether the object of the key was deleted since. */
  readonly removedSince?: true;
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
  /** Uploads of a key whose object is deleted say so when they are completed under a condition. */
  noteRemoval(bucket: string, key: string): Promise<void>;
}

export interface ChosenPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  /** By algorithm. */
  readonly checksums: Readonly<Partial<Record<ChecksumAlgorithm, string>>>;
}

export interface CompleteOptions {
  /** What the client says the whole object's checksum is. */
  readonly expected?: Checksum;
  readonly check?: (current: Version | undefined, upload: Upload) => void;
}

const MAX_PART = 10_000;
const UPLOAD_ID_FORM = /^[0-9a-f]{32}$/;

const noSuchUpload = () =>
  new AwsError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
  );

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
  /** The folder for everything of a bucket but its objects. @throws AwsError NoSuchBucket */
  readonly stateOf: (bucket: string) => string;
}

function requirePartNumber(number: number): void {
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PART) return;
  throw invalidArgument(
    `Part number must be an integer between 1 and ${MAX_PART}, inclusive`,
    'partNumber',
    String(number),
  );
}

/** A part has the checksum that its upload was begun with. */
function requireChecksum({ checksum }: Upload, given: Checksum | undefined): void {
  if (checksum === undefined || checksum.algorithm === given?.algorithm) return;
  throw new AwsError(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${checksum.algorithm}, actual checksum Type: ${given?.algorithm ?? 'null'}`,
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

async function listUploads({ folderOf }: Paths, bucket: string): Promise<Upload[]> {
  const names = await readdir(folderOf(bucket)).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const read = names.map((name) => readJson<Upload>(path.join(folderOf(bucket, name), UPLOAD_FILE)));
  return (await Promise.all(read)).filter((upload) => upload !== undefined);
}

/** Creates, finds and lists uploads. */
function uploadFolders(
  paths: Paths,
  clock: Clock,
): Pick<Uploads, 'create' | 'find' | 'list' | 'abort' | 'noteRemoval'> {
  const { folderOf } = paths;
  const save = (bucket: string, upload: Upload) =>
    writeFileSafely(path.join(folderOf(bucket, upload.uploadId), UPLOAD_FILE), JSON.stringify(upload));
  return {
    async create(bucket, given) {
      requireKey(given.key);
      const upload: Upload = { ...given, uploadId: randomUUID().replaceAll('-', ''), initiated: clock.now() };
      await makeDirectory(folderOf(bucket, upload.uploadId));
      await save(bucket, upload);
      return upload;
    },
    async find(bucket, key, uploadId) {
      const folder = folderOf(bucket, UPLOAD_ID_FORM.test(uploadId) ? uploadId : 'none');
      const upload = await readJson<Upload>(path.join(folder, UPLOAD_FILE));
      if (upload?.key !== key) throw noSuchUpload();
      return upload;
    },
    list: (bucket) => listUploads(paths, bucket),
    async noteRemoval(bucket, key) {
      for (const upload of await listUploads(paths, bucket)) {
        if (upload.key !== key || upload.removedSince) continue;
        await save(bucket, { ...upload, removedSince: true }).catch((error: unknown) => {
          if (!isMissing(error)) throw error; // completed or aborted in the meantime
        });
      }
    },
    async abort(bucket, { uploadId }) {
      await rm(folderOf(bucket, uploadId), { recursive: true, force: true });
    },
  };
}

async function putPart(
  { partFile }: Paths,
  clock: Clock,
  ...[bucket, upload, number, body, checksum]: Parameters<Uploads['putPart']>
): Promise<Part> {
  requirePartNumber(number);
  const file = partFile(bucket, upload, number);
  const beside = `${file}.${randomUUID()}`;
  const { size, md5 } = await spool(beside, body);
  const part: Part = { number, size, etag: md5, lastModified: clock.now(), checksum: checksum() };
  try {
    requireChecksum(upload, part.checksum);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await rename(beside, file);
  await writeFileSafely(`${file}.json`, JSON.stringify(part));
  return part;
}

export function createUploads(store: UploadTarget, clock: Clock): Uploads {
  const paths = pathsIn(store);
  const { folderOf, partFile } = paths;
  const folders = uploadFolders(paths, clock);
  const parts = async (bucket: string, upload: Upload) => readParts(folderOf(bucket, upload.uploadId));
  return {
    ...folders,
    putPart: (...part) => putPart(paths, clock, ...part),
    parts,
    async complete(bucket, upload, chosen, { expected, check }) {
      const wanted = choose(upload, await parts(bucket, upload), chosen);
      const files = wanted.map((part) => partFile(bucket, upload, part.number));
      const { read, finish } = join(files, upload, wanted);
      const { headers, metadata, tags } = upload;
      const version = await store.put(bucket, upload.key, read(), {
        by: 'CompleteMultipartUpload',
        ...{ headers, metadata, tags },
        check: (current) => check?.(current, upload),
        etag: etagOf(wanted),
        // The parts of other uploads may have checksums of another algorithm than the object.
        parts: wanted.map(({ number, size, checksum }) => ({
          ...{ number, size },
          checksum: upload.checksum && checksum?.value,
        })),
        checksum: () => verify(finish(), expected),
      });
      await folders.abort(bucket, upload);
      return version;
    },
  };
}
