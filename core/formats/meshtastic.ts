// Meshtastic: packets of the mesh as a gateway node writes them in JSON.

import { childBeside } from './child.ts';
import { isObject, leavesOf, type Draft, type Format, type Json, type Leaf } from './draft.ts';
import { withUnits } from './units.ts';

/** Kinds of packets with measurements. */
const MEASURED = new Set(['telemetry', 'position', 'paxcounter']);
/** In a position: the time of the fix, and its encoding. */
const BOOKKEEPING = new Set(['time', 'precision_bits', 'latitude_i', 'longitude_i']);
const DEGREES = { latitude_i: 'latitude', longitude_i: 'longitude' } as const;
const UNITS: Readonly<Record<string, string>> = {
  battery_level: '%',
  voltage: 'V',
  temperature: 'Cel',
  relative_humidity: '%RH',
  barometric_pressure: 'hPa',
  altitude: 'm',
  rssi: 'dBm',
  snr: 'dB',
  lux: 'lx',
  channel_utilization: '%',
  air_util_tx: '%',
  uptime_seconds: 's',
  co2: 'ppm',
};

/**
 * Recognised by `from`, a `sender` such as `!7efeee00`, `type` and `payload`. The node that measured is `from`, written as
 * eight hexadecimal digits; the sender is the gateway. `pm10` is PM1.0 and `pm100` is PM10.
 * @see https://meshtastic.org/docs/software/integrations/mqtt/
 */
export const meshtastic: Format = {
  name: 'meshtastic',
  read: (packet, { levels }) => {
    if (!isObject(packet) || typeof packet['from'] !== 'number' || typeof packet['type'] !== 'string')
      return undefined;
    const { sender, payload } = packet;
    if (typeof sender !== 'string' || !sender.startsWith('!') || payload === undefined) return undefined;
    if (!MEASURED.has(packet['type']) || !isObject(payload)) return [];
    return [draftOf(packet, packet['from'], payload, levels)];
  },
};

function draftOf(packet: Json, from: number, payload: Json, levels: readonly string[]): Draft {
  const { id, timestamp } = packet;
  const radio = ['rssi', 'snr'].filter((name) => typeof packet[name] === 'number');
  const values = [
    ...positionOf(payload),
    ...leavesOf(payload, ['payload'], [], (name, depth) => depth === 0 && BOOKKEEPING.has(name)),
    ...radio.map((name) => ({ path: [name], name: [name], value: packet[name] })),
  ];
  const child = (from >>> 0).toString(16).padStart(8, '0');
  return {
    child: childBeside(levels, child),
    ...((typeof id === 'number' || typeof id === 'string') && { id: { path: ['id'], value: id } }),
    times: timestamp === undefined ? [] : [{ path: ['timestamp'], value: timestamp }],
    values: withUnits(values, UNITS),
  };
}

/** Integer degrees times 1e7. */
function positionOf(payload: Json): Leaf[] {
  return Object.entries(DEGREES).flatMap(([member, name]) => {
    const value = payload[member];
    if (typeof value !== 'number') return [];
    return [
      { path: ['payload', member], name: [name], value: Number((value / 1e7).toFixed(7)), unit: 'deg' },
    ];
  });
}
