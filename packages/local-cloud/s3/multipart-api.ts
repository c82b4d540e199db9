// S3's operations on multipart uploads, which the CLI and the SDKs use for objects over 8 MB.

import { openBody, readBody, type Checksum } from '../aws/body.ts';
import { checksumAlgorithms, withChecksum } from '../aws/checksum.ts';
import { sendXml } from '../aws/wire.ts';
import { childrenOf, parseXml, textOf, type XmlNode } from '../aws/xml.ts';
import { AwsError } from '../aws-error.ts';
import { checkWrite, copyRangeOf } from './conditions.ts';
import { checksumAlgorithmOf, openSource } from './copy-api.ts';
import {
  checksumElement,
  checksumElements,
  maxObject,
  NAMESPACE,
  setEncryption,
  setVersion,
} from './object-api.ts';
import { headerOf, metadataOf, refuseUnsupported, storedHeadersOf, type S3Request } from './request.ts';
import { parseTaggingHeader } from './tags.ts';
import { isoTime } from './times.ts';
import type { ChosenPart, Upload } from './uploads.ts';

const MAX_DOCUMENT = 2 * 1024 * 1024;

export const findUpload = ({ uploads, bucket, key, query }: S3Request): Promise<Upload> =>
  uploads.find(bucket, key, query.get('uploadId') ?? '');

function checksumOf(request: S3Request): Upload['checksum'] {
  const algorithm = checksumAlgorithmOf(request);
  if (algorithm === undefined) return undefined;
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

/** 0, which no part has, for what is not a number. */
const partNumberOf = ({ query }: S3Request) =>
  Number(/^\d{1,9}$/.exec(query.get('partNumber') ?? '')?.[0] ?? 0);

export async function uploadPart(request: S3Request): Promise<void> {
  const { req, res, uploads, bucket } = request;
  refuseUnsupported(request);
  const upload = await findUpload(request);
  const { algorithm, type } = upload.checksum ?? {};
  const body = openBody(req, maxObject, type === 'FULL_OBJECT' ? algorithm : undefined);
  const part = await uploads.putPart(bucket, upload, partNumberOf(request), body.data, () => body.checksum());
  if (part.checksum) res.setHeader(`x-amz-checksum-${part.checksum.algorithm}`, part.checksum.value);
  setEncryption(request);
  res.writeHead(200, { etag: `"${part.etag}"`, 'content-length': 0 }).end();
}

export async function uploadPartCopy(request: S3Request): Promise<void> {
  const { res, uploads, bucket } = request;
  const upload = await findUpload(request);
  const source = await openSource(request);
  try {
    const range = copyRangeOf(headerOf(request, 'x-amz-copy-source-range'), source.size);
    const content = source.stream(range);
    const copy = upload.checksum && withChecksum(content, upload.checksum.algorithm);
    const part = await uploads.putPart(bucket, upload, partNumberOf(request), copy?.data ?? content, () =>
      copy?.checksum(),
    );
    const result = {
      ...{ LastModified: isoTime(part.lastModified), ETag: `"${part.etag}"` },
      ...checksumElement(part.checksum),
    };
    setEncryption(request);
    if (source.versionId !== 'null') res.setHeader('x-amz-copy-source-version-id', source.versionId);
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

function checksumsOf(part: XmlNode): ChosenPart['checksums'] {
  const named = checksumAlgorithms.map(
    (name) => [name, textOf(part, `Checksum${name.toUpperCase()}`)] as const,
  );
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** An empty document chooses none. */
function chosenParts(document: string): ChosenPart[] {
  if (document.trim() === '') return [];
  const root = parseXml(document);
  if (root.name !== 'CompleteMultipartUpload') {
    throw new AwsError('MalformedXML', 'The document must be a CompleteMultipartUpload');
  }
  return childrenOf(root, 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: (textOf(part, 'ETag') ?? '').trim().replace(/^"|"$/g, ''),
    checksums: checksumsOf(part),
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
    check: (current, begun) => checkWrite(current, (name) => headerOf(request, name), begun),
  });
  setVersion(request, version.versionId);
  setEncryption(request);
  const { checksum } = version;
  sendXml(res, `CompleteMultipartUploadResult ${NAMESPACE}`, {
    Location: `http://${req.headers.host ?? ''}/${bucket}/${encodeURIComponent(key)}`,
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
