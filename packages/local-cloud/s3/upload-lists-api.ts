// S3's lists of multipart uploads and of their parts, in pages.

import { sendXml } from '../aws/wire.ts';
import { invalidArgument } from './error-details.ts';
import { encoderOf } from './list-parameters.ts';
import { findUpload } from './multipart-api.ts';
import { checksumElement, NAMESPACE } from './object-api.ts';
import { owner } from './owner.ts';
import { numberOf, type S3Request } from './request.ts';
import { isoTime } from './times.ts';
import type { Part, Upload } from './uploads.ts';

/** A part's checksum is shown if the upload was created with one. */
const describePart = (upload: Upload, { number, lastModified, etag, size, checksum }: Part) => ({
  PartNumber: number,
  LastModified: isoTime(lastModified),
  ETag: `"${etag}"`,
  Size: size,
  ...checksumElement(upload.checksum && checksum),
});

export async function listParts(request: S3Request): Promise<void> {
  const { res, uploads, bucket, key } = request;
  const upload = await findUpload(request);
  const limit = numberOf(request, 'max-parts', 1_000, 1_000);
  const marker = numberOf(request, 'part-number-marker', 0, Number.MAX_SAFE_INTEGER);
  const parts = (await uploads.parts(bucket, upload)).filter((part) => part.number > marker);
  const page = parts.slice(0, limit);
  sendXml(res, `ListPartsResult ${NAMESPACE}`, {
    Bucket: bucket,
    Key: key,
    UploadId: upload.uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: parts.length > page.length,
    StorageClass: 'STANDARD',
    ...{ Initiator: owner, Owner: owner },
    ...(upload.checksum && {
      ChecksumAlgorithm: upload.checksum.algorithm.toUpperCase(),
      ChecksumType: upload.checksum.type,
    }),
    Part: page.map((part) => describePart(upload, part)),
  });
}

const MOST_UPLOADS = 1_000;

/** By key, those of one key in the order of their start. */
const byKey = (one: ListedUpload, other: ListedUpload) =>
  one.key === other.key ? one.initiated - other.initiated : one.key < other.key ? -1 : 1;

type ListedUpload = Awaited<ReturnType<S3Request['uploads']['list']>>[number];

/** After the key, or after one upload of it. */
function uploadsAfter(sorted: readonly ListedUpload[], query: URLSearchParams): readonly ListedUpload[] {
  const [key, id] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  if (key === '') return sorted;
  if (id === '') return sorted.filter((each) => each.key > key);
  const at = sorted.findIndex((each) => each.key === key && each.uploadId === id);
  if (at < 0) throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', id);
  return sorted.slice(at + 1);
}

/** Uploads and common prefixes in their order, of which a page takes the first. */
function rolledUp(uploads: readonly ListedUpload[], prefix: string, delimiter: string, after: string) {
  const seen = new Set<string>();
  return uploads.flatMap((upload): readonly { upload: ListedUpload; common: string | undefined }[] => {
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    if (end < 0) return [{ upload, common: undefined }];
    const common = upload.key.slice(0, end + delimiter.length);
    if (seen.has(common) || after.startsWith(common)) return [];
    seen.add(common);
    return [{ upload, common }];
  });
}

export async function listMultipartUploads(request: S3Request): Promise<void> {
  const { res, uploads, store, bucket, query } = request;
  store.bucket(bucket);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const keyMarker = query.get('key-marker') ?? '';
  const encode = encoderOf(request);
  const limit = Math.max(numberOf(request, 'max-uploads', MOST_UPLOADS, MOST_UPLOADS), 1);
  const listed = (await uploads.list(bucket)).filter((upload) => upload.key.startsWith(prefix)).sort(byKey);
  const rest = rolledUp(uploadsAfter(listed, query), prefix, delimiter, keyMarker);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const uploadsOnPage = page.some(({ common }) => common === undefined);
  sendXml(res, `ListMultipartUploadsResult ${NAMESPACE}`, {
    Bucket: bucket,
    Prefix: prefix === '' ? undefined : encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: keyMarker === '' ? '' : (query.get('upload-id-marker') ?? ''),
    // AWS names no marker on a page of common prefixes alone.
    NextKeyMarker: uploadsOnPage ? encode(last?.common ?? last?.upload.key ?? '') : '',
    NextUploadIdMarker: last && last.common === undefined ? last.upload.uploadId : '',
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: limit,
    IsTruncated: rest.length > limit,
    Upload: page
      .filter(({ common }) => common === undefined)
      .map(({ upload: { key, uploadId, initiated } }) => ({
        ...{ Key: encode(key), UploadId: uploadId, Initiator: owner, Owner: owner },
        ...{ StorageClass: 'STANDARD', Initiated: isoTime(initiated) },
      })),
    CommonPrefixes: page.flatMap(({ common }) => (common === undefined ? [] : [{ Prefix: encode(common) }])),
  });
}
