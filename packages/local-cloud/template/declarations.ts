// Reads the Resources section as written: each resource's type, condition, dependencies and properties, merged with Globals.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html

import { readAll } from '../start-error.ts';
import type { Entry, MapNode, Node, Place } from './document.ts';
import { resourceTypes } from './identity.ts';
import { entriesOf, type Fail, literal, literals, mapOf } from './sections.ts';

export interface Declaration {
  readonly logicalId: string;
  readonly place: Place;
  readonly type: string;
  readonly typePlace: Place;
  readonly condition?: { readonly name: string; readonly place: Place };
  readonly dependsOn: readonly { readonly logicalId: string; readonly place: Place }[];
  readonly properties: MapNode;
  readonly metadata: MapNode;
}

const KEYS = [
  'Type',
  'Condition',
  'DependsOn',
  'Properties',
  'Metadata',
  'DeletionPolicy',
  'UpdateReplacePolicy',
];

/** Merges as SAM does: mappings key by key, lists concatenated; of other values the function's own wins. */
function merge(general: Node, own: Node): Node {
  if (general.kind === 'list' && own.kind === 'list') {
    return { kind: 'list', items: [...general.items, ...own.items], place: own.place };
  }
  if (general.kind !== 'map' || own.kind !== 'map') return own;
  const entries = new Map(general.entries);
  for (const [key, entry] of own.entries) {
    const inherited = entries.get(key);
    entries.set(key, inherited ? { place: entry.place, value: merge(inherited.value, entry.value) } : entry);
  }
  return { kind: 'map', entries, place: own.place };
}

function dependenciesOf(node: Node | undefined, what: string, fail: Fail) {
  if (!node) return [];
  const ids = node.kind === 'scalar' ? [node.text] : literals(node, what, fail);
  return ids.map((logicalId) => ({ logicalId, place: node.place }));
}

function declare(
  logicalId: string,
  entry: Entry<Node>,
  globals: ReadonlyMap<string, Node>,
  fail: Fail,
): Declaration {
  const { place } = entry;
  if (!/^[A-Za-z0-9]{1,255}$/.test(logicalId)) {
    fail(place, `${JSON.stringify(logicalId)} is not a logical id: use letters and digits only`);
  }
  const attributes = mapOf(entry.value, logicalId, fail).entries;
  const typeNode = attributes.get('Type')?.value ?? fail(place, `${logicalId} needs a Type`);
  const type = literal(typeNode, `Type of ${logicalId}`, fail);
  entriesOf(entry.value, logicalId, KEYS, fail);
  const nothing: MapNode = { kind: 'map', entries: new Map(), place };
  const mapAt = (key: string) => {
    const found = attributes.get(key);
    return found ? mapOf(found.value, `${key} of ${logicalId}`, fail) : nothing;
  };
  const own = mapAt('Properties');
  const general = globals.get(type);
  const merged = general ? merge(general, own) : own;
  const condition = attributes.get('Condition')?.value;
  return {
    logicalId,
    place,
    type,
    typePlace: typeNode.place,
    condition: condition && {
      name: literal(condition, `Condition of ${logicalId}`, fail),
      place: condition.place,
    },
    dependsOn: dependenciesOf(attributes.get('DependsOn')?.value, `DependsOn of ${logicalId}`, fail),
    properties: mapOf(merged, `Properties of ${logicalId}`, fail),
    metadata: mapAt('Metadata'),
  };
}

/** Checks the type, which matters only where the resource is created or referred to. */
export function requireKnownType({ logicalId, type, typePlace }: Declaration, fail: Fail): void {
  if (resourceTypes.includes(type)) return;
  fail(
    typePlace,
    `${logicalId}: resource type ${type} is not supported by the local cloud: remove it, or run this template on AWS`,
  );
}

/** Sections of Globals, and the type whose properties each has. */
const GLOBAL_TYPES: Readonly<Record<string, string>> = {
  Function: 'AWS::Serverless::Function',
  HttpApi: 'AWS::Serverless::HttpApi',
  SimpleTable: 'AWS::Serverless::SimpleTable',
};

/** Properties that all resources of a type have, by the type. */
export function readGlobals(globals: Node | undefined, fail: Fail): ReadonlyMap<string, Node> {
  if (!globals) return new Map();
  const sections = entriesOf(globals, 'Globals', Object.keys(GLOBAL_TYPES), fail);
  return new Map([...sections].map(([name, { value }]) => [GLOBAL_TYPES[name]!, value]));
}

/** Every resource of the template, in its order. */
export function readDeclarations(
  resources: ReadonlyMap<string, Entry<Node>>,
  globals: ReadonlyMap<string, Node>,
  fail: Fail,
): ReadonlyMap<string, Declaration> {
  return new Map(
    readAll(resources, ([logicalId, entry]) => [logicalId, declare(logicalId, entry, globals, fail)]),
  );
}
