// The size that UpdateItem counts for what it writes. With a short key it is more than the item's. Measured on AWS in 2026.

import type { Section } from '../expressions/syntax.ts';
import { memberOf, type Item } from '../values/attribute-value.ts';
import { itemSize, mayBeTooLarge, MAX_ITEM_BYTES } from '../values/size.ts';

const OF_UPDATE = 3;
const OF_SECTION: Readonly<Record<Section['type'], number>> = { set: 19, add: 19, remove: 2, delete: 2 };

/** A path through lists costs one byte more, however many lists there are. */
const sizeOfSection = ({ type, path }: Section): number =>
  OF_SECTION[type] + (path.some((step) => typeof step === 'number') ? 1 : 0);

/**
 * Whether an update writes too much: all attributes that it touches, and some bytes for each section of the expression.
 *
 * @param text the item after the update, as JSON
 */
export function writesTooMuch(sections: readonly Section[], item: Item, text: string): boolean {
  if (!mayBeTooLarge(text)) return false;
  const names = new Set(sections.map(({ path }) => path[0] as string));
  const written = [...names].filter((name) => memberOf(item, name) !== undefined);
  const size = itemSize(Object.fromEntries(written.map((name) => [name, item[name]!])));
  return sections.reduce((sum, section) => sum + sizeOfSection(section), OF_UPDATE + size) > MAX_ITEM_BYTES;
}
