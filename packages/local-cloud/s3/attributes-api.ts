// GetObjectAttributes: what is known of an object without its content.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html

import { AwsError } from '../aws-error.ts';
import { sendXml } from '../aws/wire.ts';
import type { XmlElements } from '../aws/xml.ts';
import { invalidArgument } from './error-details.ts';
import { checksumElements, NAMESPACE, setVersion, versionIdOf } from './object-api.ts';
import type { Version } from './record.ts';
import { headerOf, type S3Request } from './request.ts';

const ATTRIBUTES: Readonly<Record<string, (version: Version) => XmlElements[string]>> = {
  ETag: ({ etag }) => etag,
  Checksum: ({ checksum }) => (checksum ? checksumElements(checksum) : undefined),
  ObjectParts: ({ etag }) => {
    const parts = /-(\d+)$/.exec(etag)?.[1];
    return parts === undefined ? undefined : { PartsCount: parts };
  },
  StorageClass: () => 'STANDARD',
  ObjectSize: ({ size }) => size,
};

/** @throws AwsError InvalidArgument for what is not an attribute */
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
    .map((name) => [name, ATTRIBUTES[name]!(version)]);
  sendXml(res, `GetObjectAttributesResponse ${NAMESPACE}`, Object.fromEntries(elements) as XmlElements);
}
