// Shelly of the first generation: its status document, with one array for each kind of channel.

import { isObject, type Format, type Leaf, type Path } from './draft.ts';
import { withoutFahrenheit, withUnits } from './units.ts';

const MEASURED = new Set([
  ...['relays', 'rollers', 'lights', 'meters', 'emeters', 'inputs', 'adcs', 'tmp', 'hum', 'bat'],
  ...['lux', 'accel', 'sensor', 'ext_temperature', 'ext_humidity', 'ext_sensors', 'temperature'],
  ...['overtemperature', 'overpower', 'voltage', 'flood', 'smoke', 'motion', 'concentration'],
  ...['total_power', 'wifi_sta'],
]);
const BOOKKEEPING = new Set([
  ...['is_valid', 'timestamp', 'counters', 'hwID', 'source', 'units', 'last_event', 'event'],
  ...['event_cnt', 'has_timer', 'timer_started', 'timer_duration', 'timer_remaining'],
  ...['transition', 'connected', 'ssid', 'ip'],
]);
const UNITS: Readonly<Record<string, string>> = {
  power: 'W',
  reactive: 'VAr',
  voltage: 'V',
  current: 'A',
  tC: 'Cel',
  tF: '[degF]',
};
/** Sent for a missing probe. */
const NO_PROBE = 999;
const MAX_DEPTH = 6;

/**
 * Recognised by `wifi_sta` and `mac` beside an array of channels. `is_valid` false discards the values beside it. The time
 * is `unixtime`; those in `meters` are local times, and `time` is for people.
 * @see https://shelly-api-docs.shelly.cloud/gen1/#shelly1-1pm-status
 */
export const shellyGen1: Format = {
  name: 'shelly-gen1',
  read: (payload) => {
    if (!isObject(payload) || !isObject(payload['wifi_sta']) || typeof payload['mac'] !== 'string')
      return undefined;
    const channels = ['relays', 'rollers', 'lights', 'meters', 'emeters', 'inputs'];
    const sensors = ['tmp', 'hum', 'bat', 'sensor'];
    const isStatus =
      channels.some((name) => Array.isArray(payload[name])) ||
      sensors.some((name) => isObject(payload[name]));
    if (!isStatus) return undefined;
    const names = Object.keys(payload).filter((name) => MEASURED.has(name));
    const values = names.flatMap((name) => leavesUnder(payload[name], [name], true)).map(ofDevice);
    const { unixtime } = payload;
    const times = unixtime === undefined ? [] : [{ path: ['unixtime'], value: unixtime }];
    return values.length > 0 ? [{ times, values: withUnits(withoutFahrenheit(values), UNITS) }] : [];
  },
};

/** The relay's own temperature, which a limit for a room or a fridge must not judge. */
const ofDevice = (leaf: Leaf): Leaf =>
  leaf.path.length === 1 && leaf.path[0] === 'temperature' ? { ...leaf, name: ['device_temperature'] } : leaf;

/** Channels are arrays: `meters_0_power`. */
function leavesUnder(value: unknown, path: Path, isValid: boolean): Leaf[] {
  if (typeof value !== 'object' || value === null || path.length >= MAX_DEPTH) {
    return [{ path, name: path, value: isValid && !isMissing(value, path) ? value : null }];
  }
  const members = value as Readonly<Record<string, unknown>>;
  return Object.keys(members)
    .filter((name) => !BOOKKEEPING.has(name))
    .flatMap((name) => leavesUnder(members[name], [...path, name], isValid && members['is_valid'] !== false));
}

const isMissing = (value: unknown, path: Path) => value === NO_PROBE && /^(?:t[CF]|hum)$/.test(path.at(-1)!);
