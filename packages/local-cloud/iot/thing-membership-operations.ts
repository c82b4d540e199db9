// Which things are in which groups, in the AWS IoT API.

import {
  flag,
  invalid,
  label,
  page,
  queryFlag,
  text,
  texts,
  type ApiRequest,
  type Operation,
} from './api-request.ts';
import { change, find, type Registry, type Thing } from './registry.ts';
import { ancestors, groupOf, isBelow, nameAndArn, without } from './thing-group-operations.ts';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAXIMUM_GROUPS_OF_THING = 10;

function rootOf(registry: Registry, name: string): string {
  const group = groupOf(registry, name);
  return ancestors(registry, group)[0]?.name ?? name;
}

/** The thing with one group more. @throws AwsError where AWS would not let it join. */
export function withGroup(registry: Registry, thing: Thing, name: string): Thing {
  if (thing.groups.includes(name)) return thing;
  const root = rootOf(registry, name);
  const relative = thing.groups.find((other) => rootOf(registry, other) === root);
  if (relative !== undefined) {
    throw invalid(
      `Thing ${thing.name} is in ${relative} already: it can be in one group of a hierarchy only`,
    );
  }
  if (thing.groups.length >= MAXIMUM_GROUPS_OF_THING) {
    throw invalid(`Thing ${thing.name} is in ${MAXIMUM_GROUPS_OF_THING} groups already`);
  }
  return { ...thing, groups: [...thing.groups, name] };
}

/** A thing or group may be given by name or by ARN. */
function named(registry: Registry, body: ApiRequest['body'], kind: 'thing' | 'thingGroup'): string {
  const name = text(body, `${kind}Name`);
  if (name !== undefined) return name;
  const prefix = registry.arn(`${kind.toLowerCase()}/`);
  const arn = text(body, `${kind}Arn`);
  if (!arn?.startsWith(prefix))
    throw invalid(`${kind}Name, or ${kind}Arn beginning with ${prefix}, is required`);
  return arn.slice(prefix.length);
}

async function changeMembership(
  registry: Registry,
  thingName: string,
  add: readonly string[],
  remove: readonly string[],
) {
  let thing = find(registry.things, 'Thing', thingName);
  for (const name of remove) thing = without(thing, groupOf(registry, name).name);
  for (const name of add) thing = withGroup(registry, thing, groupOf(registry, name).name);
  await registry.commit([change('thing', thing.name, thing)]);
  return {};
}

function listMembers(registry: Registry, request: ApiRequest) {
  const { name } = groupOf(registry, label(request, 'thingGroupName'));
  const recursive = queryFlag(request, 'recursive') ?? false;
  const groups = new Set(
    [...registry.groups.values()]
      .filter((group) => group.name === name || (recursive && isBelow(registry, group, name, true)))
      .map((group) => group.name),
  );
  const members = [...registry.things.values()].filter((thing) =>
    thing.groups.some((group) => groups.has(group)),
  );
  const { items, next } = page(request, members, (thing) => thing.name);
  return { things: items.map((thing) => thing.name), nextToken: next };
}

const MEMBERSHIP = ['thingGroupName', 'thingGroupArn', 'thingName', 'thingArn'];

export const membershipOperations: readonly Operation[] = [
  {
    name: 'AddThingToThingGroup',
    method: 'PUT',
    path: '/thing-groups/addThingToThingGroup',
    body: [...MEMBERSHIP, 'overrideDynamicGroups'],
    run: ({ registry }, { body }) =>
      changeMembership(registry, named(registry, body, 'thing'), [named(registry, body, 'thingGroup')], []),
  },
  {
    name: 'RemoveThingFromThingGroup',
    method: 'PUT',
    path: '/thing-groups/removeThingFromThingGroup',
    body: MEMBERSHIP,
    run: ({ registry }, { body }) =>
      changeMembership(registry, named(registry, body, 'thing'), [], [named(registry, body, 'thingGroup')]),
  },
  {
    name: 'UpdateThingGroupsForThing',
    method: 'PUT',
    path: '/thing-groups/updateThingGroupsForThing',
    body: ['thingName', 'thingGroupsToAdd', 'thingGroupsToRemove', 'overrideDynamicGroups'],
    run({ registry }, { body }) {
      flag(body, 'overrideDynamicGroups');
      const add = texts(body, 'thingGroupsToAdd') ?? [];
      return changeMembership(
        registry,
        named(registry, body, 'thing'),
        add,
        texts(body, 'thingGroupsToRemove') ?? [],
      );
    },
  },
  {
    name: 'ListThingGroupsForThing',
    method: 'GET',
    path: '/things/{thingName}/thing-groups',
    query: ['nextToken', 'maxResults'],
    run({ registry }, request) {
      const { groups } = find(registry.things, 'Thing', label(request, 'thingName'));
      const { items, next } = page(request, groups, (name) => name);
      return { thingGroups: items.map((name) => nameAndArn(registry, name)), nextToken: next };
    },
  },
  {
    name: 'ListThingsInThingGroup',
    method: 'GET',
    path: '/thing-groups/{thingGroupName}/things',
    query: ['nextToken', 'maxResults', 'recursive'],
    run: ({ registry }, request) => listMembers(registry, request),
  },
];
