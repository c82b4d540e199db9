// What every name in the template stands for: parameters, pseudo parameters, mappings, conditions, rules and resources.

import { type Declaration, requireKnownType } from './declarations.ts';
import type { Entry, Node, Place } from './document.ts';
import { evaluate, type Scope, textAt, type Value } from './evaluate.ts';
import { identify, type Identity, namePropertyOf } from './identity.ts';
import type { Ground } from './naming.ts';
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
  /** The scope of a resource or output; `onReference` hears each resource that it refers to. */
  resourceScope(onReference: (logicalId: string, place: Place) => void): Scope;
  /** The scope of a condition in a rule. */
  readonly ruleScope: Scope;
}

const pseudoParameters = ({ region, accountId, stackName }: Ground): ReadonlyMap<string, string> =>
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

/** Gives every name of the template its meaning. Nothing is evaluated before it is asked for. */
export function createNames(parameters: Parameters, sections: Sections, ground: Ground, fail: Fail): Names {
  const { mappings, conditions, declarations } = sections;
  const pseudo = pseudoParameters(ground);

  const parameterOrPseudo = (name: string, place: Place): Value | undefined => {
    const text = parameters.values.get(name) ?? pseudo.get(name);
    if (text === undefined) return undefined;
    if (!parameters.lists.has(name)) return textAt(text, place);
    return { kind: 'list', items: listItems(text).map((item) => textAt(item, place)), place };
  };

  const mapping: Scope['mapping'] = (map, top, second, place) => {
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

  const withoutResources = (functions: Scope['functions'], where: string): Scope => ({
    functions,
    fail,
    condition,
    mapping,
    ref: (name, place) =>
      parameterOrPseudo(name, place) ??
      fail(place, `${where} refer to parameters only, and ${name} is none: declare it under Parameters`),
    attribute: (logicalId, _name, place) =>
      fail(place, `${where} cannot refer to resources such as ${logicalId}`),
  });

  const holdsOnce = onceEach(
    (name) => {
      const { value } = conditions.get(name)!;
      return holds(value, withoutResources(conditionIntrinsics, 'Conditions'));
    },
    (circle, key) => fail(conditions.get(key)!.place, `conditions need each other in a circle: ${circle}`),
  );

  function condition(name: string, place: Place): boolean {
    if (conditions.has(name)) return holdsOnce(name);
    const known = [...conditions.keys()].join(', ') || 'none';
    return fail(place, `there is no condition ${name}: Conditions has ${known}`);
  }

  const exists = (declaration: Declaration) =>
    !declaration.condition || condition(declaration.condition.name, declaration.condition.place);

  const present = (name: string, place: Place): Declaration => {
    const declaration = declarations.get(name);
    if (!declaration)
      return fail(place, `there is no parameter or resource ${name} in this template: check the name`);
    if (exists(declaration)) return declaration;
    const { name: unmet } = declaration.condition!;
    return fail(
      place,
      `refers to ${name}, which is not created because condition ${unmet} is false: use Fn::If`,
    );
  };

  const resourceScope: Names['resourceScope'] = (onReference) => ({
    functions: resourceIntrinsics,
    fail,
    condition,
    mapping,
    ref(name, place) {
      if (name === 'AWS::NoValue') return undefined;
      const value = parameterOrPseudo(name, place);
      if (value) return value;
      if (name.startsWith('AWS::')) return fail(place, `the pseudo parameter ${name} is not supported`);
      present(name, place);
      onReference(name, place);
      return textAt(identity(name).ref, place);
    },
    attribute(logicalId, name, place) {
      present(logicalId, place);
      onReference(logicalId, place);
      const { attributes } = identity(logicalId);
      const found = attributes.get(name);
      if (typeof found === 'string') return textAt(found, place);
      if (found) return { kind: 'list', items: found.map((item) => textAt(item, place)), place };
      const known = [...attributes.keys()].join(', ') || 'none';
      return fail(place, `${logicalId} has no attribute ${name} here: it has ${known}`);
    },
  });

  const identity = onceEach(
    (logicalId) => {
      const { type, properties, place } = declarations.get(logicalId)!;
      requireKnownType(declarations.get(logicalId)!, fail);
      const property = namePropertyOf(type);
      const entry = property === undefined ? undefined : properties.entries.get(property);
      const value =
        entry &&
        evaluate(
          entry.value,
          resourceScope(() => {}),
        );
      if (value && value.kind !== 'scalar') fail(entry.place, `${property} of ${logicalId} must be text`);
      const explicit = value?.kind === 'scalar' ? value.text : undefined;
      const found = identify(type, logicalId, explicit, ground);
      return typeof found === 'string' ? fail(entry?.place ?? place, `${logicalId} ${found}`) : found;
    },
    (circle, key) =>
      fail(declarations.get(key)!.place, `resources need each other's names in a circle: ${circle}`),
  );

  return { condition, exists, identity, resourceScope, ruleScope: withoutResources(ruleIntrinsics, 'Rules') };
}
