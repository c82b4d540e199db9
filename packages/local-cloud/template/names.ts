// The meaning of every name in the template: parameters, pseudo parameters, mappings, conditions, rules and resources.

import { type Declaration, requireKnownType } from './declarations.ts';
import type { Entry, Node, Place } from './document.ts';
import { evaluate, type Scope, textAt, type Value } from './evaluate.ts';
import { identify, type Identity, namePropertyOf } from './identity.ts';
import type { StackDefaults } from './naming.ts';
import { conditionIntrinsics, holds, resourceIntrinsics, ruleIntrinsics } from './intrinsics.ts';
import { listItems, type Parameters } from './parameters.ts';
import { type Fail, mapOf } from './sections.ts';

export interface Sections {
  readonly mappings: ReadonlyMap<string, Entry<Node>>;
  readonly conditions: ReadonlyMap<string, Entry<Node>>;
  readonly declarations: ReadonlyMap<string, Declaration>;
}

export interface Names {
  /** Whether a condition holds. */
  condition(name: string, place: Place): boolean;
  /** Whether the resource is created, by its condition. */
  exists(declaration: Declaration): boolean;
  identity(logicalId: string): Identity;
  /** The scope of a resource or output; `onReference` is called with each resource that it refers to. */
  resourceScope(onReference: (logicalId: string, place: Place) => void): Scope;
  /** The scope of a condition in a rule. */
  readonly ruleScope: Scope;
}

const pseudoParameters = ({ region, accountId, stackName }: StackDefaults): ReadonlyMap<string, string> =>
  new Map([
    ['AWS::AccountId', accountId],
    ['AWS::Partition', 'aws'],
    ['AWS::Region', region],
    ['AWS::StackId', `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);

/** Runs `compute` once for each key; a key that needs itself is a circle, which `fail` gets as `A -> B -> A`. */
function onceEach<T>(compute: (key: string) => T, fail: (circle: string, key: string) => never) {
  const done = new Map<string, T>();
  const busy: string[] = [];
  return (key: string): T => {
    const known = done.get(key);
    if (known !== undefined) return known;
    if (busy.includes(key)) return fail([...busy.slice(busy.indexOf(key)), key].join(' -> '), key);
    busy.push(key);
    try {
      const result = compute(key);
      done.set(key, result);
      return result;
    } finally {
      busy.pop();
    }
  };
}

type Condition = Scope['condition'];

/** The intrinsics of every scope. */
interface Shared {
  readonly fail: Fail;
  readonly condition: Condition;
  readonly mapping: Scope['mapping'];
  /** Undefined for a name that is neither a parameter nor a pseudo parameter. */
  readonly parameter: (name: string, place: Place) => Value | undefined;
}

function createParameterLookup(parameters: Parameters, defaults: StackDefaults): Shared['parameter'] {
  const pseudo = pseudoParameters(defaults);
  return (name, place) => {
    const text = parameters.values.get(name) ?? pseudo.get(name);
    if (text === undefined) return undefined;
    if (!parameters.lists.has(name)) return textAt(text, place);
    return { kind: 'list', items: listItems(text).map((item) => textAt(item, place)), place };
  };
}

function createMappingLookup(mappings: Sections['mappings'], fail: Fail): Scope['mapping'] {
  return (map, top, second, place) => {
    const keys = [map, top, second];
    let node: Node = { kind: 'map', entries: mappings, place };
    for (const [depth, key] of keys.entries()) {
      const inner = mapOf(node, `Mappings ${keys.slice(0, depth).join('.')}`, fail).entries.get(key);
      if (!inner) return fail(place, `there is no ${keys.slice(0, depth + 1).join('.')} in Mappings`);
      node = inner.value;
    }
    if (node.kind === 'scalar') return textAt(node.text, place);
    if (node.kind !== 'list') return fail(node.place, `${keys.join('.')} in Mappings must be text or a list`);
    const items = node.items.map((item) =>
      item.kind === 'scalar' ? item : fail(item.place, 'must be text'),
    );
    return { kind: 'list', items, place };
  };
}

/** The scope of sections that may refer only to parameters. @param where the section for messages, such as `Conditions` */
const withoutResources = (shared: Shared, functions: Scope['functions'], where: string): Scope => ({
  functions,
  fail: shared.fail,
  condition: shared.condition,
  mapping: shared.mapping,
  ref: (name, place) =>
    shared.parameter(name, place) ??
    shared.fail(
      place,
      `${where} refer to parameters only, and ${name} is not one: declare it under Parameters`,
    ),
  attribute: (logicalId, _name, place) =>
    shared.fail(place, `${where} cannot refer to resources such as ${logicalId}`),
});

/** @param scope the scope of conditions, which refer to each other */
function createConditions(conditions: Sections['conditions'], fail: Fail, scope: () => Scope): Condition {
  const holdsOnce = onceEach(
    (name) => holds(conditions.get(name)!.value, scope()),
    (circle, key) => fail(conditions.get(key)!.place, `conditions need each other in a circle: ${circle}`),
  );
  return (name, place) => {
    if (conditions.has(name)) return holdsOnce(name);
    const known = [...conditions.keys()].join(', ') || 'none';
    return fail(place, `there is no condition ${name}: Conditions has ${known}`);
  };
}

/** @returns a function that fails for a name that is not a resource, or one that its condition leaves out */
function createPresenceCheck(
  declarations: Sections['declarations'],
  exists: Names['exists'],
  fail: Fail,
): (name: string, place: Place) => void {
  return (name, place) => {
    const declaration = declarations.get(name);
    if (!declaration)
      fail(place, `there is no parameter or resource ${name} in this template: check the name`);
    if (exists(declaration)) return;
    const { name: unmet } = declaration.condition!;
    fail(place, `refers to ${name}, which is not created because condition ${unmet} is false: use Fn::If`);
  };
}

function createResourceScope(
  shared: Shared,
  checkPresent: (name: string, place: Place) => void,
  identity: Names['identity'],
): Names['resourceScope'] {
  const { fail, condition, mapping, parameter } = shared;
  return (onReference) => ({
    functions: resourceIntrinsics,
    fail,
    condition,
    mapping,
    ref(name, place) {
      if (name === 'AWS::NoValue') return undefined;
      const value = parameter(name, place);
      if (value) return value;
      if (name.startsWith('AWS::')) return fail(place, `the pseudo parameter ${name} is not supported`);
      checkPresent(name, place);
      onReference(name, place);
      return textAt(identity(name).ref, place);
    },
    attribute(logicalId, name, place) {
      checkPresent(logicalId, place);
      onReference(logicalId, place);
      const { attributes } = identity(logicalId);
      const found = attributes.get(name);
      if (typeof found === 'string') return textAt(found, place);
      if (found) return { kind: 'list', items: found.map((item) => textAt(item, place)), place };
      const known = [...attributes.keys()].join(', ') || 'none';
      return fail(place, `${logicalId} has no attribute ${name} here: it has ${known}`);
    },
  });
}

function createIdentities(
  declarations: Sections['declarations'],
  defaults: StackDefaults,
  fail: Fail,
  scope: () => Scope,
): Names['identity'] {
  return onceEach(
    (logicalId) => {
      const { type, properties, place } = declarations.get(logicalId)!;
      requireKnownType(declarations.get(logicalId)!, fail);
      const property = namePropertyOf(type);
      const entry = property === undefined ? undefined : properties.entries.get(property);
      const value = entry && evaluate(entry.value, scope());
      if (value && value.kind !== 'scalar') fail(entry.place, `${property} of ${logicalId} must be text`);
      const explicit = value?.kind === 'scalar' ? value.text : undefined;
      const found = identify(type, logicalId, explicit, defaults);
      return typeof found === 'string' ? fail(entry?.place ?? place, `${logicalId} ${found}`) : found;
    },
    (circle, key) =>
      fail(declarations.get(key)!.place, `resources need each other's names in a circle: ${circle}`),
  );
}

/** Defines every name of the template. Nothing is evaluated before it is needed. */
export function createNames(
  parameters: Parameters,
  sections: Sections,
  defaults: StackDefaults,
  fail: Fail,
): Names {
  const { mappings, conditions, declarations } = sections;
  const condition = createConditions(conditions, fail, () =>
    withoutResources(shared, conditionIntrinsics, 'Conditions'),
  );
  const shared: Shared = {
    fail,
    condition,
    mapping: createMappingLookup(mappings, fail),
    parameter: createParameterLookup(parameters, defaults),
  };
  const exists: Names['exists'] = (declaration) =>
    !declaration.condition || condition(declaration.condition.name, declaration.condition.place);
  const identity = createIdentities(declarations, defaults, fail, () => resourceScope(() => {}));
  const checkPresent = createPresenceCheck(declarations, exists, fail);
  const resourceScope = createResourceScope(shared, checkPresent, identity);
  const ruleScope = withoutResources(shared, ruleIntrinsics, 'Rules');
  return { condition, exists, identity, resourceScope, ruleScope };
}
