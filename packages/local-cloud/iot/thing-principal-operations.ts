// Certificates attached to things, in the AWS IoT API.

import { invalid, label, page, queryText, type ApiRequest, type Operation } from './api-request.ts';
import { checkPrincipal } from './principal.ts';
import { change, find, type AttachmentType, type Registry, type Thing } from './registry.ts';

const BY_TOKEN = ['nextToken', 'maxResults'] as const;

function attachmentType(request: ApiRequest): AttachmentType | undefined {
  const type = queryText(request, 'thingPrincipalType');
  if (type === undefined || type === 'EXCLUSIVE_THING' || type === 'NON_EXCLUSIVE_THING') return type;
  throw invalid(`thingPrincipalType ${JSON.stringify(type)} is not EXCLUSIVE_THING or NON_EXCLUSIVE_THING`);
}

function principalOf(registry: Registry, request: ApiRequest): string {
  return checkPrincipal(registry, request.header('x-amzn-principal') ?? '');
}

export function attachThing(registry: Registry, thing: Thing, principal: string, type: AttachmentType) {
  const things = registry.principals.get(principal)?.things ?? [];
  const others = things.filter(([name]) => name !== thing.name);
  const exclusive = others.find(([, kind]) => kind === 'EXCLUSIVE_THING');
  if (exclusive) throw invalid(`${principal} is attached to thing ${exclusive[0]} exclusively`);
  if (type === 'EXCLUSIVE_THING' && others.length > 0) {
    throw invalid(
      `${principal} is attached to thing ${others[0]![0]} already, so it cannot be exclusive to ${thing.name}`,
    );
  }
  const rest = thing.principals.filter(([arn]) => arn !== principal);
  return registry.commit([
    change('thing', thing.name, { ...thing, principals: [...rest, [principal, type]] }),
    change('principal', principal, { things: [...others, [thing.name, type]] }),
  ]);
}

function detach(registry: Registry, thing: Thing, principal: string) {
  const things = (registry.principals.get(principal)?.things ?? []).filter(([name]) => name !== thing.name);
  const principals = thing.principals.filter(([arn]) => arn !== principal);
  return registry.commit([
    change('thing', thing.name, { ...thing, principals }),
    change('principal', principal, things.length > 0 ? { things } : undefined),
  ]);
}

function principalsOf(registry: Registry, request: ApiRequest) {
  const { principals } = find(registry.things, 'Thing', label(request, 'thingName'));
  const type = attachmentType(request);
  const wanted = principals.filter(([, kind]) => type === undefined || kind === type);
  return page(request, wanted, ([arn]) => arn);
}

function thingsOf(registry: Registry, request: ApiRequest) {
  const things = registry.principals.get(principalOf(registry, request))?.things ?? [];
  const type = attachmentType(request);
  const wanted = things.filter(([, kind]) => type === undefined || kind === type);
  return page(request, wanted, ([name]) => name);
}

export const thingPrincipalOperations: readonly Operation[] = [
  {
    name: 'AttachThingPrincipal',
    method: 'PUT',
    path: '/things/{thingName}/principals',
    query: ['thingPrincipalType'],
    async run({ registry }, request) {
      const thing = find(registry.things, 'Thing', label(request, 'thingName'));
      await attachThing(
        registry,
        thing,
        principalOf(registry, request),
        attachmentType(request) ?? 'NON_EXCLUSIVE_THING',
      );
      return {};
    },
  },
  {
    name: 'DetachThingPrincipal',
    method: 'DELETE',
    path: '/things/{thingName}/principals',
    async run({ registry }, request) {
      const thing = find(registry.things, 'Thing', label(request, 'thingName'));
      await detach(registry, thing, principalOf(registry, request));
      return {};
    },
  },
  {
    name: 'ListThingPrincipals',
    method: 'GET',
    path: '/things/{thingName}/principals',
    query: BY_TOKEN,
    run({ registry }, request) {
      const { items, next } = principalsOf(registry, request);
      return { principals: items.map(([arn]) => arn), nextToken: next };
    },
  },
  {
    name: 'ListThingPrincipalsV2',
    method: 'GET',
    path: '/things/{thingName}/principals-v2',
    query: [...BY_TOKEN, 'thingPrincipalType'],
    run({ registry }, request) {
      const { items, next } = principalsOf(registry, request);
      const objects = items.map(([principal, thingPrincipalType]) => ({ principal, thingPrincipalType }));
      return { thingPrincipalObjects: objects, nextToken: next };
    },
  },
  {
    name: 'ListPrincipalThings',
    method: 'GET',
    path: '/principals/things',
    query: BY_TOKEN,
    run({ registry }, request) {
      const { items, next } = thingsOf(registry, request);
      return { things: items.map(([name]) => name), nextToken: next };
    },
  },
  {
    name: 'ListPrincipalThingsV2',
    method: 'GET',
    path: '/principals/things-v2',
    query: [...BY_TOKEN, 'thingPrincipalType'],
    run({ registry }, request) {
      const { items, next } = thingsOf(registry, request);
      const objects = items.map(([thingName, thingPrincipalType]) => ({ thingName, thingPrincipalType }));
      return { principalThingObjects: objects, nextToken: next };
    },
  },
];
