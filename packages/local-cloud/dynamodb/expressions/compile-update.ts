// Compiles a parsed update to a function that returns the updated item and does not change the old one.

import { validationError } from '../error.ts';
import { typeOf, valueAt, type AttributeValue, type Item } from '../values/attribute-value.ts';
import { addNumbers, type Stored } from '../values/number.ts';
import { sortSet } from '../values/set-order.ts';
import { createDraft, type Draft } from './draft.ts';
import type { CallNode, Operand, Section, SetSection, Values } from './syntax.ts';

/** @throws ValidationException for what the item does not allow */
export type Update = (item: Item, values: Values) => Item;
type Read = (item: Item, values: Values) => AttributeValue;

const wrongType = () => validationError('An operand in the update expression has an incorrect data type');

function requireNumber({ problem, ...stored }: Stored & { text?: string }): AttributeValue {
  if (problem !== undefined) throw validationError(problem);
  return { N: stored.text! };
}

function compileCall({ name, args }: CallNode): Read {
  const [first, second] = args.map(compileOperand);
  if (name === 'if_not_exists') {
    const path = (args[0] as { path: readonly (string | number)[] }).path;
    return (item, values) => valueAt(path, item) ?? second!(item, values);
  }
  if (name === 'list_append') {
    return (item, values) => {
      const [{ L: head }, { L: tail }] = [first!(item, values), second!(item, values)];
      if (!head || !tail) throw wrongType();
      return { L: [...(head as unknown[]), ...(tail as unknown[])] };
    };
  }
  const sign = name === '-' ? -1 : 1;
  return (item, values) => {
    const [{ N: a }, { N: b }] = [first!(item, values), second!(item, values)];
    if (a === undefined || b === undefined) throw wrongType();
    return requireNumber(addNumbers(a as string, b as string, sign));
  };
}

function compileOperand(operand: Operand): Read {
  if (operand.type === 'value') {
    const { name } = operand;
    return (_item, values) => values[name]!;
  }
  if (operand.type === 'call') return compileCall(operand);
  const { path } = operand;
  return (item) => {
    const value = valueAt(path, item);
    if (value) return value;
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  };
}

export function addTo(existing: AttributeValue | undefined, added: AttributeValue): AttributeValue {
  const type = typeOf(added)!;
  if (existing && typeOf(existing) !== type) throw wrongType();
  if (type === 'N')
    return requireNumber(addNumbers((existing?.['N'] as string | undefined) ?? '0', added['N'] as string));
  if (!existing) return added;
  const members = existing[type] as readonly string[];
  const known = new Set(members);
  const fresh = (added[type] as readonly string[]).filter((each) => !known.has(each));
  // A list, to which AttributeUpdates can add as well, keeps the order in which it was filled.
  return { [type]: type === 'L' ? [...members, ...fresh] : sortSet(type, [...members, ...fresh]) };
}

/** `undefined` when the set becomes empty. */
export function deleteFrom(existing: AttributeValue, removed: AttributeValue): AttributeValue | undefined {
  const type = typeOf(removed)!;
  if (typeOf(existing) !== type) throw wrongType();
  const gone = new Set(removed[type] as readonly string[]);
  const rest = (existing[type] as readonly string[]).filter((each) => !gone.has(each));
  return rest.length > 0 ? { [type]: rest } : undefined;
}

type Apply = (draft: Draft, values: Values, set: AttributeValue | undefined) => void;

const apply: Readonly<Record<Section['type'], (section: Section) => Apply>> = {
  set:
    ({ path }) =>
    (draft, _values, set) =>
      draft.set(path, set!),
  remove:
    ({ path }) =>
    (draft) =>
      draft.remove(path),
  add: (section) => {
    const { path, value } = section as SetSection;
    return (draft, values) => draft.set(path, addTo(draft.get(path), values[value.name]!));
  },
  delete: (section) => {
    const { path, value } = section as SetSection;
    return (draft, values) => {
      draft.checkPath(path);
      const existing = draft.get(path);
      if (!existing) return;
      const rest = deleteFrom(existing, values[value.name]!);
      if (rest) draft.set(path, rest);
      else draft.remove(path);
    };
  },
};

/** As in DynamoDB, all operands are read from the item before the update. */
export function compileUpdate(sections: readonly Section[]): Update {
  const steps = sections.map((section) => ({
    read: section.type === 'set' ? compileOperand(section.value) : undefined,
    apply: apply[section.type](section),
  }));
  return (item, values) => {
    const sets = steps.map(({ read }) => read?.(item, values));
    const draft = createDraft(item);
    for (const [index, step] of steps.entries()) step.apply(draft, values, sets[index]);
    return draft.finish();
  };
}
