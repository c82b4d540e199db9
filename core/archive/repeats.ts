// Which devices in a file of the parsed archive may have a reading twice because it was resent in a later hour of arrival.

import type { RowSlice } from './parsed-rows.ts';

/** Device names; `any` if there are too many to list. */
export type Repeats = readonly string[] | 'any';

const MAX_DEVICES = 200;
/** More rows of one moment than this are not compared: they count as repeats. */
const MAX_COMPARED = 64;

export const repeatsText = (repeats: Repeats): string => JSON.stringify(repeats);

/** A file without the list may have repeats of any device. */
export const repeatsFromText = (text: string | undefined): Repeats =>
  text === undefined ? 'any' : (JSON.parse(text) as Repeats);

/** Collects the devices from slices in the order of a file. */
export function createRepeats() {
  const devices = new Set<string>();
  return {
    add(slice: RowSlice): void {
      if (devices.size <= MAX_DEVICES && hasRepeat(slice)) devices.add(slice.block.device);
    },
    all: (): Repeats => (devices.size > MAX_DEVICES ? 'any' : [...devices].sort()),
  };
}

/** Whether two rows have the same time, value and id but different hours of arrival. */
function hasRepeat({ block, from, to }: RowSlice): boolean {
  const { timestamps } = block;
  let first = from;
  for (let row = from + 1; row < to; row += 1) {
    if (timestamps[row] !== timestamps[first]) first = row;
    else if (row - first > MAX_COMPARED || repeatsOneOf(block, first, row)) return true;
  }
  return false;
}

function repeatsOneOf({ values, hours, exact, messageIds }: RowSlice['block'], first: number, row: number) {
  for (let other = first; other < row; other += 1) {
    const isEqual =
      values[other] === values[row] && exact[other] === exact[row] && messageIds[other] === messageIds[row];
    if (isEqual && hours[other] !== hours[row]) return true;
  }
  return false;
}
