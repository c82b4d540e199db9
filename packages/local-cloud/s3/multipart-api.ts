// S3's operations on multipart uploads, which the CLI and the SDKs use for what is over 8 MB.

import { openBody, readBody, type Checksum } from '../aws/body.ts';
import { checksumAlgorithms, isChecksumAlgorithm } from '../aws/checksum.ts';
import { sendXml } from '../aws/wire.ts';
import { childrenOf, parseXml, textOf } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import { checkWrite, copyRangeOf } from './conditions.ts';
import { invalidArgument } from './error-details.ts';
import { owner } from './owner.ts';
import {
  checksumElements,
  maxObject,
  NAMESPACE,
  openSource,
  setEncryption,
  setVersion,
} from './object-api.ts';
import {
  headerOf,
  metadataOf,
  numberOf,
  refuseUnsupported,
  storedHeadersOf,
  type S3Request,
} from './request.ts';
import { parseTaggingHeader } from './tags.ts';
import type { ChosenPart, Part, Upload } from './uploads.ts';

const MAX_DOCUMENT = 2 * 1024 * 1024;
const isoTime = (milliseconds: number) => new Date(milliseconds).toISOString();

const findUpload = ({ uploads, bucket, key, query }: S3Request): Promise<Upload> =>
  uploads.find(bucket, key, query.get('uploadId') ?? '');

function checksumOf(request: S3Request): Upload['checksum'] {
  const algorithm = headerOf(request, 'x-amz-checksum-algorithm')?.toLowerCase();
  if (algorithm === undefined) return undefined;
  if (!isChecksumAlgorithm(algorithm)) {
    throw new AwsError('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  }
  const standard = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = headerOf(request, 'x-amz-checksum-type') ?? standard;
  if (type === 'FULL_OBJECT' || type === 'COMPOSITE') return { algorithm, type };
  throw new AwsError('InvalidRequest', 'Value for x-amz-checksum-type header is invalid.');
}

export async function createMultipartUpload(request: S3Request): Promise<void> {
  const { res, uploads, store, bucket, key } = request;
  refuseUnsupported(request);
  store.bucket(bucket);
  const checksum = checksumOf(request);
  const [headers, metadata] = [storedHeadersOf(request), metadataOf(request)];
  const { uploadId } = await uploads.create(bucket, {
    ...{ key, headers, metadata, checksum },
    tags: parseTaggingHeader(headerOf(request, 'x-amz-tagging')),
  });
  if (checksum) {
    res.setHeader('x-amz-checksum-algorithm', checksum.algorithm.toUpperCase());
    res.setHeader('x-amz-checksum-type', checksum.type);
  }
  setEncryption(request);
  sendXml(res, `InitiateMultipartUploadResult ${NAMESPACE}`, {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
  });
}

const partNumberOf = (request: S3Request) => numberOf(request, 'partNumber', 0, Number.MAX_SAFE_INTEGER);

export async function uploadPart(request: S3Request): Promise<void> {
  const { req, res, uploads, bucket } = request;
  refuseUnsupported(request);
  const upload = await findUpload(request);
  const body = openBody(req, maxObject);
  const part = await uploads.putPart(bucket, upload, partNumberOf(request), body.data, () => body.checksum());
  if (part.checksum) res.setHeader(`x-amz-checksum-${part.checksum.algorithm}`, part.checksum.value);
  res.writeHead(200, { etag: `"${part.etag}"`, 'content-length': 0 }).end();
}

export async function uploadPartCopy(request: S3Request): Promise<void> {
  const { res, uploads, bucket } = request;
  const upload = await findUpload(request);
  const source = await openSource(request);
  try {
    const range = copyRangeOf(headerOf(request, 'x-amz-copy-source-range'), source.size);
    const part = await uploads.putPart(
      bucket,
      upload,
      partNumberOf(request),
      source.stream(range),
      () => undefined,
    );
    const result = { LastModified: isoTime(part.lastModified), ETag: `"${part.etag}"` };
    sendXml(res, `CopyPartResult ${NAMESPACE}`, result);
  } finally {
    await source.close();
  }
}

function expectedOf(request: S3Request): Checksum | undefined {
  const algorithm = checksumAlgorithms.find(
    (name) => headerOf(request, `x-amz-checksum-${name}`) !== undefined,
  );
  return algorithm && { algorithm, value: headerOf(request, `x-amz-checksum-${algorithm}`)! };
}

function chosenParts(document: string): ChosenPart[] {
  const root = parseXml(document);
  if (root.name !== 'CompleteMultipartUpload') {
    throw new AwsError('MalformedXML', 'The document must be a CompleteMultipartUpload');
  }
  return childrenOf(root, 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: (textOf(part, 'ETag') ?? '').trim().replace(/^"|"$/g, ''),
  }));
}

export async function completeMultipartUpload(request: S3Request): Promise<void> {
  const { req, res, uploads, bucket, key } = request;
  const upload = await findUpload(request);
  const expected = expectedOf(request);
  // The checksum header is the object's here, not the document's.
  for (const name of checksumAlgorithms) delete req.headers[`x-amz-checksum-${name}`];
  const chosen = chosenParts((await readBody(req, MAX_DOCUMENT)).toString('utf8'));
  const version = await uploads.complete(bucket, upload, chosen, {
    expected,
    check: (current) => checkWrite(current, (name) => headerOf(request, name)),
  });
  setVersion(request, version.versionId);
  setEncryption(request);
  const { checksum } = version;
  sendXml(res, `CompleteMultipartUploadResult ${NAMESPACE}`, {
    Location: `/${bucket}/${encodeURIComponent(key)}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${version.etag}"`,
    ...checksumElements(checksum),
  });
}

export async function abortMultipartUpload(request: S3Request): Promise<void> {
  await request.uploads.abort(request.bucket, await findUpload(request));
  request.res.writeHead(204).end();
}

const describePart = ({ number, lastModified, etag, size, checksum }: Part) => ({
  PartNumber: number,
  LastModified: isoTime(lastModified),
  ETag: `"${etag}"`,
  Size: size,
  ...(checksum && { [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value }),
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
    Part: page.map(describePart),
  });
}

const MOST_UPLOADS = 1_000;

/** Keys may hold characters that XML cannot, for which clients ask for URL encoding. */
function encoderOf({ query }: S3Request): (text: string) => string {
  const type = query.get('encoding-type');
  if (type === null) return (text) => text;
  if (type !== 'url') throw new AwsError('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/');
}

/** By key, those of one key in the order of their start. */
const byKey = (one: ListedUpload, other: ListedUpload) =>
  one.key === other.key ? one.initiated - other.initiated : one.key < other.key ? -1 : 1;

type ListedUpload = Awaited<ReturnType<S3Request['uploads']['list']>>[number];

/** Behind the key, or behind one upload of it. */
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
    if (seen.has(common) || common === after) return [];
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
  sendXml(res, `ListMultipartUploadsResult ${NAMESPACE}`, {
    Bucket: bucket,
    Prefix: prefix === '' ? undefined : encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: keyMarker === '' ? '' : (query.get('upload-id-marker') ?? ''),
    NextKeyMarker: encode(last?.common ?? last?.upload.key ?? ''),
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
