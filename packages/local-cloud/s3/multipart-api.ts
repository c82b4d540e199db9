// S3's operations on multipart uploads, which the CLI and the SDKs use for what is over 8 MB.
import { openBody, readBody, type Checksum } from '../aws/body.ts';
import { checksumAlgorithms, isChecksumAlgorithm } from '../aws/checksum.ts';
import { sendXml } from '../aws/wire.ts';
import { childrenOf, parseXml, textOf } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import { checkWrite, copyRangeOf } from './conditions.ts';
import { maxObject, namespace, openSource, setEncryption, setVersion } from './object-api.ts';
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

const maxDocument = 2 * 1024 * 1024;
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
  sendXml(res, `InitiateMultipartUploadResult ${namespace}`, {
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
    sendXml(res, `CopyPartResult ${namespace}`, result);
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
  const chosen = chosenParts((await readBody(req, maxDocument)).toString('utf8'));
  const version = await uploads.complete(bucket, upload, chosen, {
    expected,
    check: (current) => checkWrite(current, (name) => headerOf(request, name)),
  });
  setVersion(request, version.versionId);
  setEncryption(request);
  const { checksum } = version;
  sendXml(res, `CompleteMultipartUploadResult ${namespace}`, {
    Location: `/${bucket}/${encodeURIComponent(key)}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${version.etag}"`,
    ...(checksum && {
      [`Checksum${checksum.algorithm.toUpperCase()}`]: checksum.value,
      ChecksumType: checksum.type,
    }),
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
  sendXml(res, `ListPartsResult ${namespace}`, {
    Bucket: bucket,
    Key: key,
    UploadId: upload.uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: parts.length > page.length,
    StorageClass: 'STANDARD',
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
  const at = id === '' ? -1 : sorted.findIndex((each) => each.key === key && each.uploadId === id);
  return at >= 0 ? sorted.slice(at + 1) : sorted.filter((each) => each.key > key);
}

export async function listMultipartUploads(request: S3Request): Promise<void> {
  const { res, uploads, store, bucket, query } = request;
  store.bucket(bucket);
  if (query.get('delimiter'))
    throw new AwsError('NotImplemented', 'The local S3 lists multipart uploads without a delimiter', 501);
  const prefix = query.get('prefix') ?? '';
  const encode = encoderOf(request);
  const limit = Math.max(numberOf(request, 'max-uploads', MOST_UPLOADS, MOST_UPLOADS), 1);
  const listed = (await uploads.list(bucket)).filter((upload) => upload.key.startsWith(prefix)).sort(byKey);
  const rest = uploadsAfter(listed, query);
  const found = rest.slice(0, limit);
  const last = rest.length > limit ? found.at(-1) : undefined;
  sendXml(res, `ListMultipartUploadsResult ${namespace}`, {
    Bucket: bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(query.get('key-marker') ?? ''),
    UploadIdMarker: query.get('upload-id-marker') ?? '',
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: limit,
    IsTruncated: last !== undefined,
    Upload: found.map(({ key, uploadId, initiated }) => ({
      Key: encode(key),
      UploadId: uploadId,
      StorageClass: 'STANDARD',
      Initiated: isoTime(initiated),
    })),
  });
}
