// Messages of Weintek's operator panels, and of others in their format: every value is an array, usually of one element.
//
// @see https://kb.mervis.info/doku.php/en:mervis-scada:80-mqtt:00-start

import { hasOnly, isObject, type Format, type Leaf, type Path } from './draft.ts';
import { timeIn } from './samples.ts';

const MEMBERS = new Set(['d', 'ts']);
/** `name:Outside, type:generic_sint64, unit:°C` */
const DESCRIBED = /(?:^|,\s*)(name|unit)\s*:\s*([^,]+)/g;

/** `ts` and an object `d` whose members are all arrays, and nothing else. The time is UTC. */
export const weintek: Format = {
  name: 'weintek',
  read(payload) {
    if (!isObject(payload) || !hasOnly(payload, MEMBERS)) return undefined;
    const { d: values, ts } = payload;
    if (!isObject(values) || ts === undefined || Object.keys(values).length === 0) return undefined;
    if (!Object.values(values).every(Array.isArray)) return undefined;
    const leaves = Object.entries(values).flatMap(([member, array]) => leavesIn(member, array as unknown[]));
    return [{ times: timeIn(payload, 'ts', [], true), values: leaves }];
  },
};

/** If an array has several elements, each element's position is added to the name. */
function leavesIn(member: string, array: readonly unknown[]): Leaf[] {
  const described = new Map([...member.matchAll(DESCRIBED)].map(([, key, value]) => [key, value?.trim()]));
  const name = described.get('name') ?? member;
  const unit = described.get('unit');
  return array.map((value, index) => {
    const path: Path = ['d', member, String(index)];
    const place = array.length > 1 ? [String(index)] : [];
    return { path, name: [name, ...place], value, ...(unit !== undefined && { unit }) };
  });
}
