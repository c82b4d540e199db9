// Thing types in the AWS IoT API: create, describe, deprecate and delete them.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  alreadyExists,
  type ApiRequest,
  flag,
  invalid,
  label,
  object,
  only,
  type Operation,
  page,
  queryText,
  seconds,
  text,
  texts,
} from './api-request.ts';
import { change, find, type Registry, type ThingType } from './registry.ts';

/** A deprecated type can be deleted after this time. https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html */
const DELETABLE_AFTER = 5 * 60_000;

function describe(registry: Registry, type: ThingType) {
  return {
    thingTypeName: type.name,
    thingTypeId: type.id,
    thingTypeArn: registry.arn(`thingtype/${type.name}`),
    thingTypeProperties: {
      thingTypeDescription: type.description,
      searchableAttributes: type.searchableAttributes,
    },
    thingTypeMetadata: {
      deprecated: type.deprecatedAt !== undefined,
      deprecationDate: type.deprecatedAt === undefined ? undefined : seconds(type.deprecatedAt),
      creationDate: seconds(type.createdAt),
    },
  };
}

function propertiesOf(body: ApiRequest['body']) {
  const properties = object(body, 'thingTypeProperties') ?? {};
  only(properties, ['thingTypeDescription', 'searchableAttributes'], 'thingTypeProperties');
  const description = text(properties, 'thingTypeDescription');
  const searchableAttributes = texts(properties, 'searchableAttributes') ?? [];
  if (searchableAttributes.length > 3) throw invalid('a thing type has at most 3 searchable attributes');
  if ((description?.length ?? 0) > 2028) throw invalid('thingTypeDescription is longer than 2028 characters');
  return { ...(description === undefined ? {} : { description }), searchableAttributes };
}

/**
 * Creates a type, or confirms that it exists with the same properties.
 *
 * @throws AwsError ResourceAlreadyExistsException when it exists with other properties.
 */
export async function createThingType(
  registry: Registry,
  name: string,
  properties: Pick<ThingType, 'description' | 'searchableAttributes'>,
): Promise<ThingType> {
  const found = registry.types.get(name);
  if (found) {
    const comparable = ({ description, searchableAttributes }: typeof properties) => [
      description,
      [...searchableAttributes].sort(),
    ];
    const same = isDeepStrictEqual(comparable(found), comparable(properties));
    if (same) return found;
    throw alreadyExists(
      `Thing type ${name} already exists with other properties`,
      registry.arn(`thingtype/${name}`),
      name,
    );
  }
  const type: ThingType = { name, id: randomUUID(), ...properties, createdAt: registry.clock.now() };
  await registry.commit([change('type', name, type)]);
  return type;
}

async function setDeprecated(registry: Registry, name: string, deprecated: boolean): Promise<void> {
  const { deprecatedAt, ...type } = find(registry.types, 'Thing type', name);
  if (deprecated === (deprecatedAt !== undefined)) return;
  await registry.commit([
    change('type', name, deprecated ? { ...type, deprecatedAt: registry.clock.now() } : type),
  ]);
}

async function deleteThingType(registry: Registry, name: string): Promise<void> {
  const { deprecatedAt } = find(registry.types, 'Thing type', name);
  if (deprecatedAt === undefined) throw invalid(`Thing type ${name} must be deprecated before it is deleted`);
  const wait = deprecatedAt + DELETABLE_AFTER - registry.clock.now();
  if (wait > 0)
    throw invalid(
      `Thing type ${name} can be deleted in ${Math.ceil(wait / 1000)} s: five minutes after its deprecation`,
    );
  const user = [...registry.things.values()].find((thing) => thing.typeName === name);
  if (user) throw invalid(`Thing type ${name} is still the type of thing ${user.name}`);
  await registry.commit([change('type', name, undefined)]);
}

export const thingTypeOperations: readonly Operation[] = [
  {
    name: 'CreateThingType',
    method: 'POST',
    path: '/thing-types/{thingTypeName}',
    body: ['thingTypeProperties'],
    async run({ registry }, request) {
      const type = await createThingType(
        registry,
        label(request, 'thingTypeName'),
        propertiesOf(request.body),
      );
      const { thingTypeName, thingTypeArn, thingTypeId } = describe(registry, type);
      return { thingTypeName, thingTypeArn, thingTypeId };
    },
  },
  {
    name: 'DescribeThingType',
    method: 'GET',
    path: '/thing-types/{thingTypeName}',
    run: ({ registry }, request) =>
      describe(registry, find(registry.types, 'Thing type', label(request, 'thingTypeName'))),
  },
  {
    name: 'ListThingTypes',
    method: 'GET',
    path: '/thing-types',
    query: ['nextToken', 'maxResults', 'thingTypeName'],
    run({ registry }, request) {
      const wanted = queryText(request, 'thingTypeName');
      const types = [...registry.types.values()].filter(
        ({ name }) => wanted === undefined || name === wanted,
      );
      const { items, next } = page(request, types, ({ name }) => name);
      return { thingTypes: items.map((type) => describe(registry, type)), nextToken: next };
    },
  },
  {
    name: 'DeprecateThingType',
    method: 'POST',
    path: '/thing-types/{thingTypeName}/deprecate',
    body: ['undoDeprecate'],
    async run({ registry }, request) {
      await setDeprecated(registry, label(request, 'thingTypeName'), !flag(request.body, 'undoDeprecate'));
      return {};
    },
  },
  {
    name: 'DeleteThingType',
    method: 'DELETE',
    path: '/thing-types/{thingTypeName}',
    async run({ registry }, request) {
      await deleteThingType(registry, label(request, 'thingTypeName'));
      return {};
    },
  },
];
