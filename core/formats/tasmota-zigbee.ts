// Tasmota's Zigbee bridge: what it receives from each of its devices.

import { childBeside } from './child.ts';
import { isObject, leavesOf, type Format, type Json } from './draft.ts';

const BOOKKEEPING = new Set(['Device', 'Name', 'IEEEAddr', 'Endpoint', 'Group', 'ModelId', 'Manufacturer']);

/**
 * Recognised by `ZbReceived`, an object of objects, or by its content alone (SetOption118): each has a short address in
 * `Device`, and `LinkQuality`. The device is the child, named by its address or by the name that it was given.
 * @see https://tasmota.github.io/docs/Zigbee/
 */
export const tasmotaZigbee: Format = {
  name: 'tasmota-zigbee',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    const path = isObject(payload['ZbReceived']) ? ['ZbReceived'] : [];
    const devices = path.length > 0 ? (payload['ZbReceived'] as Json) : payload;
    const names = Object.keys(devices);
    if (names.length === 0 || !names.every((name) => isDevice(devices[name], path.length > 0)))
      return undefined;
    const times = ['Epoch', 'Time']
      .filter((name) => path.length > 0 && Object.hasOwn(payload, name))
      .map((name) => ({ path: [name], value: payload[name] }));
    return names.map((name) => {
      const at = [...path, name];
      const device = devices[name] as Json;
      const values = leavesOf(device, at, [], (member, depth) => depth === 0 && BOOKKEEPING.has(member));
      return { at, child: childBeside(levels, name), times, values };
    });
  },
};

function isDevice(value: unknown, isWrapped: boolean): boolean {
  if (!isObject(value)) return false;
  if (isWrapped) return true;
  const { Device: address, LinkQuality: quality } = value;
  return typeof address === 'string' && /^0x[0-9A-F]{4}$/i.test(address) && typeof quality === 'number';
}
