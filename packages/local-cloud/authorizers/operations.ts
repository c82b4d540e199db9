// Custom authorizers in the AWS IoT API: kept in the registry, tested, and one of them the default.
// https://docs.aws.amazon.com/iot/latest/developerguide/config-custom-auth.html

import { createPublicKey } from 'node:crypto';
import {
  alreadyExists,
  flag,
  invalid,
  label,
  object,
  page,
  queryText,
  required,
  seconds,
  text,
  type ApiRequest,
  type IotCloud,
  type Operation,
} from '../iot/api-request.ts';
import { AwsError } from '../aws-error.ts';
import { change, find, type Registry } from '../iot/registry.ts';
import { Denial, type Arrival } from './ask.ts';
import type { Authorizer } from './authorizer.ts';

type Body = ApiRequest['body'];

const settings = ['authorizerFunctionArn', 'tokenKeyName', 'tokenSigningPublicKeys', 'status'];
const byMarker = ['marker', 'pageSize'] as const;
const MOST_KEYS = 2;

const arnOf = (registry: Registry, name: string) => registry.arn(`authorizer/${name}`);

const named = (registry: Registry, name: string) => ({
  authorizerName: name,
  authorizerArn: arnOf(registry, name),
});

const asked = ({ registry }: IotCloud, request: ApiRequest): Authorizer =>
  find(registry.authorizers, 'Authorizer', label(request, 'authorizerName'));

function keysOf(body: Body): Authorizer['keys'] | undefined {
  const given = object(body, 'tokenSigningPublicKeys');
  if (!given) return undefined;
  if (Object.keys(given).length > MOST_KEYS)
    throw invalid(`tokenSigningPublicKeys has more than ${MOST_KEYS} keys`);
  for (const [name, pem] of Object.entries(given)) {
    try {
      createPublicKey(String(pem));
    } catch {
      throw invalid(`tokenSigningPublicKeys: ${name.slice(0, 128)} is not a public key in PEM`);
    }
  }
  return given as Record<string, string>;
}

function isActiveOf(body: Body): boolean | undefined {
  const status = text(body, 'status');
  if (status === undefined) return undefined;
  if (status !== 'ACTIVE' && status !== 'INACTIVE') throw invalid('status must be ACTIVE or INACTIVE');
  return status === 'ACTIVE';
}

/** The authorizer with what a request changes. @throws AwsError where signing lacks its token or key */
function changed(before: Authorizer, body: Body, now: number): Authorizer {
  const tokenKeyName = text(body, 'tokenKeyName') ?? before.tokenKeyName;
  const after: Authorizer = {
    ...before,
    functionArn: text(body, 'authorizerFunctionArn') ?? before.functionArn,
    ...(tokenKeyName === undefined ? {} : { tokenKeyName }),
    keys: keysOf(body) ?? before.keys,
    isActive: isActiveOf(body) ?? before.isActive,
    cachesHttp:
      body['enableCachingForHttp'] === undefined ? before.cachesHttp : flag(body, 'enableCachingForHttp'),
    modifiedAt: now,
  };
  if (after.isSigned && (after.tokenKeyName === undefined || Object.keys(after.keys).length === 0))
    throw invalid('tokenKeyName and tokenSigningPublicKeys are required, unless signingDisabled is true');
  return after;
}

async function create({ registry }: IotCloud, request: ApiRequest) {
  const name = label(request, 'authorizerName');
  const { body } = request;
  if (registry.authorizers.has(name))
    throw alreadyExists(`Authorizer ${name} already exists`, arnOf(registry, name), name);
  const now = registry.clock.now();
  const base = {
    ...{ name, functionArn: required(body, 'authorizerFunctionArn'), keys: {}, isActive: false },
    ...{ isSigned: !flag(body, 'signingDisabled'), cachesHttp: false, createdAt: now, modifiedAt: now },
  };
  await registry.commit([change('authorizer', name, changed(base, body, now))]);
  return named(registry, name);
}

async function update(cloud: IotCloud, request: ApiRequest) {
  const { registry } = cloud;
  const before = asked(cloud, request);
  const after = changed(before, request.body, registry.clock.now());
  await registry.commit([change('authorizer', before.name, after)]);
  return named(registry, before.name);
}

async function remove(cloud: IotCloud, request: ApiRequest) {
  const { registry } = cloud;
  const { name, isActive } = asked(cloud, request);
  const refuse = (why: string) => new AwsError('DeleteConflictException', `Authorizer ${name} ${why}`, 409);
  if (registry.defaultAuthorizers.get('default')?.name === name) throw refuse('is the default authorizer');
  if (isActive) throw refuse('is ACTIVE: set its status to INACTIVE first');
  await registry.commit([change('authorizer', name, undefined)]);
}

function describe(registry: Registry, authorizer: Authorizer) {
  return {
    authorizerDescription: {
      ...named(registry, authorizer.name),
      authorizerFunctionArn: authorizer.functionArn,
      tokenKeyName: authorizer.tokenKeyName,
      tokenSigningPublicKeys: authorizer.keys,
      status: authorizer.isActive ? 'ACTIVE' : 'INACTIVE',
      creationDate: seconds(authorizer.createdAt),
      lastModifiedDate: seconds(authorizer.modifiedAt),
      signingDisabled: !authorizer.isSigned,
      enableCachingForHttp: authorizer.cachesHttp,
    },
  };
}

function list({ registry }: IotCloud, request: ApiRequest) {
  const status = queryText(request, 'status');
  const wanted = [...registry.authorizers.values()].filter(
    ({ isActive }) => status === undefined || isActive === (status === 'ACTIVE'),
  );
  const { items, next } = page(request, wanted, ({ name }) => name, byMarker);
  return { authorizers: items.map(({ name }) => named(registry, name)), nextMarker: next };
}

async function setDefault({ registry }: IotCloud, { body }: ApiRequest) {
  const { name } = find(registry.authorizers, 'Authorizer', required(body, 'authorizerName'));
  await registry.commit([change('defaultAuthorizer', 'default', { name })]);
  return named(registry, name);
}

function defaultOf({ registry }: IotCloud): Authorizer {
  const found = registry.authorizers.get(registry.defaultAuthorizers.get('default')?.name ?? '');
  if (found) return found;
  throw new AwsError('ResourceNotFoundException', 'There is no default authorizer', 404);
}

function arrivalOf(body: Body): Omit<Arrival, 'connectionId'> {
  const [mqtt, http] = [object(body, 'mqttContext'), object(body, 'httpContext')];
  return {
    token: text(body, 'token'),
    signature: text(body, 'tokenSignature'),
    serverName: text(object(body, 'tlsContext') ?? {}, 'serverName'),
    ...(mqtt && {
      mqtt: {
        username: text(mqtt, 'username'),
        password: text(mqtt, 'password'),
        clientId: text(mqtt, 'clientId'),
      },
    }),
    ...(http && {
      http: {
        headers: (object(http, 'headers') ?? {}) as Record<string, string>,
        queryString: text(http, 'queryString') ?? '',
      },
    }),
  };
}

/** Asks the function as for a client; a client that would be refused is an answer, too, where the function gave it. */
async function test(cloud: IotCloud, request: ApiRequest) {
  const authorizer = asked(cloud, request);
  const ask = cloud.authorizers?.test;
  if (!ask)
    throw new AwsError('ServiceUnavailableException', 'The functions are not there yet: try again', 503);
  try {
    const { principalId, documents, ...durations } = await ask(authorizer, arrivalOf(request.body));
    const { disconnectAfterInSeconds, refreshAfterInSeconds } = durations;
    return {
      ...{ isAuthenticated: true, principalId, policyDocuments: documents },
      ...{ refreshAfterInSeconds, disconnectAfterInSeconds },
    };
  } catch (error) {
    if (error instanceof Denial) throw new AwsError('InvalidResponseException', error.message, 400);
    throw error;
  }
}

export const authorizerOperations: readonly Operation[] = [
  {
    name: 'CreateAuthorizer',
    method: 'POST',
    path: '/authorizer/{authorizerName}',
    body: [...settings, 'signingDisabled', 'enableCachingForHttp'],
    run: create,
  },
  {
    name: 'UpdateAuthorizer',
    method: 'PUT',
    path: '/authorizer/{authorizerName}',
    body: [...settings, 'enableCachingForHttp'],
    run: update,
  },
  { name: 'DeleteAuthorizer', method: 'DELETE', path: '/authorizer/{authorizerName}', run: remove },
  {
    name: 'DescribeAuthorizer',
    method: 'GET',
    path: '/authorizer/{authorizerName}',
    run: (cloud, request) => describe(cloud.registry, asked(cloud, request)),
  },
  {
    name: 'ListAuthorizers',
    method: 'GET',
    path: '/authorizers',
    query: [...byMarker, 'isAscendingOrder', 'status'],
    run: list,
  },
  {
    name: 'SetDefaultAuthorizer',
    method: 'POST',
    path: '/default-authorizer',
    body: ['authorizerName'],
    run: setDefault,
  },
  {
    name: 'DescribeDefaultAuthorizer',
    method: 'GET',
    path: '/default-authorizer',
    run: (cloud) => describe(cloud.registry, defaultOf(cloud)),
  },
  {
    name: 'ClearDefaultAuthorizer',
    method: 'DELETE',
    path: '/default-authorizer',
    run: ({ registry }) => registry.commit([change('defaultAuthorizer', 'default', undefined)]),
  },
  {
    name: 'TestInvokeAuthorizer',
    method: 'POST',
    path: '/authorizer/{authorizerName}/test',
    body: ['token', 'tokenSignature', 'httpContext', 'mqttContext', 'tlsContext'],
    run: test,
  },
];
