// Tags of buckets and objects: read from a document or a header, checked as S3 does, and written as a document.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html

import { AwsError } from '../aws-error.ts';
import { childrenOf, parseXml, textOf, type XmlElements, type XmlNode } from '../aws/xml.ts';

export type Tags = Readonly<Record<string, string>>;

const MOST = { object: 10, bucket: 50 } as const;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;
/** Letters, digits and spaces of any language, and some signs. */
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const malformed = () =>
  new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
const invalid = (message: string) => new AwsError('InvalidTag', message);

function checkTag(key: string, value: string): void {
  if (key.startsWith('aws:')) throw invalid('System tags cannot be added/updated by requester');
  if (key.length === 0 || key.length > LONGEST_KEY || !CHARACTERS.test(key))
    throw invalid('The TagKey you have provided is invalid');
  if (value.length > LONGEST_VALUE || !CHARACTERS.test(value))
    throw invalid('The TagValue you have provided is invalid');
}

function tagsOf(pairs: readonly (readonly [string, string])[], of: keyof typeof MOST): Tags {
  if (pairs.length > MOST[of])
    throw of === 'object'
      ? new AwsError('BadRequest', `Object tags cannot be greater than ${MOST.object}`)
      : new AwsError('BadRequest', `Bucket tag count cannot be greater than ${MOST.bucket}`);
  if (new Set(pairs.map(([key]) => key)).size < pairs.length)
    throw invalid('Cannot provide multiple Tags with the same key');
  for (const [key, value] of pairs) checkTag(key, value);
  return Object.fromEntries(pairs);
}

/** Of elements with a Key and a Value. @throws AwsError MalformedXML, InvalidTag, BadRequest */
export function tagsIn(elements: readonly XmlNode[], of: keyof typeof MOST): Tags {
  const pairs = elements.map((tag) => {
    const [key, value] = [textOf(tag, 'Key'), textOf(tag, 'Value')];
    if (key === undefined || value === undefined) throw malformed();
    return [key, value] as const;
  });
  return tagsOf(pairs, of);
}

/** @throws AwsError MalformedXML, InvalidTag, BadRequest */
export function parseTagging(document: string, of: keyof typeof MOST): Tags {
  const root = parseXml(document);
  const [set] = childrenOf(root, 'TagSet');
  if (root.name !== 'Tagging' || !set) throw malformed();
  return tagsIn(childrenOf(set, 'Tag'), of);
}

/** `x-amz-tagging`, which is encoded as a query. @throws AwsError InvalidArgument, InvalidTag, BadRequest */
export function parseTaggingHeader(header: string | undefined): Tags | undefined {
  if (header === undefined || header === '') return undefined;
  const pairs = [...new URLSearchParams(header)];
  if (pairs.some(([key]) => key === ''))
    throw new AwsError(
      'InvalidArgument',
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    );
  return tagsOf(pairs, 'object');
}

export const taggingDocument = (tags: Tags): XmlElements => ({
  TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
});
