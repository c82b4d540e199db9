// The sizes of items as DynamoDB counts them: for its limits of 400 KB an item and 1 MB a page, and for consumed capacity.

import { typeOf, type AttributeValue, type Item } from './attribute-value.ts';
import { parseDecimal } from './number.ts';

export const MAX_ITEM_BYTES = 400 * 1024;
export const MAX_PAGE_BYTES = 1024 * 1024;
/** A text of UTF-16 units has at most so many bytes for each. */
const MAX_BYTES_PER_UNIT = 3;

const sum = <T>(values: readonly T[], sizeOf: (value: T) => number): number =>
  values.reduce((total, value) => total + sizeOf(value), 0);

function numberSize(text: string): number {
  const { sign, digits, exponent } = parseDecimal(text)!;
  if (sign === 0) return 1;
  const half = Math.ceil(digits.length / 2);
  return 1 + half + (digits.length % 2 || exponent % 2 ? 0 : 1) + (sign < 0 ? 1 : 0);
}

const textSize = (text: string) => Buffer.byteLength(text);
const binarySize = (text: string) => Buffer.byteLength(text, 'base64');

/** In a page a value takes some bytes more, and the name of an attribute takes one. */
type Where = 'item' | 'page';

const sizes: Readonly<Record<string, (content: never, where: Where) => number>> = {
  S: textSize,
  N: numberSize,
  B: binarySize,
  SS: (members: readonly string[]) => sum(members, textSize),
  NS: (members: readonly string[]) => sum(members, numberSize),
  BS: (members: readonly string[]) => sum(members, binarySize),
  BOOL: () => 1,
  NULL: () => 1,
  L: (members: readonly AttributeValue[], where) =>
    3 + sum(members, (member) => 1 + valueSize(member, where)),
  M: (members: Item, where) => 3 + Object.keys(members).length + attributesSize(members, where),
};

/** The bytes that a value takes in a page beyond its own size. */
const storage: Readonly<Record<string, (size: number, content: never) => number>> = {
  S: (size) => (size < 128 ? 1 : size < 16_384 ? 2 : 3),
  N: () => 1,
  B: () => 1,
  SS: (_size, members: readonly string[]) => members.length + 1,
  NS: (_size, members: readonly string[]) => members.length + 1,
  BS: (_size, members: readonly string[]) => members.length + 1,
  NULL: (size) => -size,
};

function valueSize(value: AttributeValue, where: Where): number {
  const type = typeOf(value)!;
  const content = value[type] as never;
  const size = sizes[type]!(content, where);
  return where === 'page' ? size + (storage[type]?.(size, content) ?? 0) : size;
}

function attributesSize(item: Item, where: Where): number {
  return sum(
    Object.keys(item),
    (name) => valueSize(item[name]!, where) + (where === 'page' ? 1 : textSize(name)),
  );
}

/** Bytes of names and values, by the rules of DynamoDB's developer guide. */
export const itemSize = (item: Item): number => attributesSize(item, 'item');

/** Whether an item, `text` as JSON, may be too large for DynamoDB, so that it must be counted. */
export const mayBeTooLarge = (text: string): boolean => text.length * MAX_BYTES_PER_UNIT > MAX_ITEM_BYTES;

/** Whether an item, `text` as JSON, is too large for DynamoDB. */
export const isTooLarge = (item: Item, text: string): boolean =>
  mayBeTooLarge(text) && itemSize(item) > MAX_ITEM_BYTES;

/**
 * Bytes that an item takes of the 1 MB of a page: with what its storage adds, as architect/dynalite measured on AWS.
 *
 * @param rangeKey the sort key's attribute, which each block of the storage repeats
 */
export function sizeInPage(item: Item, rangeKey: string | undefined): number {
  const key = rangeKey === undefined ? undefined : item[rangeKey];
  const keySize = key ? valueSize(key, 'item') : 0;
  const keyInPage = key ? valueSize(key, 'page') + 1 : 0;
  const size = attributesSize(item, 'page') - keyInPage;
  return 2 + size + (1 + Math.floor((1 + size) / 3_072)) * (18 + keySize);
}

/** At least as much as `sizeInPage`, from the item's JSON alone. */
export const largestInPage = (text: string): number => {
  const bytes = MAX_BYTES_PER_UNIT * text.length;
  return 2 + bytes + (1 + bytes / 3_072) * (18 + 1_024);
};

/** Units of 1 KB for a write and of 4 KB for a read; an eventually consistent read takes half as many. */
export function capacityOf(item: Item | undefined, isRead: boolean, isConsistent: boolean): number {
  const units = item ? Math.ceil(itemSize(item) / 1024 / (isRead ? 4 : 1)) : 1;
  return isRead && !isConsistent ? units / 2 : units;
}
