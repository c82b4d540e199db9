// Units that a format defines by the names of its members, and values that it reports in two units.

import { pathText, type Leaf } from './draft.ts';

/** The leaves with the unit for their last name, as the format's documentation gives it. */
export function withUnits(leaves: readonly Leaf[], units: Readonly<Record<string, string>>): Leaf[] {
  return leaves.map((leaf) => {
    const last = leaf.name.at(-1) ?? '';
    return Object.hasOwn(units, last) ? { ...leaf, unit: units[last]! } : leaf;
  });
}

/** `tF`, `tempf`, `tempf2`, `temperature_F`. */
const FAHRENHEIT = /^(t|temp|.*_)([fF])(\d*)$/;

/** The leaves without Fahrenheit values of temperatures that are also given in Celsius. */
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
