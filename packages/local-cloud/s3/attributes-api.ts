// GetObjectAttributes: the metadata of an object without its content.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html

import { AwsError } from '../aws-error.ts';
import { sendXml } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import { invalidArgument } from './error-details.ts';
import { checksumElement, checksumElements, NAMESPACE, setVersion, versionIdOf } from './object-api.ts';
import type { Version } from './record.ts';
import { headerOf, type S3Request } from './request.ts';

const MOST_PARTS = 1_000;

function headerNumber(request: S3Request, name: string, standard: number): number {
  const text = headerOf(request, name);
  if (text === undefined) return standard;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
}

/** Parts are listed where each has a checksum that the object's is composed of; else they are counted. */
function partsOf({ etag, checksum, parts = [] }: Version, request: S3Request): XmlElements | undefined {
  const count = /-(\d+)$/.exec(etag)?.[1];
  if (count === undefined) return undefined;
  if (checksum?.type !== 'COMPOSITE' || parts.length === 0) return { PartsCount: count };
  const limit = Math.min(headerNumber(request, 'x-amz-max-parts', MOST_PARTS), MOST_PARTS);
  const marker = headerNumber(request, 'x-amz-part-number-marker', 0);
  const rest = parts.filter(({ number }) => number > marker);
  const page = rest.slice(0, limit);
  return {
    PartsCount: count,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: rest.length > page.length,
    Part: page.map(({ number, size, checksum: value }) => ({
      ...{ PartNumber: number, Size: size },
      ...checksumElement(value === undefined ? undefined : { algorithm: checksum.algorithm, value }),
    })),
  };
}

const ATTRIBUTES: Readonly<Record<string, (version: Version, request: S3Request) => XmlElements[string]>> = {
  ETag: ({ etag }) => etag,
  Checksum: ({ checksum }) => (checksum ? checksumElements(checksum) : undefined),
  ObjectParts: partsOf,
  StorageClass: () => 'STANDARD',
  ObjectSize: ({ size }) => size,
};

/** @throws AwsError InvalidArgument for an unknown attribute */
function wantedBy(request: S3Request): string[] {
  const header = headerOf(request, 'x-amz-object-attributes');
  if (header === undefined)
    throw new AwsError(
      'InvalidRequest',
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    );
  const names = header.split(',').map((name) => name.trim());
  const other = names.find((name) => !Object.hasOwn(ATTRIBUTES, name));
  if (other !== undefined)
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', other);
  return names;
}

export async function getObjectAttributes(request: S3Request): Promise<void> {
  const { res, store, bucket, key } = request;
  const names = wantedBy(request);
  const version = await store.find(bucket, key, versionIdOf(request));
  setVersion(request, version.versionId);
  res.setHeader('last-modified', new Date(version.lastModified).toUTCString());
  const elements = Object.keys(ATTRIBUTES)
    .filter((name) => names.includes(name))
    .map((name) => [name, ATTRIBUTES[name]!(version, request)]);
  sendXml(res, `GetObjectAttributesResponse ${NAMESPACE}`, Object.fromEntries(elements) as XmlElements);
}
