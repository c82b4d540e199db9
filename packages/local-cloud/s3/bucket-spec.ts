// Reads the settings of a template's bucket that matter on one machine; others are refused with their line.

import { StartError } from '../start-error.ts';
import type { Tags } from './tags.ts';

/** A resource of the template, as `template/` resolves it. */
export interface BucketResource {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The policy of an AWS::S3::BucketPolicy for the bucket: an object, or its JSON text. */
  readonly policy?: unknown;
  /** The place of a property for messages, such as `template.yaml:123`. */
  readonly at: (...path: (string | number)[]) => string;
}

export interface ExpirationRule {
  /** Its id; AWS chooses one where the template has none. */
  readonly id: string;
  readonly prefix: string;
  /** Days after which a current version expires, and a version that is no longer current is deleted permanently. */
  readonly days?: number;
  readonly noncurrentDays?: number;
  /** Number of noncurrent versions that are kept independent of their age. */
  readonly newerNoncurrent: number;
  readonly abortUploadDays?: number;
  readonly removeExpiredMarkers: boolean;
}

export interface BucketSettings {
  readonly versioned: boolean;
  readonly suspended: boolean;
  readonly rules: readonly ExpirationRule[];
  readonly tags: Tags;
  /** JSON text. */
  readonly policy: string | undefined;
}

const KNOWN_PROPERTIES = new Set([
  'BucketName',
  'LifecycleConfiguration',
  'VersioningConfiguration',
  // notification-spec.ts reads it.
  'NotificationConfiguration',
  // These change nothing that a client could see on one machine.
  'AccessControl',
  'BucketEncryption',
  'IntelligentTieringConfigurations',
  'LoggingConfiguration',
  'MetricsConfigurations',
  'ObjectLockEnabled',
  'OwnershipControls',
  'PublicAccessBlockConfiguration',
  'Tags',
]);

const KNOWN_RULE_PROPERTIES = new Set([
  'AbortIncompleteMultipartUpload',
  'ExpirationInDays',
  'ExpiredObjectDeleteMarker',
  'Id',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionExpirationInDays',
  'Prefix',
  'Status',
  // One machine has one storage class.
  'NoncurrentVersionTransition',
  'NoncurrentVersionTransitions',
  'Transition',
  'Transitions',
]);

type Rule = Readonly<Record<string, unknown>>;

function daysOf(value: unknown, place: string): number | undefined {
  if (value === undefined) return undefined;
  const days = Number(value);
  if (Number.isInteger(days) && days > 0) return days;
  throw new StartError(`${place}: days must be a whole number above 0, not ${JSON.stringify(value)}`);
}

function ruleOf(rule: Rule, resource: BucketResource, index: number): ExpirationRule {
  const at = (name: string) => resource.at('LifecycleConfiguration', 'Rules', index, name);
  for (const name of Object.keys(rule)) {
    if (KNOWN_RULE_PROPERTIES.has(name)) continue;
    const what = `${name} in a lifecycle rule of bucket ${resource.name}`;
    throw new StartError(`${at(name)}: the local S3 does not support ${what}: remove it`);
  }
  const noncurrent = (rule['NoncurrentVersionExpiration'] ?? {}) as Rule;
  const abort = (rule['AbortIncompleteMultipartUpload'] ?? {}) as Rule;
  return {
    id: (rule['Id'] as string | undefined) ?? `rule-${index + 1}`,
    prefix: (rule['Prefix'] as string | undefined) ?? '',
    days: daysOf(rule['ExpirationInDays'], at('ExpirationInDays')),
    noncurrentDays: daysOf(
      noncurrent['NoncurrentDays'] ?? rule['NoncurrentVersionExpirationInDays'],
      at('NoncurrentVersionExpiration'),
    ),
    newerNoncurrent: Number(noncurrent['NewerNoncurrentVersions'] ?? 0),
    abortUploadDays: daysOf(abort['DaysAfterInitiation'], at('AbortIncompleteMultipartUpload')),
    removeExpiredMarkers: String(rule['ExpiredObjectDeleteMarker']) === 'true',
  };
}

/** @throws StartError for a property that the local S3 would have to ignore. */
export function settingsOf(resource: BucketResource): BucketSettings {
  const { name, properties, at } = resource;
  for (const property of Object.keys(properties)) {
    if (KNOWN_PROPERTIES.has(property)) continue;
    throw new StartError(
      `${at(property)}: the local S3 does not support ${property} of bucket ${name}: remove it`,
    );
  }
  const versioning = (properties['VersioningConfiguration'] ?? {}) as Rule;
  const lifecycle = (properties['LifecycleConfiguration'] ?? {}) as { Rules?: readonly Rule[] };
  const rules = (lifecycle.Rules ?? []).map((rule, index) => ({ rule, index }));
  const enabled = rules.filter(({ rule }) => rule['Status'] === 'Enabled');
  return {
    versioned: versioning['Status'] === 'Enabled',
    suspended: versioning['Status'] === 'Suspended',
    policy: typeof resource.policy === 'object' ? JSON.stringify(resource.policy) : undefined,
    tags: Object.fromEntries(
      ((properties['Tags'] ?? []) as readonly { Key: unknown; Value: unknown }[]).map(({ Key, Value }) => [
        String(Key),
        String(Value),
      ]),
    ),
    rules: enabled.map(({ rule, index }) => ruleOf(rule, resource, index)),
  };
}
