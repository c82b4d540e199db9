// Finds the KMS keys that encrypt resources, and the permissions on them that reading and writing needs.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html

import type { ResolvedTemplate } from '../template/resolved.ts';
import type { Need } from './need.ts';

type Properties = Readonly<Record<string, unknown>>;

const BOTH = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** Additional permissions on the key, by the action of the call. */
const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  's3:GetObject': ['kms:Decrypt'],
  's3:PutObject': BOTH,
  'sns:Publish': BOTH,
  'sqs:ReceiveMessage': ['kms:Decrypt'],
  'sqs:SendMessage': BOTH,
  'kinesis:PutRecord': ['kms:GenerateDataKey'],
  'kinesis:PutRecords': ['kms:GenerateDataKey'],
  'kinesis:GetRecords': ['kms:Decrypt'],
};

function bucketKey(properties: Properties): unknown {
  const encryption = properties['BucketEncryption'] as
    { ServerSideEncryptionConfiguration?: unknown } | undefined;
  const rules = encryption?.ServerSideEncryptionConfiguration;
  const first = Array.isArray(rules) ? (rules[0] as Properties | undefined) : undefined;
  return (first?.['ServerSideEncryptionByDefault'] as Properties | undefined)?.['KMSMasterKeyID'];
}

const KEY_OF: Readonly<Record<string, (properties: Properties) => unknown>> = {
  'AWS::Kinesis::Stream': ({ StreamEncryption: encryption }) =>
    (encryption as Properties | undefined)?.['KeyId'],
  'AWS::S3::Bucket': bucketKey,
  'AWS::SNS::Topic': ({ KmsMasterKeyId: key }) => key,
  'AWS::SQS::Queue': ({ KmsMasterKeyId: key }) => key,
};

/** The template's own keys; AWS managed keys need no permission. */
function keyArns(template: ResolvedTemplate): ReadonlyMap<string, string> {
  const keys = template.ofType('AWS::KMS::Key');
  const direct = keys.flatMap(({ ref, arn }) => [ref, arn].map((name) => [name, arn] as const));
  const aliases = template.ofType('AWS::KMS::Alias').flatMap(({ properties }) => {
    const key = keys.find(({ ref, arn }) => [ref, arn].includes(String(properties['TargetKeyId'])));
    return key ? [[String(properties['AliasName']), key.arn] as const] : [];
  });
  return new Map([...direct, ...aliases]);
}

/** @returns a function from a need to the permissions on a key that it also needs: none where no key of the template encrypts the resource */
export function keyNeedsOf(template: ResolvedTemplate): (need: Need) => readonly Need[] {
  const known = keyArns(template);
  const keys = new Map<string, string>();
  for (const [type, keyOf] of Object.entries(KEY_OF))
    for (const resource of template.ofType(type)) {
      const key = known.get(String(keyOf(resource.properties)));
      if (key !== undefined) keys.set(resource.arn, key);
    }
  return ({ action, resource }) => {
    const actions = Object.hasOwn(KEY_ACTIONS, action) ? KEY_ACTIONS[action]! : [];
    const service = action.split(':')[0]!;
    const owner = service === 's3' ? resource.split('/')[0]! : resource;
    const key = keys.get(owner);
    if (key === undefined) return [];
    return actions.map((each) => ({
      action: each,
      resource: key,
      keys: { 'kms:viaservice': `${service}.${template.region}.amazonaws.com` },
    }));
  };
}
