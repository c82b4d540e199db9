// Resolves the resources and outputs of a template: their intrinsics, names and places.

import { readAll } from '../start-error.ts';
import { type Declaration, requireKnownType } from './declarations.ts';
import type { Entry, Node, Place } from './document.ts';
import { evaluate, plain, textOf, type Value } from './evaluate.ts';
import type { Identity } from './identity.ts';
import type { Names } from './names.ts';
import type { Needs } from './order.ts';
import { requireSupported } from './require-supported.ts';
import type { ResolvedResource } from './resolved.ts';
import { entriesOf, type Fail, literal } from './sections.ts';

function placeIn(value: Value, path: readonly (string | number)[], start: Place): Place {
  let place = start;
  let current: Value | undefined = value;
  for (const key of path) {
    if (current?.kind === 'list') {
      current = current.items[Number(key)];
      place = current?.place ?? place;
    } else {
      const entry: Entry<Value> | undefined =
        current?.kind === 'map' ? current.entries.get(String(key)) : undefined;
      current = entry?.value;
      place = entry?.place ?? place;
    }
    if (!current) break;
  }
  return place;
}

/** A wrong property that a name comes from is reported by its check, whose message is more exact. */
function identityOf(names: Names, logicalId: string, check: () => void): Identity {
  try {
    return names.identity(logicalId);
  } catch (error) {
    check();
    throw error;
  }
}

/**
 * One resource without intrinsics. `check` throws what is wrong with its properties; other resources can refer to it all the
 * same.
 *
 * @throws StartError for an unknown type, and for references to nothing
 */
export function resolveResource(
  declaration: Declaration,
  names: Names,
  needs: Needs,
  shown: string,
  fail: Fail,
): { readonly resource: ResolvedResource; readonly check: () => void } {
  const { logicalId, type, place } = declaration;
  requireKnownType(declaration, fail);
  const needed = new Map<string, Place>();
  needs.set(logicalId, needed);
  const scope = names.resourceScope((other, at) => needed.set(other, at));
  const properties = evaluate(declaration.properties, scope)!;
  const metadata = evaluate(declaration.metadata, scope)!;
  const check = () => {
    readAll(
      [
        ['properties', properties],
        ['metadata', metadata],
      ] as const,
      ([part, value]) => requireSupported(logicalId, type, part, value, place, fail),
    );
  };
  const placeOf = ([first, ...rest]: readonly (string | number)[]) =>
    first === 'Metadata'
      ? placeIn(metadata, rest, metadata.place)
      : placeIn(properties, first === undefined ? [] : [first, ...rest], place);
  const { name, arn, ref } = identityOf(names, logicalId, check);
  const resource: ResolvedResource = {
    logicalId,
    type,
    properties: plain(properties) as Record<string, unknown>,
    metadata: plain(metadata) as Record<string, unknown>,
    name,
    arn,
    ref,
    at: (...path) => `${shown}:${placeOf(path).line}`,
  };
  return { resource, check };
}

export function resolveOutputs(
  outputs: ReadonlyMap<string, Entry<Node>>,
  names: Names,
  fail: Fail,
): Record<string, string> {
  const scope = names.resourceScope(() => {});
  const resolved = new Map<string, string>();
  readAll(outputs, ([name, { value, place }]) => {
    const output = entriesOf(value, `output ${name}`, ['Condition', 'Description', 'Export', 'Value'], fail);
    const condition = output.get('Condition')?.value;
    if (condition && !names.condition(literal(condition, 'Condition', fail), condition.place)) return;
    const found = output.get('Value')?.value ?? fail(place, `output ${name} needs a Value`);
    resolved.set(name, textOf(found, scope, `output ${name}`));
  });
  return Object.fromEntries(resolved);
}
