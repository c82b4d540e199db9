// Things in the AWS IoT API: the registry's entry of a device, its type and its attributes.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  alreadyExists,
  attributes,
  checkVersion,
  flag,
  invalid,
  label,
  object,
  only,
  page,
  queryFlag,
  queryText,
  text,
  updatedAttributes,
  type ApiRequest,
  type Operation,
} from './api-request.ts';
import { change, find, type Attributes, type Registry, type Thing } from './registry.ts';

/** Without a type a thing has at most 3 attributes. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_ATTRIBUTES = { typed: 50, untyped: 3 };

function describe(registry: Registry, thing: Thing) {
  return {
    thingName: thing.name,
    thingArn: registry.arn(`thing/${thing.name}`),
    thingTypeName: thing.typeName,
    attributes: Object.fromEntries(thing.attributes),
    version: thing.version,
  };
}

/**
 * Checks the properties of a thing against the registry and AWS's limits.
 *
 * @throws AwsError ResourceNotFoundException for its type, InvalidRequestException for the rest.
 */
export function checkThing(
  registry: Registry,
  typeName: string | undefined,
  given: Attributes,
  isNew: boolean,
): void {
  const type = typeName === undefined ? undefined : find(registry.types, 'Thing type', typeName);
  if (isNew && type?.deprecatedAt !== undefined) {
    throw invalid(`Thing type ${type.name} is deprecated: no thing can be given it`);
  }
  const maximum = type ? MAXIMUM_ATTRIBUTES.typed : MAXIMUM_ATTRIBUTES.untyped;
  if (given.length > maximum) {
    throw invalid(`a thing ${type ? 'with' : 'without'} a thing type has at most ${maximum} attributes`);
  }
}

function payloadOf(request: ApiRequest, members: readonly string[]) {
  const payload = object(request.body, 'attributePayload');
  if (payload) only(payload, members, 'attributePayload');
  return payload;
}

async function createThing({ registry }: { registry: Registry }, request: ApiRequest) {
  const name = label(request, 'thingName');
  const typeName = text(request.body, 'thingTypeName');
  const given = attributes(payloadOf(request, ['attributes', 'merge'])).filter(([, value]) => value !== '');
  const found = registry.things.get(name);
  const sameAttributes = (other: Thing) => isDeepStrictEqual(new Map(other.attributes), new Map(given));
  if (found && (found.typeName !== typeName || !sameAttributes(found))) {
    throw alreadyExists(
      `Thing ${name} already exists with another type or other attributes`,
      registry.arn(`thing/${name}`),
      name,
    );
  }
  const thing = found ?? {
    name,
    id: randomUUID(),
    ...(typeName === undefined ? {} : { typeName }),
    attributes: given,
    version: 1,
    groups: [],
    principals: [],
  };
  if (!found) {
    checkThing(registry, typeName, given, true);
    await registry.commit([change('thing', name, thing)]);
  }
  return { thingName: name, thingArn: registry.arn(`thing/${name}`), thingId: thing.id };
}

async function updateThing({ registry }: { registry: Registry }, request: ApiRequest) {
  const { typeName: before, ...thing } = find(registry.things, 'Thing', label(request, 'thingName'));
  checkVersion(request.body['expectedVersion'], thing.version);
  const given = text(request.body, 'thingTypeName');
  const remove = flag(request.body, 'removeThingType');
  if (remove && given !== undefined) throw invalid('thingTypeName and removeThingType exclude each other');
  const typeName = remove ? undefined : (given ?? before);
  const updated = updatedAttributes(thing.attributes, payloadOf(request, ['attributes', 'merge']));
  checkThing(registry, typeName, updated, typeName !== before);
  const next: Thing = {
    ...thing,
    ...(typeName === undefined ? {} : { typeName }),
    attributes: updated,
    version: thing.version + 1,
  };
  await registry.commit([change('thing', thing.name, next)]);
  return {};
}

/** Deleting an unknown thing succeeds, as AWS's reference says. */
async function deleteThing({ registry }: { registry: Registry }, request: ApiRequest) {
  const thing = registry.things.get(label(request, 'thingName'));
  if (!thing) return {};
  checkVersion(queryText(request, 'expectedVersion'), thing.version);
  if (thing.principals.length > 0) {
    throw invalid(
      `Thing ${thing.name} is still attached to ${thing.principals.length} principals: detach them first`,
    );
  }
  await registry.commit([change('thing', thing.name, undefined)]);
  return {};
}

function listThings({ registry }: { registry: Registry }, request: ApiRequest) {
  const typeName = queryText(request, 'thingTypeName');
  const attribute = queryText(request, 'attributeName');
  const value = queryText(request, 'attributeValue');
  const prefix = queryFlag(request, 'usePrefixAttributeValue');
  if (value !== undefined && attribute === undefined) throw invalid('attributeValue needs attributeName');
  const fits = (found: string) => value === undefined || (prefix ? found.startsWith(value) : found === value);
  const things = [...registry.things.values()].filter(
    (thing) =>
      (typeName === undefined || thing.typeName === typeName) &&
      (attribute === undefined ||
        thing.attributes.some(([name, found]) => name === attribute && fits(found))),
  );
  const { items, next } = page(request, things, ({ name }) => name);
  return { things: items.map((thing) => describe(registry, thing)), nextToken: next };
}

export const thingOperations: readonly Operation[] = [
  {
    name: 'CreateThing',
    method: 'POST',
    path: '/things/{thingName}',
    body: ['thingTypeName', 'attributePayload'],
    run: createThing,
  },
  {
    name: 'DescribeThing',
    method: 'GET',
    path: '/things/{thingName}',
    run({ registry }, request) {
      const thing = find(registry.things, 'Thing', label(request, 'thingName'));
      return { ...describe(registry, thing), thingId: thing.id, defaultClientId: thing.name };
    },
  },
  {
    name: 'UpdateThing',
    method: 'PATCH',
    path: '/things/{thingName}',
    body: ['thingTypeName', 'attributePayload', 'expectedVersion', 'removeThingType'],
    run: updateThing,
  },
  {
    name: 'DeleteThing',
    method: 'DELETE',
    path: '/things/{thingName}',
    query: ['expectedVersion'],
    run: deleteThing,
  },
  {
    name: 'ListThings',
    method: 'GET',
    path: '/things',
    query: [
      'nextToken',
      'maxResults',
      'attributeName',
      'attributeValue',
      'thingTypeName',
      'usePrefixAttributeValue',
    ],
    run: listThings,
  },
];
