// What the local AWS IoT registry knows: things, types, groups, certificates, policies, and who is attached to whom.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import { makePrivateDir } from './durable-file.ts';
import { compilePolicy } from './policy-document.ts';
import { openRecordFile, readRecordFile, type Change, type RecordFile } from './record-file.ts';

/** Pairs, not an object: `__proto__` is a lawful attribute name. */
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

export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED';

export interface Certificate {
  /** SHA-256 of the DER, hex: AWS's certificateId. */
  readonly id: string;
  readonly pem: string;
  readonly status: CertificateStatus;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
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
  /** What the template said when it last set this policy. */
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

interface Kinds {
  type: ThingType;
  thing: Thing;
  group: ThingGroup;
  certificate: Certificate;
  policy: Policy;
  target: Target;
  principal: Principal;
}

/** What became different for live connections. */
export type RegistryChange =
  | {
      readonly kind: 'certificate';
      readonly certificateId: string;
      readonly status: CertificateStatus | 'DELETED';
    }
  | { readonly kind: 'permissions' };

/** What the registry knows, without the means to change it. */
export interface RegistryView {
  readonly types: ReadonlyMap<string, ThingType>;
  readonly things: ReadonlyMap<string, Thing>;
  readonly groups: ReadonlyMap<string, ThingGroup>;
  readonly certificates: ReadonlyMap<string, Certificate>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly principals: ReadonlyMap<string, Principal>;
  readonly clock: Clock;
  /** `arn:aws:iot:<region>:<account>:<resource>`. */
  arn(resource: string): string;
  readonly accountId: string;
  /** Counts every change, so that what was derived from the registry can tell that it is old. */
  generation(): number;
}

export interface Registry extends RegistryView {
  /** Applies at once, all or none; resolves when it is on disk, and then tells the listeners. See RecordFile.commit. */
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

function asEvent({ kind, key, value }: Change): RegistryChange {
  if (kind !== 'certificate') return { kind: 'permissions' };
  const status = (value as Certificate | undefined)?.status ?? 'DELETED';
  return status === 'ACTIVE' ? { kind: 'permissions' } : { kind, certificateId: key, status };
}

function tables(file: Pick<RecordFile, 'table'>) {
  return {
    types: file.table<ThingType>('type'),
    things: file.table<Thing>('thing'),
    groups: file.table<ThingGroup>('group'),
    certificates: file.table<Certificate>('certificate'),
    policies: file.table<Policy>('policy'),
    targets: file.table<Target>('target'),
    principals: file.table<Principal>('principal'),
  };
}

/** A registry of an earlier version may hold what this one does not evaluate. */
function checkPolicies(policies: ReadonlyMap<string, Policy>): void {
  for (const { name, versions } of policies.values()) {
    for (const { document } of versions) {
      try {
        compilePolicy(name, document);
      } catch (error) {
        throw new StartError(`policy ${name} of the registry: ${(error as Error).message}`, { cause: error });
      }
    }
  }
}

interface Place {
  readonly dir: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
}

const fileOf = (dir: string) => path.join(dir, 'registry.log');

const naming = ({ region, accountId, clock }: Place) => ({
  clock,
  accountId,
  arn: (resource: string) => `arn:aws:iot:${region}:${accountId}:${resource}`,
});

/**
 * The registry as it stands in `<dir>/registry.log` at this moment. Nothing is locked or written, so the program that
 * owns it may be running.
 *
 * @throws StartError when there is none, or it is damaged.
 */
export async function readRegistry(place: Place): Promise<RegistryView> {
  const file = fileOf(place.dir);
  if (!existsSync(file)) {
    throw new StartError(
      `no registry in ${place.dir}: run npm start first, or name its folder with --data-dir`,
    );
  }
  const kinds = tables(await readRecordFile(file));
  checkPolicies(kinds.policies);
  return { ...kinds, ...naming(place), generation: () => 0 };
}

/**
 * Opens the registry kept in `<dir>/registry.log`.
 *
 * @throws StartError when the file is damaged or holds a policy that is no longer evaluated.
 */
export async function openRegistry(options: Place & { log: Log }): Promise<Registry> {
  const { dir, log } = options;
  makePrivateDir(dir);
  const file = await openRecordFile(fileOf(dir), log);
  const kinds = tables(file);
  try {
    checkPolicies(kinds.policies);
  } catch (error) {
    await file.close();
    throw error;
  }
  const listeners: ((change: RegistryChange) => void)[] = [];
  let generation = 0;
  return {
    ...kinds,
    ...naming(options),
    generation: () => generation,
    async commit(changes) {
      generation += 1;
      try {
        await file.commit(changes);
      } catch (error) {
        generation += 1; // it was taken back
        throw error;
      }
      for (const event of changes.map(asEvent)) listeners.forEach((listener) => listener(event));
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => file.close(),
  };
}
