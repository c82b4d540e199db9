// Static thing groups in the AWS IoT API: nested, and their policies apply to the things in them.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  alreadyExists,
  attributes,
  checkVersion,
  invalid,
  label,
  object,
  only,
  page,
  queryFlag,
  queryText,
  seconds,
  text,
  updatedAttributes,
  type ApiRequest,
  type Operation,
} from './api-request.ts';
import { change, find, type Attributes, type Registry, type Thing, type ThingGroup } from './registry.ts';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_DEPTH = 7;
const MAXIMUM_ATTRIBUTES = 50;

export const groupOf = (registry: Registry, name: string) => find(registry.groups, 'Thing group', name);

/** From the root down to the group's parent. */
export function ancestors(registry: Registry, group: ThingGroup): ThingGroup[] {
  const chain: ThingGroup[] = [];
  for (let name = group.parent; name !== undefined;) {
    const parent = groupOf(registry, name);
    chain.unshift(parent);
    name = parent.parent;
  }
  return chain;
}

export const nameAndArn = (registry: Registry, name: string) => ({
  groupName: name,
  groupArn: registry.arn(`thinggroup/${name}`),
});

function describe(registry: Registry, group: ThingGroup) {
  const above = ancestors(registry, group).map(({ name }) => nameAndArn(registry, name));
  return {
    thingGroupName: group.name,
    thingGroupId: group.id,
    thingGroupArn: registry.arn(`thinggroup/${group.name}`),
    version: group.version,
    thingGroupProperties: {
      thingGroupDescription: group.description,
      attributePayload: { attributes: Object.fromEntries(group.attributes) },
    },
    thingGroupMetadata: {
      parentGroupName: group.parent,
      rootToParentThingGroups: above,
      creationDate: seconds(group.createdAt),
    },
  };
}

interface Properties {
  readonly parent?: string;
  readonly description?: string;
  readonly attributes: Attributes;
}

/**
 * Creates a group, or confirms that it exists with the same properties.
 *
 * @throws AwsError ResourceAlreadyExistsException when it exists with other properties; ResourceNotFoundException without its parent.
 */
export async function createThingGroup(
  registry: Registry,
  name: string,
  given: Properties,
): Promise<ThingGroup> {
  const found = registry.groups.get(name);
  if (found) {
    const of = (group: Properties) => [group.parent, group.description, new Map(group.attributes)];
    if (isDeepStrictEqual(of(found), of(given))) return found;
    throw alreadyExists(
      `Thing group ${name} already exists with another parent or other properties`,
      registry.arn(`thinggroup/${name}`),
      name,
    );
  }
  const group: ThingGroup = { name, id: randomUUID(), ...given, version: 1, createdAt: registry.clock.now() };
  if (ancestors(registry, group).length >= MAXIMUM_DEPTH) {
    throw invalid(`thing groups nest at most ${MAXIMUM_DEPTH} levels deep`);
  }
  await registry.commit([change('group', name, group)]);
  return group;
}

function propertiesOf(body: ApiRequest['body'], before: Attributes): Omit<Properties, 'parent'> {
  const properties = object(body, 'thingGroupProperties') ?? {};
  only(properties, ['thingGroupDescription', 'attributePayload'], 'thingGroupProperties');
  const description = text(properties, 'thingGroupDescription');
  const payload = object(properties, 'attributePayload');
  const updated = before.length > 0 ? updatedAttributes(before, payload) : attributes(payload);
  if (updated.length > MAXIMUM_ATTRIBUTES)
    throw invalid(`a thing group has at most ${MAXIMUM_ATTRIBUTES} attributes`);
  return { ...(description === undefined ? {} : { description }), attributes: updated };
}

async function deleteGroup(registry: Registry, name: string, expected: string | undefined): Promise<void> {
  const group = registry.groups.get(name);
  if (!group) return;
  checkVersion(expected, group.version);
  const child = [...registry.groups.values()].find(({ parent }) => parent === name);
  if (child) throw invalid(`Thing group ${name} still has the child group ${child.name}`);
  const members = [...registry.things.values()].filter(({ groups }) => groups.includes(name));
  await registry.commit([
    change('group', name, undefined),
    change('target', registry.arn(`thinggroup/${name}`), undefined),
    ...members.map((thing) => change('thing', thing.name, without(thing, name))),
  ]);
}

export const without = (thing: Thing, group: string): Thing => ({
  ...thing,
  groups: thing.groups.filter((name) => name !== group),
});

export function isBelow(registry: Registry, group: ThingGroup, parent: string, recursive: boolean): boolean {
  if (group.parent === parent) return true;
  return recursive && ancestors(registry, group).some(({ name }) => name === parent);
}

function listGroups(registry: Registry, request: ApiRequest) {
  const parent = queryText(request, 'parentGroup');
  const prefix = queryText(request, 'namePrefixFilter') ?? '';
  const recursive = queryFlag(request, 'recursive') ?? true;
  if (parent !== undefined) groupOf(registry, parent);
  const found = [...registry.groups.values()].filter((group) => {
    if (!group.name.startsWith(prefix)) return false;
    return parent === undefined
      ? recursive || group.parent === undefined
      : isBelow(registry, group, parent, recursive);
  });
  const { items, next } = page(request, found, ({ name }) => name);
  return { thingGroups: items.map(({ name }) => nameAndArn(registry, name)), nextToken: next };
}

export const thingGroupOperations: readonly Operation[] = [
  {
    name: 'CreateThingGroup',
    method: 'POST',
    path: '/thing-groups/{thingGroupName}',
    body: ['parentGroupName', 'thingGroupProperties'],
    async run({ registry }, request) {
      const parent = text(request.body, 'parentGroupName');
      const properties = { ...(parent === undefined ? {} : { parent }), ...propertiesOf(request.body, []) };
      const group = await createThingGroup(registry, label(request, 'thingGroupName'), properties);
      const { thingGroupName, thingGroupArn, thingGroupId } = describe(registry, group);
      return { thingGroupName, thingGroupArn, thingGroupId };
    },
  },
  {
    name: 'UpdateThingGroup',
    method: 'PATCH',
    path: '/thing-groups/{thingGroupName}',
    body: ['thingGroupProperties', 'expectedVersion'],
    async run({ registry }, request) {
      const group = groupOf(registry, label(request, 'thingGroupName'));
      checkVersion(request.body['expectedVersion'], group.version);
      const version = group.version + 1;
      const next = { ...group, ...propertiesOf(request.body, group.attributes), version };
      await registry.commit([change('group', group.name, next)]);
      return { version };
    },
  },
  {
    name: 'DescribeThingGroup',
    method: 'GET',
    path: '/thing-groups/{thingGroupName}',
    run: ({ registry }, request) => describe(registry, groupOf(registry, label(request, 'thingGroupName'))),
  },
  {
    name: 'ListThingGroups',
    method: 'GET',
    path: '/thing-groups',
    query: ['nextToken', 'maxResults', 'parentGroup', 'namePrefixFilter', 'recursive'],
    run: ({ registry }, request) => listGroups(registry, request),
  },
  {
    name: 'DeleteThingGroup',
    method: 'DELETE',
    path: '/thing-groups/{thingGroupName}',
    query: ['expectedVersion'],
    async run({ registry }, request) {
      await deleteGroup(registry, label(request, 'thingGroupName'), queryText(request, 'expectedVersion'));
      return {};
    },
  },
];
