// AttributeUpdates, with which requests change items without an update expression.

import { validationError } from '../error.ts';
import { memberOf, typeOf, type AttributeValue, type Item } from '../values/attribute-value.ts';
import { problemOfValue } from '../values/check-value.ts';
import { addTo, deleteFrom, type Update } from '../expressions/compile-update.ts';

interface LegacyUpdate {
  readonly Action?: string;
  readonly Value?: AttributeValue;
}
export type LegacyUpdates = Readonly<Record<string, LegacyUpdate>>;

const INVALID = 'One or more parameter values were invalid: ';
const ACTIONS = ['PUT', 'ADD', 'DELETE'];
const SETS = ['SS', 'NS', 'BS'];
const ADDABLE = ['L', 'N', ...SETS];

function problemOf({ Action: action = 'PUT', Value: value }: LegacyUpdate): string | undefined {
  if (!ACTIONS.includes(action))
    return `${INVALID}Unknown action ${action}: use ${ACTIONS.join(', ')} in AttributeUpdates`;
  const problem = value && problemOfValue(value);
  if (problem) return problem;
  if (!value)
    return action === 'DELETE'
      ? undefined
      : `${INVALID}Only DELETE action is allowed when no attribute value is specified`;
  const type = typeOf(value)!;
  if (action === 'DELETE' && !SETS.includes(type))
    return `${INVALID}DELETE action with value is not supported for the type ${type}`;
  if (action === 'ADD' && !ADDABLE.includes(type))
    return `${INVALID}ADD action is not supported for the type ${type}`;
  return undefined;
}

export function problemOfUpdates(updates: LegacyUpdates = {}): string | undefined {
  return Object.values(updates)
    .map(problemOf)
    .find((problem) => problem !== undefined);
}

const mismatch = () => validationError('Type mismatch for attribute to update');

function requireType(existing: AttributeValue | undefined, value: AttributeValue): void {
  if (existing && typeOf(existing) !== typeOf(value)) throw mismatch();
}

const changes: Readonly<
  Record<string, (existing: AttributeValue | undefined, value: AttributeValue) => AttributeValue | undefined>
> = {
  PUT: (_existing, value) => value,
  ADD(existing, value) {
    requireType(existing, value);
    if (!('L' in value)) return addTo(existing, value);
    return { L: [...((existing?.['L'] as unknown[] | undefined) ?? []), ...(value['L'] as unknown[])] };
  },
  DELETE(existing, value) {
    requireType(existing, value);
    return existing && deleteFrom(existing, value);
  },
};

export function updateOf(updates: LegacyUpdates): Update {
  return (item: Item) => {
    const changed: Record<string, AttributeValue> = { ...item };
    for (const [name, { Action: action = 'PUT', Value: value }] of Object.entries(updates)) {
      const result = value && changes[action]!(memberOf(item, name), value);
      if (result) changed[name] = result;
      else delete changed[name];
    }
    return changed;
  };
}
