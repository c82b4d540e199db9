// Units that a format fixes by the names of its members, and what it gives in two of them.

import { pathText, type Leaf } from './draft.ts';

/** The leaves with the unit of their last name, as the format's documents give it. */
export function withUnits(leaves: readonly Leaf[], units: Readonly<Record<string, string>>): Leaf[] {
  return leaves.map((leaf) => {
    const last = leaf.name.at(-1) ?? '';
    return Object.hasOwn(units, last) ? { ...leaf, unit: units[last]! } : leaf;
  });
}

/** `tF`, `tempf`, `tempf2`, `temperature_F`. */
const FAHRENHEIT = /^(t|temp|.*_)([fF])(\d*)$/;

/** The leaves without the Fahrenheit value of a temperature that is there in Celsius, too. */
export function withoutFahrenheit(leaves: readonly Leaf[]): Leaf[] {
  const numbers = new Set(
    leaves.filter(({ value }) => typeof value === 'number').map(({ path }) => pathText(path)),
  );
  return leaves.filter(({ path }) => {
    const [, before, scale, after] = FAHRENHEIT.exec(path.at(-1) ?? '') ?? [];
    if (before === undefined) return true;
    const celsius = `${before}${scale === 'F' ? 'C' : 'c'}${after}`;
    return !numbers.has(pathText([...path.slice(0, -1), celsius]));
  });
}
