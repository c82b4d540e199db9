// Domoticz: a device by its number, with its values in one text or in several.

import { childBeside } from './child.ts';
import { isObject, leavesOf, type Format, type Json, type Leaf } from './draft.ts';
import { timesOf } from './general.ts';

/** Members of the hub's own messages (`domoticz/out`). */
const BOOKKEEPING = new Set([
  ...['idx', 'id', 'unit', 'hwid', 'org_hwid', 'name', 'description', 'dtype', 'stype'],
  ...['switchType', 'svalue', 'meterType', 'LevelActions', 'LevelNames', 'LevelOffHidden'],
  ...['SelectorStyle'],
]);
/** What the hub writes for a device without a battery or without a radio. */
const NO_VALUE: ReadonlyMap<string, number> = new Map([
  ['Battery', 255],
  ['RSSI', 12],
]);

/**
 * Recognised by the numbers `idx` and `nvalue` with `svalue` (ESPEasy and Tasmota write it to `domoticz/in`) or with
 * `svalue1` and `dtype`. The number is the child; values joined by `;` become `svalue_1`, `svalue_2`.
 * @see https://wiki.domoticz.com/Domoticz_API/JSON_URL%27s
 * @see https://wiki.domoticz.com/MQTT
 */
export const domoticz: Format = {
  name: 'domoticz',
  read: (payload, { levels }) => {
    if (!isObject(payload) || typeof payload['idx'] !== 'number' || typeof payload['nvalue'] !== 'number')
      return undefined;
    const { idx, svalue, svalue1, dtype } = payload;
    const isOut = typeof svalue1 === 'string' && typeof dtype === 'string';
    if (typeof svalue !== 'string' && !isOut) return undefined;
    const times = timesOf(payload, []);
    const taken = new Set(times.map(({ path }) => path[0]));
    const leaves = leavesOf(
      payload,
      [],
      [],
      (name, depth) => depth === 0 && (BOOKKEEPING.has(name) || taken.has(name)),
    );
    const values = [...partsOf(svalue), ...leaves.map((leaf) => withoutSentinel(leaf, payload))];
    return [{ child: childBeside(levels, String(idx)), times, values }];
  },
};

function partsOf(svalue: unknown): Leaf[] {
  if (typeof svalue !== 'string') return [];
  const parts = svalue.split(';');
  if (parts.length === 1) return [{ path: ['svalue'], name: ['svalue'], value: svalue }];
  return parts.map((value, index) => ({
    path: ['svalue', String(index)],
    name: ['svalue', String(index + 1)],
    value,
  }));
}

function withoutSentinel(leaf: Leaf, { dtype }: Json): Leaf {
  const isNone = dtype !== undefined && NO_VALUE.get(leaf.name[0]!) === leaf.value;
  return isNone ? { ...leaf, value: null } : leaf;
}
