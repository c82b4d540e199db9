// Finds the shortest list of faults that still fails: leaves out parts of it, smaller and smaller, as long as the rest fails.

/**
 * Delta debugging: https://doi.org/10.1109/32.988498
 *
 * @param fails is given parts of `items` in their order; it must fail for all of them
 * @returns a list from which no single item can be left out
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (part: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let left = items;
  if (left.length > 0 && (await fails([]))) return [];
  for (let parts = 2; left.length > 1;) {
    const size = Math.ceil(left.length / parts);
    let shorter: readonly Item[] | undefined;
    for (let from = 0; from < left.length && !shorter; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(rest)) shorter = rest;
    }
    if (shorter) {
      left = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}
