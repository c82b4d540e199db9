// CopyObject, and the source of a copy.

import { isChecksumAlgorithm, withChecksum, type ChecksumAlgorithm } from '../aws/checksum.ts';
import { sendXml } from '../aws/wire.ts';
import { AwsError } from '../aws-error.ts';
import { checkWrite, failed, isWanted, type ReadHeader } from './conditions.ts';
import { invalidArgument, withDetails } from './error-details.ts';
import {
  checksumElement,
  NAMESPACE,
  setEncryption,
  setVersion,
  STANDARD_CHECKSUM,
  versionIdOf,
} from './object-api.ts';
import type { Version } from './record.ts';
import {
  headerOf,
  metadataOf,
  parseCopySource,
  refuseUnsupported,
  storedHeadersOf,
  type S3Request,
} from './request.ts';
import type { PutOptions, StoredObject } from './store.ts';
import { parseTaggingHeader, type Tags } from './tags.ts';
import { isoTime } from './times.ts';

const sourceOf = (request: S3Request) => parseCopySource(headerOf(request, 'x-amz-copy-source') ?? '');

/** Errors are about the source, not about the copy. */
async function openNamed(source: S3Request): Promise<StoredObject> {
  try {
    return await source.store.get(source.bucket, source.key, versionIdOf(source));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code !== 'MethodNotAllowed') throw withDetails(error, source);
    const message =
      'The source of a copy request may not specifically refer to a delete marker by version id.';
    throw Object.assign(new AwsError('InvalidRequest', message), { cause: error });
  }
}

/** Opens what `x-amz-copy-source` names, under its `x-amz-copy-source-if-` conditions. */
export async function openSource(request: S3Request): Promise<StoredObject> {
  const { bucket, key, query } = sourceOf(request);
  if (!key) throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', 'x-amz-copy-source');
  const object = await openNamed({ ...request, bucket, key, query });
  const header: ReadHeader = (name) => headerOf(request, `x-amz-copy-source-${name}`);
  try {
    if (isWanted(object, header, request.store.now(), 'x-amz-copy-source-')) return object;
    throw failed(
      `x-amz-copy-source-${header('if-none-match') === undefined ? 'If-Modified-Since' : 'If-None-Match'}`,
    );
  } catch (error) {
    await object.close();
    throw error;
  }
}

const CHANGES = ['x-amz-storage-class', 'x-amz-server-side-encryption', 'x-amz-website-redirect-location'];

function requireChange(request: S3Request, replace: boolean): void {
  const { bucket, key } = request;
  const source = sourceOf(request);
  if (replace || source.bucket !== bucket || source.key !== key || source.query.has('versionId')) return;
  // Naming one is a change, whatever it was before.
  if (CHANGES.some((name) => headerOf(request, name) !== undefined)) return;
  const message =
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
  throw new AwsError('InvalidRequest', message);
}

async function putThenClose(put: Promise<Version>, source: StoredObject): Promise<Version> {
  try {
    return await put;
  } finally {
    await source.close();
  }
}

/** Whether the request replaces metadata or tags instead of copying those of the source. @throws AwsError InvalidArgument */
function isReplaced(request: S3Request, what: 'metadata' | 'tagging'): boolean {
  const directive = headerOf(request, `x-amz-${what}-directive`) ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive === 'REPLACE';
  throw invalidArgument(`Unknown ${what} directive.`, `x-amz-${what}-directive`, directive);
}

const tagsOf = (request: S3Request): Tags | undefined | 'COPY' =>
  isReplaced(request, 'tagging') ? parseTaggingHeader(headerOf(request, 'x-amz-tagging')) : 'COPY';

/** @throws AwsError InvalidRequest */
export function checksumAlgorithmOf(request: S3Request): ChecksumAlgorithm | undefined {
  const algorithm = headerOf(request, 'x-amz-checksum-algorithm')?.toLowerCase();
  if (algorithm === undefined || isChecksumAlgorithm(algorithm)) return algorithm;
  throw new AwsError(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  );
}

export async function copyObject(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  refuseUnsupported(request);
  const replace = isReplaced(request, 'metadata');
  requireChange(request, replace);
  const asked = checksumAlgorithmOf(request);
  const tags = tagsOf(request);
  const source = await openSource(request);
  const copy = withChecksum(source.stream(), asked ?? source.checksum?.algorithm ?? STANDARD_CHECKSUM);
  const options: PutOptions = {
    by: 'Copy',
    headers: replace ? storedHeadersOf(request) : source.headers,
    metadata: replace ? metadataOf(request) : source.metadata,
    tags: tags === 'COPY' ? source.tags : tags,
    checksum: () => ({ ...copy.checksum(), type: 'FULL_OBJECT' }),
    check: (current) => checkWrite(current, (name) => headerOf(request, name)),
  };
  const version = await putThenClose(store.put(bucket, key, copy.data, options), source);
  if (source.versionId !== 'null') res.setHeader('x-amz-copy-source-version-id', source.versionId);
  setVersion(request, version.versionId);
  setEncryption(request);
  const result = {
    ...{ LastModified: isoTime(version.lastModified), ETag: `"${version.etag}"` },
    ...checksumElement(version.checksum),
  };
  sendXml(res, `CopyObjectResult ${NAMESPACE}`, result);
}
