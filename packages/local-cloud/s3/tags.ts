// Tags of buckets and objects: read from a document or a header, checked as S3 does, and written as a document.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html

import { AwsError } from '../aws-error.ts';
import { childrenOf, malformedXml, parseXml, textOf, type XmlElements, type XmlNode } from '../aws/xml.ts';
import { invalidArgument } from './error-details.ts';

export type Tags = Readonly<Record<string, string>>;

const MOST = { object: 10, bucket: 50 } as const;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;
/** Letters, digits and spaces of any language, and some signs. */
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const invalid = (message: string, TagKey: string, more: Readonly<Record<string, string>> = {}) =>
  new AwsError('InvalidTag', message, 400, { TagKey, ...more });

const RESERVED = {
  bucket: 'System tags cannot be added/updated by requester',
  object: 'Your TagKey cannot be prefixed with aws:',
} as const;

function checkTag(key: string, value: string, of: keyof typeof MOST): void {
  if (key.startsWith('aws:')) throw invalid(RESERVED[of], key);
  if (key.length === 0 || key.length > LONGEST_KEY || !CHARACTERS.test(key))
    throw invalid('The TagKey you have provided is invalid', key);
  if (value.length > LONGEST_VALUE || !CHARACTERS.test(value))
    throw invalid('The TagValue you have provided is invalid', key, { TagValue: value });
}

function tagsOf(pairs: readonly (readonly [string, string])[], of: keyof typeof MOST): Tags {
  if (pairs.length > MOST[of])
    throw of === 'object'
      ? new AwsError('BadRequest', `Object tags cannot be greater than ${MOST.object}`)
      : new AwsError('BadRequest', `Bucket tag count cannot be greater than ${MOST.bucket}`);
  const twice = pairs.find(([key], index) => pairs.findIndex(([other]) => other === key) < index);
  if (twice) throw invalid('Cannot provide multiple Tags with the same key', twice[0]);
  for (const [key, value] of pairs) checkTag(key, value, of);
  return Object.fromEntries(pairs);
}

/** The tags of elements with a Key and a Value. @throws AwsError MalformedXML, InvalidTag, BadRequest */
export function tagsIn(elements: readonly XmlNode[], of: keyof typeof MOST): Tags {
  const pairs = elements.map((tag) => {
    const [key, value] = [textOf(tag, 'Key'), textOf(tag, 'Value')];
    if (key === undefined || value === undefined) throw malformedXml();
    return [key, value] as const;
  });
  return tagsOf(pairs, of);
}

/** @throws AwsError MalformedXML, InvalidTag, BadRequest */
export function parseTagging(document: string, of: keyof typeof MOST): Tags {
  const root = parseXml(document);
  const [set] = childrenOf(root, 'TagSet');
  if (root.name !== 'Tagging' || !set) throw malformedXml();
  return tagsIn(childrenOf(set, 'Tag'), of);
}

/** The tags of `x-amz-tagging`, which is encoded as a query. @throws AwsError InvalidArgument, InvalidTag, BadRequest */
export function parseTaggingHeader(header: string | undefined): Tags | undefined {
  if (header === undefined || header === '') return undefined;
  const pairs = [...new URLSearchParams(header)];
  const keys = new Set(pairs.map(([key]) => key));
  if (
    keys.has('') ||
    keys.size < pairs.length ||
    pairs.some((pair) => !pair.every((text) => CHARACTERS.test(text)))
  )
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  return tagsOf(pairs, 'object');
}

export const taggingDocument = (tags: Tags): XmlElements => ({
  TagSet: { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
});
