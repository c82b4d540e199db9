// The model of the local AWS IoT registry: things, types, groups, certificates, policies and their attachments.

import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Change } from '../files/record-file.ts';
import type { Authorizer } from '../authorizers/authorizer.ts';
import type { IndexingConfiguration } from '../indexing/configuration.ts';

/** Pairs, not an object: `__proto__` is a valid attribute name. */
export type Attributes = readonly (readonly [name: string, value: string])[];
export type AttachmentType = 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';

export interface ThingType {
  readonly name: string;
  readonly id: string;
  readonly description?: string;
  readonly searchableAttributes: readonly string[];
  /** Epoch milliseconds, as all times of the registry. */
  readonly createdAt: number;
  readonly deprecatedAt?: number;
}

export interface Thing {
  readonly name: string;
  readonly id: string;
  readonly typeName?: string;
  readonly attributes: Attributes;
  readonly version: number;
  readonly groups: readonly string[];
  /** Principal ARN and how it is attached. */
  readonly principals: readonly (readonly [arn: string, type: AttachmentType])[];
}

export interface ThingGroup {
  readonly name: string;
  readonly id: string;
  readonly parent?: string;
  readonly description?: string;
  readonly attributes: Attributes;
  readonly version: number;
  readonly createdAt: number;
}

export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_ACTIVATION';

export interface Certificate {
  /** AWS's certificateId: SHA-256 of the DER, hex, but for certificates of the template. */
  readonly id: string;
  readonly pem: string;
  readonly status: CertificateStatus;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly version: number;
  /** SHA-256 of the DER, hex, where the ID is another: that of a certificate of the template. */
  readonly fingerprint?: string;
  /** The status that the template had when it last set this certificate. */
  readonly seeded?: CertificateStatus;
  /** The registered CA that signed it, by its ID. */
  readonly caId?: string;
  /** A temporary claim: it may only provision with this template, and is not in lists. */
  readonly claimOf?: string;
}

/** A certificate authority of the user, whose certificates the registry takes. */
export interface CaCertificate {
  /** SHA-256 of the DER, hex. */
  readonly id: string;
  readonly pem: string;
  readonly isActive: boolean;
  /** Whether a device's first connection registers its certificate. */
  readonly registersDevices: boolean;
  readonly mode: Certificate['mode'];
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly version: number;
}

export interface PolicyVersion {
  readonly id: number;
  readonly document: string;
  readonly createdAt: number;
}

export interface Policy {
  readonly name: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly defaultVersion: number;
  /** The number of the newest version ever made: a deleted number is not used again. */
  readonly lastVersion: number;
  readonly versions: readonly PolicyVersion[];
  /** The template's document when it last set this policy. */
  readonly seeded?: string;
}

/** The policies of one certificate, thing group or Cognito identity. */
export interface Target {
  readonly policies: readonly string[];
}

/** The things that a principal is attached to: the other side of `Thing.principals`. */
export interface Principal {
  readonly things: readonly (readonly [name: string, type: AttachmentType])[];
}

export interface ProvisioningTemplate {
  readonly name: string;
  readonly description?: string;
  /** JSON text; it compiled when it was set. */
  readonly body: string;
  readonly enabled: boolean;
  readonly roleArn: string;
  /** The function that decides before each device. */
  readonly hook?: { readonly targetArn: string; readonly payloadVersion: string };
  readonly createdAt: number;
  readonly modifiedAt: number;
}

/** The right to provision a waiting certificate; stored under the SHA-256 of its token, so that no file has the token. */
export interface Ownership {
  readonly certificateId: string;
  /** Certificate ID of the claim that it was made for. */
  readonly claimant: string;
  readonly expiresAt: number;
  /** The provisioning request and its answer: a repeated request gets the same answer. */
  readonly done?: { readonly request: string; readonly answer: string };
}

/** A rule that the API created. */
export interface TopicRule {
  readonly name: string;
  /** `topicRulePayload` of the API. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
}

/** What devices name to get credentials of a role. */
export interface RoleAlias {
  readonly name: string;
  readonly roleArn: string;
  readonly durationSeconds: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

interface Kinds {
  rule: TopicRule;
  tags: { readonly tags: Readonly<Record<string, string>> };
  type: ThingType;
  thing: Thing;
  group: ThingGroup;
  certificate: Certificate;
  caCertificate: CaCertificate;
  /** Under one key: the text that proves who has a CA's private key. */
  registrationCode: { readonly code: string };
  indexing: IndexingConfiguration;
  roleAlias: RoleAlias;
  authorizer: Authorizer;
  /** Under one key. */
  defaultAuthorizer: { readonly name: string };
  policy: Policy;
  target: Target;
  principal: Principal;
  provisioningTemplate: ProvisioningTemplate;
  ownership: Ownership;
}

/** A change that matters to live connections. */
export type RegistryChange =
  | {
      readonly kind: 'certificate';
      readonly certificateId: string;
      readonly status: CertificateStatus | 'DELETED';
    }
  | { readonly kind: 'permissions' };

/** The registry, read only. */
export interface RegistryView {
  readonly types: ReadonlyMap<string, ThingType>;
  readonly things: ReadonlyMap<string, Thing>;
  readonly groups: ReadonlyMap<string, ThingGroup>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly caCertificates: ReadonlyMap<string, CaCertificate>;
  readonly registrationCodes: ReadonlyMap<string, Kinds['registrationCode']>;
  readonly indexing: ReadonlyMap<string, IndexingConfiguration>;
  readonly roleAliases: ReadonlyMap<string, RoleAlias>;
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  readonly defaultAuthorizers: ReadonlyMap<string, Kinds['defaultAuthorizer']>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly principals: ReadonlyMap<string, Principal>;
  readonly provisioningTemplates: ReadonlyMap<string, ProvisioningTemplate>;
  readonly ownerships: ReadonlyMap<string, Ownership>;
  readonly rules: ReadonlyMap<string, TopicRule>;
  /** By ARN. */
  readonly tags: ReadonlyMap<string, Kinds['tags']>;
  readonly clock: Clock;
  /** `arn:aws:iot:<region>:<account>:<resource>`. */
  arn(resource: string): string;
  readonly accountId: string;
  /** Counts every change, so that caches of derived values know when they are outdated. */
  generation(): number;
}

export interface Registry extends RegistryView {
  /** Applies all changes at once, or none; resolves when they are on disk, and then calls the listeners. See RecordFile.commit. */
  commit(changes: readonly Change[]): Promise<void>;
  onChange(listener: (change: RegistryChange) => void): void;
  close(): Promise<void>;
}

/** A typed change for `commit`. */
export function change<K extends keyof Kinds>(kind: K, key: string, value: Kinds[K] | undefined): Change {
  return { kind, key, value };
}

/** @throws AwsError ResourceNotFoundException naming the thing that is missing. */
export function find<T>(table: ReadonlyMap<string, T>, what: string, name: string): T {
  const found = table.get(name);
  if (!found) throw new AwsError('ResourceNotFoundException', `${what} ${name} does not exist`, 404);
  return found;
}
