// Object ownership and public access block of a bucket: as the template declares, as a client set, or AWS's default.
// They are stored and returned, without effect, as all resource policies here.

import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import { sendXml } from '../aws/wire.ts';
import {
  childrenOf,
  malformedXml,
  parseXml,
  textOf as textInXml,
  type XmlElements,
  type XmlNode,
} from '../aws/xml.ts';
import { asList, asMap, declaredOf, textOf } from './configuration-api.ts';
import { NAMESPACE } from './object-api.ts';
import { headerOf, type S3Request } from './request.ts';

const LONGEST_DOCUMENT = 65_536;
const OWNERSHIPS = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'];

/** Refuses a bucket of the template, and names the template, before the document is checked. */
async function documentOf({ req, store, bucket }: S3Request, root: string): Promise<XmlNode> {
  if (store.bucket(bucket).fromTemplate) await store.configure(bucket, {});
  const document = parseXml((await readBody(req, LONGEST_DOCUMENT)).toString('utf8'));
  if (document.name !== root) throw malformedXml();
  return document;
}

/** `x-amz-object-ownership` of a new bucket. @throws AwsError InvalidArgument */
export function ownershipOf(request: S3Request): string | undefined {
  const name = 'x-amz-object-ownership';
  const value = headerOf(request, name);
  if (value === undefined || OWNERSHIPS.includes(value)) return value;
  throw new AwsError('InvalidArgument', `Invalid ${name} header: ${value}`, 400, { ArgumentName: name });
}

export function getOwnershipControls(request: S3Request): void {
  const { res, store, bucket } = request;
  const [rule] = asList(asMap(declaredOf(request)['OwnershipControls'])['Rules']);
  const { ownership = 'BucketOwnerEnforced' } = store.bucket(bucket);
  if (ownership === null)
    throw new AwsError('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found', 404);
  const ObjectOwnership = textOf(rule?.['ObjectOwnership']) ?? ownership;
  sendXml(res, `OwnershipControls ${NAMESPACE}`, { Rule: { ObjectOwnership } });
}

export async function putOwnershipControls(request: S3Request): Promise<void> {
  const { res, store, bucket } = request;
  const rules = childrenOf(await documentOf(request, 'OwnershipControls'), 'Rule');
  const ownership = rules[0] && textInXml(rules[0], 'ObjectOwnership');
  if (rules.length !== 1 || ownership === undefined || !OWNERSHIPS.includes(ownership)) throw malformedXml();
  await store.configure(bucket, { ownership });
  res.writeHead(200, { 'content-length': 0 }).end();
}

export async function deleteOwnershipControls({ res, store, bucket }: S3Request): Promise<void> {
  await store.configure(bucket, { ownership: null });
  res.writeHead(204).end();
}

const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

/** Since April 2023 a new bucket blocks all public access; in a declared block, missing members are false. */
export function getPublicAccessBlock(request: S3Request): void {
  const { res, store, bucket } = request;
  const declared = declaredOf(request)['PublicAccessBlockConfiguration'];
  const { publicAccess } = store.bucket(bucket);
  if (publicAccess === null)
    throw new AwsError(
      'NoSuchPublicAccessBlockConfiguration',
      'The public access block configuration was not found',
      404,
    );
  const given = declared === undefined ? publicAccess : asMap(declared);
  const blocks = BLOCKS.map((name) => [name, given ? (textOf(given[name]) ?? 'false') : 'true']);
  sendXml(res, `PublicAccessBlockConfiguration ${NAMESPACE}`, Object.fromEntries(blocks) as XmlElements);
}

export async function putPublicAccessBlock(request: S3Request): Promise<void> {
  const { res, store, bucket } = request;
  const document = await documentOf(request, 'PublicAccessBlockConfiguration');
  const publicAccess = Object.fromEntries(
    BLOCKS.map((name) => [name, textInXml(document, name)?.toLowerCase() === 'true']),
  );
  await store.configure(bucket, { publicAccess });
  res.writeHead(200, { 'content-length': 0 }).end();
}

export async function deletePublicAccessBlock({ res, store, bucket }: S3Request): Promise<void> {
  await store.configure(bucket, { publicAccess: null });
  res.writeHead(204).end();
}
