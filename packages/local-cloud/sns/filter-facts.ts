// The data that a filter policy is applied to: a message's attributes, or the properties of a message that is a JSON object.

import type { Attribute } from './attributes.ts';
import { isObject, type Scalar } from './filter-operators.ts';

export interface Facts {
  /** Those of the key; of an array its elements. Empty: the key is absent. */
  readonly values: (key: string) => readonly Scalar[];
  /** The objects at the key; never empty, so that a policy can also require that members of an absent one do not exist. */
  readonly inside: (key: string) => readonly Facts[];
}

type JsonObject = Readonly<Record<string, unknown>>;

const nothing: Facts = { values: () => [], inside: () => [nothing] };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value, or what its arrays and their arrays hold; without recursion, as a message may nest them deeply. */
function elementsOf(value: unknown): unknown[] {
  const [elements, todo]: [unknown[], unknown[]] = [[], [value]];
  while (todo.length > 0) {
    const next = todo.pop();
    if (Array.isArray(next)) for (const item of next) todo.push(item);
    else elements.push(next);
  }
  return elements;
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

function attributeValues({ type, value }: Attribute): readonly Scalar[] {
  if (type === 'String.Array') return elementsOf(parseJson(value)).filter(isScalar);
  return type.startsWith('Number') ? [Number(value)] : [value];
}

/** @returns undefined when there is none: then not even `exists: false` matches. SNS ignores binary ones. */
export function attributeFacts(attributes: Readonly<Record<string, Attribute>>): Facts | undefined {
  const seen = new Map(Object.entries(attributes).filter(([, { type }]) => !type.startsWith('Binary')));
  if (seen.size === 0) return undefined;
  return {
    values: remembered((key) => {
      const attribute = seen.get(key);
      return attribute ? attributeValues(attribute) : [];
    }),
    inside: () => [nothing],
  };
}

/** All values at a key: a dot in it leads into an object, or is part of the property's name. */
function elementsAt(object: JsonObject, key: string): unknown[] {
  const found: unknown[] = [];
  const todo: [JsonObject, string][] = [[object, key]];
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [inner, rest] = next;
    for (const [name, value] of Object.entries(inner)) {
      if (name === rest) found.push(value);
      else if (rest.startsWith(`${name}.`)) {
        const below = rest.slice(name.length + 1);
        for (const element of elementsOf(value)) if (isObject(element)) todo.push([element, below]);
      }
    }
  }
  return elementsOf(found);
}

/** Looked up once for each key: the branches of `$or` may use the same key a hundred times. */
function remembered<T>(find: (key: string) => T): (key: string) => T {
  const found = new Map<string, T>();
  return (key) => {
    const known = found.get(key);
    if (known !== undefined) return known;
    const value = find(key);
    found.set(key, value);
    return value;
  };
}

export function objectFacts(object: JsonObject): Facts {
  return {
    values: remembered((key) => elementsAt(object, key).filter(isScalar)),
    inside: remembered((key) => {
      const objects = elementsAt(object, key).filter(isObject);
      return objects.length > 0 ? objects.map(objectFacts) : [nothing];
    }),
  };
}

/** @returns undefined when the text is not a JSON object, or an empty one */
export function bodyFacts(body: string): Facts | undefined {
  const parsed = parseJson(body);
  return isObject(parsed) && Object.keys(parsed).length > 0 ? objectFacts(parsed) : undefined;
}
