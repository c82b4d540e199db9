// The attribute values of DynamoDB as they are on the wire, and how members are read from objects that clients name.

/** One of `{ S }`, `{ N }`, `{ B }`, `{ BS }` ...; numbers are plain decimals, binary is base64. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;
export type Value = AttributeValue | undefined;

/** A place in an item: attribute, then members of maps and positions in lists. */
export type Path = readonly (string | number)[];

/** `S`, `N`, `BS` ... */
export function typeOf(value: Value): string | undefined {
  for (const type in value) return type;
  return undefined;
}

/** The member that a client named, never one that every JavaScript object inherits. */
export const memberOf = <T>(members: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;

export const bytesOf = (value: AttributeValue): Buffer => Buffer.from(value['B'] as string, 'base64');

/** The value at `path` of `item`, if any. */
export function valueAt(path: Path, item: Item): Value {
  let current = memberOf(item, path[0] as string);
  for (let depth = 1; depth < path.length && current; depth += 1) {
    const step = path[depth]!;
    const { L: list, M: map } = current as { L?: AttributeValue[]; M?: Record<string, AttributeValue> };
    if (typeof step === 'number') current = list?.[step];
    else current = map && memberOf(map, step);
  }
  return current ?? undefined;
}
