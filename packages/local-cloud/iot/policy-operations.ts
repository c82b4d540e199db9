// Policies and their versions in the AWS IoT API; each document is compiled before it is kept.

import { AwsError } from '../aws-error.ts';
import { alreadyExists, label, type Operation, page, queryFlag, required, seconds } from './api-request.ts';
import { compilePolicy } from '../policies/document.ts';
import { change, find, type Policy, type PolicyVersion, type Registry } from './registry.ts';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_VERSIONS = 5;

const BY_MARKER = ['marker', 'pageSize'] as const;

const policyOf = (registry: Registry, name: string) => find(registry.policies, 'Policy', name);

function versionOf(policy: Policy, id: string): PolicyVersion {
  const version = policy.versions.find((each) => each.id === Number(id));
  if (version) return version;
  throw new AwsError('ResourceNotFoundException', `Policy ${policy.name} has no version ${id}`, 404);
}

const nameAndArn = (registry: Registry, name: string) => ({
  policyName: name,
  policyArn: registry.arn(`policy/${name}`),
});

/** A policy with version 1, not kept yet. @throws PolicyError when the document is malformed. */
export function newPolicy(name: string, document: string, now: number): Policy {
  compilePolicy(name, document);
  return {
    name,
    createdAt: now,
    modifiedAt: now,
    defaultVersion: 1,
    lastVersion: 1,
    versions: [{ id: 1, document, createdAt: now }],
  };
}

/**
 * Creates a policy with version 1.
 *
 * @param seeded whether the template is the source.
 * @throws PolicyError, or AwsError ResourceAlreadyExistsException.
 */
async function createPolicy(
  registry: Registry,
  name: string,
  document: string,
  seeded = false,
): Promise<Policy> {
  if (registry.policies.has(name)) {
    throw alreadyExists(`Policy ${name} already exists`, registry.arn(`policy/${name}`), name);
  }
  const made = newPolicy(name, document, registry.clock.now());
  const policy = seeded ? { ...made, seeded: document } : made;
  await registry.commit([change('policy', name, policy)]);
  return policy;
}

/** The policy with one more version; of the old versions `room` are kept, among them always the default. */
function withVersion(
  policy: Policy,
  document: string,
  asDefault: boolean,
  now: number,
  room?: number,
): Policy {
  compilePolicy(policy.name, document);
  const id = policy.lastVersion + 1;
  const others = policy.versions.filter((version) => version.id !== policy.defaultVersion);
  const dropped = new Set(
    room === undefined ? [] : others.slice(0, Math.max(0, policy.versions.length - room)),
  );
  const kept = policy.versions.filter((version) => !dropped.has(version));
  return {
    ...policy,
    modifiedAt: now,
    lastVersion: id,
    defaultVersion: asDefault ? id : policy.defaultVersion,
    versions: [...kept, { id, document, createdAt: now }],
  };
}

async function createVersion(registry: Registry, name: string, document: string, asDefault: boolean) {
  const policy = policyOf(registry, name);
  if (policy.versions.length >= MAXIMUM_VERSIONS) {
    const problem = `Policy ${name} has ${MAXIMUM_VERSIONS} versions already: delete one first`;
    throw new AwsError('VersionsLimitExceededException', problem, 409);
  }
  const next = withVersion(policy, document, asDefault, registry.clock.now());
  await registry.commit([change('policy', name, next)]);
  return {
    policyArn: registry.arn(`policy/${name}`),
    policyDocument: document,
    policyVersionId: String(next.lastVersion),
    isDefaultVersion: asDefault,
  };
}

/** Sets the document of a template as the newest and default version, if the template has changed since it last set one. */
export async function seedPolicy(registry: Registry, name: string, document: string): Promise<void> {
  const policy = registry.policies.get(name);
  if (!policy) return void (await createPolicy(registry, name, document, true));
  if (policy.seeded === document) return;
  const next = withVersion(policy, document, true, registry.clock.now(), MAXIMUM_VERSIONS - 1);
  await registry.commit([change('policy', name, { ...next, seeded: document })]);
}

async function deletePolicy(registry: Registry, name: string): Promise<void> {
  const policy = policyOf(registry, name);
  const refuse = (problem: string) =>
    new AwsError('DeleteConflictException', `Policy ${name} ${problem}`, 409);
  if (policy.versions.length > 1) throw refuse('has versions besides its default: delete them first');
  const target = [...registry.targets].find(([, { policies }]) => policies.includes(name));
  if (target) throw refuse(`is attached to ${target[0]}: detach it first`);
  await registry.commit([change('policy', name, undefined)]);
}

async function deleteVersion(registry: Registry, name: string, id: string): Promise<void> {
  const policy = policyOf(registry, name);
  const version = versionOf(policy, id);
  if (version.id === policy.defaultVersion) {
    throw new AwsError('DeleteConflictException', `Version ${id} is the default of policy ${name}`, 409);
  }
  const versions = policy.versions.filter((each) => each !== version);
  await registry.commit([change('policy', name, { ...policy, versions, modifiedAt: registry.clock.now() })]);
}

async function setDefault(registry: Registry, name: string, id: string): Promise<void> {
  const policy = policyOf(registry, name);
  const defaultVersion = versionOf(policy, id).id;
  await registry.commit([
    change('policy', name, { ...policy, defaultVersion, modifiedAt: registry.clock.now() }),
  ]);
}

function describeVersion(registry: Registry, policy: Policy, version: PolicyVersion) {
  return {
    ...nameAndArn(registry, policy.name),
    policyDocument: version.document,
    policyVersionId: String(version.id),
    isDefaultVersion: version.id === policy.defaultVersion,
    creationDate: seconds(version.createdAt),
    lastModifiedDate: seconds(version.createdAt),
    generationId: String(version.id),
  };
}

export const policyOperations: readonly Operation[] = [
  {
    name: 'CreatePolicy',
    method: 'POST',
    path: '/policies/{policyName}',
    body: ['policyDocument'],
    async run({ registry }, request) {
      const document = required(request.body, 'policyDocument');
      const { name } = await createPolicy(registry, label(request, 'policyName'), document);
      return { ...nameAndArn(registry, name), policyDocument: document, policyVersionId: '1' };
    },
  },
  {
    name: 'GetPolicy',
    method: 'GET',
    path: '/policies/{policyName}',
    run({ registry }, request) {
      const policy = policyOf(registry, label(request, 'policyName'));
      return {
        ...nameAndArn(registry, policy.name),
        policyDocument: versionOf(policy, String(policy.defaultVersion)).document,
        defaultVersionId: String(policy.defaultVersion),
        creationDate: seconds(policy.createdAt),
        lastModifiedDate: seconds(policy.modifiedAt),
        generationId: String(policy.lastVersion),
      };
    },
  },
  {
    name: 'ListPolicies',
    method: 'GET',
    path: '/policies',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const { items, next } = page(request, registry.policies.keys(), (name) => name, BY_MARKER);
      return { policies: items.map((name) => nameAndArn(registry, name)), nextMarker: next };
    },
  },
  {
    name: 'DeletePolicy',
    method: 'DELETE',
    path: '/policies/{policyName}',
    run: ({ registry }, request) => deletePolicy(registry, label(request, 'policyName')),
  },
  {
    name: 'CreatePolicyVersion',
    method: 'POST',
    path: '/policies/{policyName}/version',
    body: ['policyDocument'],
    query: ['setAsDefault'],
    run({ registry }, request) {
      const asDefault = queryFlag(request, 'setAsDefault') ?? false;
      return createVersion(
        registry,
        label(request, 'policyName'),
        required(request.body, 'policyDocument'),
        asDefault,
      );
    },
  },
  {
    name: 'ListPolicyVersions',
    method: 'GET',
    path: '/policies/{policyName}/version',
    run({ registry }, request) {
      const { versions, defaultVersion } = policyOf(registry, label(request, 'policyName'));
      return {
        policyVersions: [...versions].reverse().map(({ id, createdAt }) => {
          return {
            versionId: String(id),
            isDefaultVersion: id === defaultVersion,
            createDate: seconds(createdAt),
          };
        }),
      };
    },
  },
  {
    name: 'GetPolicyVersion',
    method: 'GET',
    path: '/policies/{policyName}/version/{policyVersionId}',
    run({ registry }, request) {
      const policy = policyOf(registry, label(request, 'policyName'));
      return describeVersion(registry, policy, versionOf(policy, label(request, 'policyVersionId')));
    },
  },
  {
    name: 'SetDefaultPolicyVersion',
    method: 'PATCH',
    path: '/policies/{policyName}/version/{policyVersionId}',
    run: ({ registry }, request) =>
      setDefault(registry, label(request, 'policyName'), label(request, 'policyVersionId')),
  },
  {
    name: 'DeletePolicyVersion',
    method: 'DELETE',
    path: '/policies/{policyName}/version/{policyVersionId}',
    run: ({ registry }, request) =>
      deleteVersion(registry, label(request, 'policyName'), label(request, 'policyVersionId')),
  },
];
