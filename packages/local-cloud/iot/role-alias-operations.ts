// Role aliases in the AWS IoT API: what devices name to get credentials of a role.
// https://docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html

import {
  alreadyExists,
  invalid,
  label,
  page,
  required,
  seconds,
  text,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from './api-request.ts';
import { change, find, type Registry, type RoleAlias } from './registry.ts';

const BY_MARKER = ['marker', 'pageSize'] as const;
const SETTINGS = ['roleArn', 'credentialDurationSeconds'];
const SHORTEST_SECONDS = 900;
const LONGEST_SECONDS = 43_200;
const USUAL_SECONDS = 3_600;

const named = (registry: Registry, name: string) => ({
  roleAlias: name,
  roleAliasArn: registry.arn(`rolealias/${name}`),
});

const aliasOf = ({ registry }: IotCloud, request: ApiRequest) =>
  find(registry.roleAliases, 'Role alias', label(request, 'roleAlias'));

function durationOf({ credentialDurationSeconds: value }: ApiRequest['body']): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (Number.isInteger(value) && Number(value) >= SHORTEST_SECONDS && Number(value) <= LONGEST_SECONDS)
    return Number(value);
  throw invalid(`credentialDurationSeconds must be a number from ${SHORTEST_SECONDS} to ${LONGEST_SECONDS}`);
}

async function save({ registry }: IotCloud, alias: RoleAlias) {
  await registry.commit([change('roleAlias', alias.name, alias)]);
  return named(registry, alias.name);
}

function create(cloud: IotCloud, request: ApiRequest) {
  const { registry } = cloud;
  const name = label(request, 'roleAlias');
  if (registry.roleAliases.has(name))
    throw alreadyExists(`Role alias ${name} already exists`, named(registry, name).roleAliasArn, name);
  const now = registry.clock.now();
  return save(cloud, {
    ...{ name, roleArn: required(request.body, 'roleArn'), createdAt: now, modifiedAt: now },
    durationSeconds: durationOf(request.body) ?? USUAL_SECONDS,
  });
}

function update(cloud: IotCloud, request: ApiRequest) {
  const before = aliasOf(cloud, request);
  return save(cloud, {
    ...before,
    roleArn: text(request.body, 'roleArn') ?? before.roleArn,
    durationSeconds: durationOf(request.body) ?? before.durationSeconds,
    modifiedAt: cloud.registry.clock.now(),
  });
}

function describe({ registry }: IotCloud, alias: RoleAlias) {
  return {
    roleAliasDescription: {
      ...named(registry, alias.name),
      ...{ roleArn: alias.roleArn, owner: registry.accountId },
      credentialDurationSeconds: alias.durationSeconds,
      creationDate: seconds(alias.createdAt),
      lastModifiedDate: seconds(alias.modifiedAt),
    },
  };
}

export const roleAliasOperations: readonly Operation[] = [
  {
    name: 'CreateRoleAlias',
    method: 'POST',
    path: '/role-aliases/{roleAlias}',
    body: SETTINGS,
    run: create,
  },
  {
    name: 'UpdateRoleAlias',
    method: 'PUT',
    path: '/role-aliases/{roleAlias}',
    body: SETTINGS,
    run: update,
  },
  {
    name: 'DescribeRoleAlias',
    method: 'GET',
    path: '/role-aliases/{roleAlias}',
    run: (cloud, request) => describe(cloud, aliasOf(cloud, request)),
  },
  {
    name: 'DeleteRoleAlias',
    method: 'DELETE',
    path: '/role-aliases/{roleAlias}',
    run: (cloud, request) =>
      cloud.registry.commit([change('roleAlias', aliasOf(cloud, request).name, undefined)]),
  },
  {
    name: 'ListRoleAliases',
    method: 'GET',
    path: '/role-aliases',
    query: [...BY_MARKER, 'isAscendingOrder'],
    run({ registry }, request) {
      const { items, next } = page(request, registry.roleAliases.values(), ({ name }) => name, BY_MARKER);
      return { roleAliases: items.map(({ name }) => name), nextMarker: next };
    },
  },
];
