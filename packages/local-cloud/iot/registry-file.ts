// The file of the registry: opened for changes by the one program that owns it, or read by others.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { StartError } from '../start-error.ts';
import { makeDirectory } from '../files/durable-files.ts';
import type { Authorizer } from '../authorizers/authorizer.ts';
import type { IndexingConfiguration } from '../indexing/configuration.ts';
import { compilePolicy } from '../policies/document.ts';
import { openRecordFile, readRecordFile, type Change, type RecordFile } from '../files/record-file.ts';
import type {
  CaCertificate,
  Certificate,
  Ownership,
  Policy,
  Principal,
  ProvisioningTemplate,
  Registry,
  RegistryChange,
  RegistryView,
  RoleAlias,
  Target,
  Thing,
  ThingGroup,
  ThingType,
  TopicRule,
} from './registry.ts';

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
    caCertificates: file.table<CaCertificate>('caCertificate'),
    registrationCodes: file.table<{ code: string }>('registrationCode'),
    indexing: file.table<IndexingConfiguration>('indexing'),
    roleAliases: file.table<RoleAlias>('roleAlias'),
    authorizers: file.table<Authorizer>('authorizer'),
    defaultAuthorizers: file.table<{ name: string }>('defaultAuthorizer'),
    policies: file.table<Policy>('policy'),
    targets: file.table<Target>('target'),
    principals: file.table<Principal>('principal'),
    provisioningTemplates: file.table<ProvisioningTemplate>('provisioningTemplate'),
    ownerships: file.table<Ownership>('ownership'),
    rules: file.table<TopicRule>('rule'),
    tags: file.table<{ tags: Readonly<Record<string, string>> }>('tags'),
  };
}

/** A registry of an earlier version may have policies that this version does not evaluate. */
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
 * Reads the registry in `<dir>/registry.log` as it is now. Nothing is locked or written, so the program that owns it may be
 * running.
 *
 * @returns undefined when there is none.
 * @throws StartError when it is damaged.
 */
export async function readRegistry(place: Place): Promise<RegistryView | undefined> {
  const file = fileOf(place.dir);
  if (!existsSync(file)) return undefined;
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
  await makeDirectory(dir);
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
        generation += 1; // the change was undone
        throw error;
      }
      for (const event of changes.map(asEvent)) listeners.forEach((listener) => listener(event));
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => file.close(),
  };
}
