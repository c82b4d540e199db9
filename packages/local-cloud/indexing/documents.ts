// The indexed document of a thing or thing group: its form in answers, and its values by field.
// https://docs.aws.amazon.com/iot/latest/developerguide/querying-fleet-index.html

import type { RegistryView, Thing, ThingGroup } from '../iot/registry.ts';
import type { ConnectionState } from '../mqtt/clients.ts';
import { deltaOf, type ShadowDocument } from '../shadow/document.ts';
import type { ShadowId } from '../shadow/store.ts';
import type { IndexingConfiguration } from './configuration.ts';
import type { Fields } from './query.ts';
import { invalidQuery } from './query-tokens.ts';

/** The sources of the index besides the registry. */
export interface FleetSources {
  shadow(id: ShadowId): ShadowDocument | undefined;
  connection(clientId: string): ConnectionState | undefined;
}

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

function shadowOf(sources: FleetSources, id: ShadowId): Tree | undefined {
  const document = sources.shadow(id);
  if (!document) return undefined;
  const delta = deltaOf(document);
  const { state, metadata, version } = document;
  const shown = {
    ...state,
    ...(delta && { delta: delta.state }),
    metadata,
    hasDelta: delta !== undefined,
    version,
  };
  return JSON.parse(JSON.stringify(shown)) as Tree; // exact numbers become plain ones
}

function shadowsOf({ name: thingName }: Thing, configuration: IndexingConfiguration, sources: FleetSources) {
  const classic =
    configuration.things === 'REGISTRY_AND_SHADOW' ? shadowOf(sources, { thingName }) : undefined;
  const named = configuration.shadowNames.flatMap((shadowName) => {
    const shadow = shadowOf(sources, { thingName, shadowName });
    return shadow ? [[shadowName, shadow] as const] : [];
  });
  if (!classic && named.length === 0) return undefined;
  return { ...classic, ...(named.length > 0 && { name: Object.fromEntries(named) }) };
}

/** Keyed by the client ID, which is the thing's name. */
function connectivityOf({ name }: Thing, sources: FleetSources): Tree {
  const state = sources.connection(name);
  const timestamp = state?.connected ? state.connectedSince : state?.disconnectedSince;
  return {
    connected: state?.connected ?? false,
    ...(timestamp !== undefined && { timestamp }),
    ...(state?.disconnectReason !== undefined && { disconnectReason: state.disconnectReason }),
  };
}

export function thingDocument(thing: Thing, configuration: IndexingConfiguration, sources: FleetSources) {
  const shadow = shadowsOf(thing, configuration, sources);
  return {
    thingName: thing.name,
    thingId: thing.id,
    thingTypeName: thing.typeName,
    thingGroupNames: thing.groups,
    attributes: Object.fromEntries(thing.attributes),
    ...(shadow && { shadow }),
    ...(configuration.connectivity === 'STATUS' && { connectivity: connectivityOf(thing, sources) }),
  };
}

function parentsOf(registry: RegistryView, group: ThingGroup): string[] {
  const parent = group.parent === undefined ? undefined : registry.groups.get(group.parent);
  return parent ? [parent.name, ...parentsOf(registry, parent)] : [];
}

export const groupDocument = (registry: RegistryView, group: ThingGroup) => ({
  thingGroupName: group.name,
  thingGroupId: group.id,
  thingGroupDescription: group.description,
  attributes: Object.fromEntries(group.attributes),
  parentGroupNames: parentsOf(registry, group),
});

/** All values under a place, also those inside lists and objects. */
function leaves(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  return isTree(value) ? Object.values(value).flatMap(leaves) : [value];
}

/** The values at a dotted field; a name with dots in it is found too. */
function valuesAt(value: unknown, steps: readonly string[]): unknown[] {
  if (steps.length === 0) return Array.isArray(value) ? value.flatMap((each) => valuesAt(each, [])) : [value];
  if (Array.isArray(value)) return value.flatMap((each) => valuesAt(each, steps));
  if (!isTree(value)) return [];
  return steps.flatMap((_, index) => {
    const name = steps.slice(0, index + 1).join('.');
    return Object.hasOwn(value, name) ? valuesAt(value[name], steps.slice(index + 1)) : [];
  });
}

export function fieldsOf(document: Tree): Fields {
  return {
    values: (field) => valuesAt(document, field.split('.')).filter((each) => each !== undefined),
    all: () => leaves(document).filter((each) => each !== undefined),
  };
}

const SHADOW_PARTS = 'desired|reported|delta|metadata';
const thingFields = (configuration: IndexingConfiguration): RegExp[] => [
  /^(thingName|thingId|thingTypeName|thingGroupNames)$/,
  /^attributes\../,
  ...(configuration.things === 'REGISTRY_AND_SHADOW'
    ? [new RegExp(`^shadow\\.(?:hasDelta|(?:${SHADOW_PARTS})\\..+)$`)]
    : []),
  ...(configuration.shadowNames.length > 0
    ? [new RegExp(`^shadow\\.name\\.[^.]+\\.(?:hasDelta|(?:${SHADOW_PARTS})\\..+)$`)]
    : []),
  ...(configuration.connectivity === 'STATUS'
    ? [/^connectivity\.(connected|timestamp|disconnectReason)$/]
    : []),
];
const GROUP_FIELDS = [
  /^(thingGroupName|thingGroupId|thingGroupDescription|parentGroupNames)$/,
  /^attributes\../,
];

/** @throws AwsError InvalidQueryException for a field that the index does not have. */
export function checkFields(
  fields: readonly string[],
  index: 'things' | 'groups',
  configuration: IndexingConfiguration,
): void {
  const known = index === 'things' ? thingFields(configuration) : GROUP_FIELDS;
  const other = fields.find((field) => !known.some((pattern) => pattern.test(field)));
  if (other !== undefined)
    throw invalidQuery(`The index has no field ${other}: see its mode in GetIndexingConfiguration`);
}
