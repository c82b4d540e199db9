// S3's lists of objects and of versions, in pages.

import { sendXml } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import { invalidArgument } from './error-details.ts';
import { decodeToken, encoderOf, encodeToken, given } from './list-parameters.ts';
import type { ListPage, VersionPage } from './list.ts';
import { NAMESPACE } from './object-api.ts';
import { owner } from './owner.ts';
import type { Version } from './record.ts';
import { setRegion } from './regions.ts';
import { numberOf, type S3Request } from './request.ts';
import { isoTime } from './times.ts';

const MAX_KEYS = 1_000;

function describe(version: Version): XmlElements {
  return {
    LastModified: isoTime(version.lastModified),
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: version.checksum?.algorithm.toUpperCase(),
    ChecksumType: version.checksum?.type,
    Size: version.size,
    StorageClass: 'STANDARD',
  };
}

async function readPage(
  request: S3Request,
  after: string | undefined,
): Promise<ListPage & { limit: number }> {
  const { store, bucket, query } = request;
  const limit = numberOf(request, 'max-keys', MAX_KEYS, MAX_KEYS);
  const [prefix, delimiter] = [given(query, 'prefix'), given(query, 'delimiter')];
  if (limit === 0) {
    store.bucket(bucket);
    return { objects: [], prefixes: [], limit };
  }
  return { ...(await store.list(bucket, { prefix, delimiter, after, limit })), limit };
}

export async function listObjectsV2(request: S3Request): Promise<void> {
  const { res, bucket, query } = request;
  const encode = encoderOf(request);
  const token = query.get('continuation-token');
  const startAfter = given(query, 'start-after');
  const page = await readPage(request, decodeToken(token) ?? startAfter);
  setRegion(res);
  const withOwner = query.get('fetch-owner') === 'true' ? owner : undefined;
  sendXml(res, `ListBucketResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: page.limit,
    EncodingType: given(query, 'encoding-type'),
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : encodeToken(page.next),
    // It counts on the first page only.
    StartAfter: token === null ? encodeGiven(encode, startAfter) : undefined,
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describe(version),
      Owner: withOwner,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

const encodeGiven = (encode: (text: string) => string, text: string | undefined): string | undefined =>
  text === undefined ? undefined : encode(text);

export async function listObjectsV1(request: S3Request): Promise<void> {
  const { res, bucket, query } = request;
  const encode = encoderOf(request);
  const page = await readPage(request, given(query, 'marker'));
  setRegion(res);
  sendXml(res, `ListBucketResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    Marker: encode(query.get('marker') ?? ''),
    // "This element is returned only if you have the delimiter request parameter specified."
    NextMarker: given(query, 'delimiter') && encodeGiven(encode, page.next),
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: page.limit,
    EncodingType: given(query, 'encoding-type'),
    IsTruncated: page.next !== undefined,
    Contents: page.objects.map(({ key, version }) => ({
      Key: encode(key),
      ...describe(version),
      Owner: owner,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}

const versionElement = (
  { key, version, isLatest }: VersionPage['versions'][number],
  encode: (text: string) => string,
) => ({
  Key: encode(key),
  VersionId: version.versionId,
  IsLatest: isLatest,
  Owner: owner,
  ...(version.deleteMarker ? { LastModified: isoTime(version.lastModified) } : describe(version)),
});

export async function listObjectVersions(request: S3Request): Promise<void> {
  const { res, store, bucket, query } = request;
  const encode = encoderOf(request);
  const limit = Math.max(numberOf(request, 'max-keys', MAX_KEYS, MAX_KEYS), 1);
  const [after, afterVersion] = [given(query, 'key-marker'), given(query, 'version-id-marker')];
  if (after === undefined && afterVersion !== undefined)
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      afterVersion,
    );
  const page = await store.listVersions(bucket, {
    prefix: given(query, 'prefix'),
    delimiter: given(query, 'delimiter'),
    after,
    afterVersion,
    limit,
  });
  const elementsOf = (isMarker: boolean) =>
    page.versions
      .filter(({ version }) => Boolean(version.deleteMarker) === isMarker)
      .map((each) => versionElement(each, encode));
  sendXml(res, `ListVersionsResult ${NAMESPACE}`, {
    Name: bucket,
    Prefix: encode(query.get('prefix') ?? ''),
    KeyMarker: encode(query.get('key-marker') ?? ''),
    VersionIdMarker: query.get('version-id-marker') ?? '',
    NextKeyMarker: encodeGiven(encode, page.next?.key),
    NextVersionIdMarker: page.next?.versionId,
    Delimiter: encodeGiven(encode, given(query, 'delimiter')),
    MaxKeys: limit,
    EncodingType: given(query, 'encoding-type'),
    IsTruncated: page.next !== undefined,
    Version: elementsOf(false),
    DeleteMarker: elementsOf(true),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
}
