// Tasmota: SENSOR and STATE telemetry, also in the response to `Status`.

import { isObject, leavesOf, type Draft, type Format, type Json, type Leaf, type Path } from './draft.ts';

/** Members of a SENSOR message without measurements, at any depth. `ESP32` is the temperature of the chip. */
const SENSOR_SKIPPED = new Set([
  ...['Time', 'Epoch', 'TempUnit', 'PressureUnit', 'SpeedUnit', 'ESP32', 'Id', 'TotalStartTime'],
]);
/** The same for a STATE message; switches, the supply voltage and the radio remain. */
const STATE_SKIPPED = new Set([
  ...['Time', 'Epoch', 'Uptime', 'UptimeSec', 'Heap', 'SleepMode', 'Sleep', 'LoadAvg'],
  ...['MqttCount', 'Berry'],
]);
/** The same for its member `Wifi`. */
const WIFI_SKIPPED = new Set(['AP', 'SSId', 'BSSId', 'Channel', 'Mode', 'LinkCount', 'Downtime']);
/** Remote codes and cards are events, not measurements. */
const EVENTS = new Set(['RfReceived', 'IrReceived', 'PN532', 'RC522']);

/** The member of the root that gives the unit. */
const UNIT_NAMES: Readonly<Record<string, string>> = {
  Pressure: 'PressureUnit',
  SeaPressure: 'PressureUnit',
};
const ENERGY_UNITS: Readonly<Record<string, string>> = {
  Total: 'kWh',
  Yesterday: 'kWh',
  Today: 'kWh',
  Period: 'Wh',
  Power: 'W',
  ApparentPower: 'VA',
  ReactivePower: 'VAr',
  Voltage: 'V',
  Current: 'A',
  Frequency: 'Hz',
};
const UNIT = /^(?:C|F|hPa|mmHg|inHg|km\/h|m\/s|mph|kn|ft\/s|yd\/s)$/;
const MAX_PHASES = 8;

/**
 * Recognised by `Time` beside a member that only Tasmota has, or by the wrapper `StatusSNS` or `StatusSTS`.
 * `Time` without an offset is the device's local time and is not used; `Epoch` is used.
 * @see https://tasmota.github.io/docs/MQTT/
 */
export const tasmota: Format = {
  name: 'tasmota',
  read: (payload) => {
    if (!isObject(payload)) return undefined;
    const names = ['StatusSNS', 'StatusSTS'].filter((name) => isTelemetry(payload[name]));
    if (names.length > 0)
      return draftOf(names.map((name) => ({ part: payload[name] as Json, path: [name] })));
    return isTelemetry(payload) ? draftOf([{ part: payload, path: [] }]) : undefined;
  },
};

/** A flat object needs no format: the general one gives its values the same names. */
function isTelemetry(value: unknown): value is Json {
  if (!isObject(value) || !isTime(value['Time'])) return false;
  if (['TempUnit', 'PressureUnit', 'SpeedUnit'].some((name) => UNIT.test(String(value[name])))) return true;
  if (!Object.values(value).some(isObject)) return false;
  return isState(value) || Object.keys(value).some((name) => /^[A-Z]/.test(name) && isDriver(value[name]));
}

const isTime = (time: unknown) =>
  (typeof time === 'string' && /^\d{4}[-.]\d\d[-.]\d\d[T ]/.test(time)) ||
  (typeof time === 'number' && time >= 1e9);

const isState = (value: Json) => Object.hasOwn(value, 'Uptime') && isObject(value['Wifi']);

/** A driver's measurements: all members begin with capitals. */
function isDriver(value: unknown): boolean {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => /^[A-Z]/.test(name));
}

function draftOf(parts: readonly { readonly part: Json; readonly path: Path }[]): readonly Draft[] {
  const values = parts.flatMap(({ part, path }) => valuesOf(part, path));
  if (values.length === 0) return [];
  return [{ times: parts.flatMap(({ part, path }) => timesOf(part, path)), values }];
}

const timesOf = (part: Json, path: Path) =>
  ['Epoch', 'Time']
    .filter((name) => Object.hasOwn(part, name))
    .map((name) => ({ path: [...path, name], value: part[name] }));

function valuesOf(part: Json, path: Path): Leaf[] {
  const isSkipped = isState(part)
    ? (name: string, depth: number) => (depth === 0 ? STATE_SKIPPED : WIFI_SKIPPED).has(name)
    : (name: string, depth: number) => SENSOR_SKIPPED.has(name) || (depth === 0 && EVENTS.has(name));
  const leaves = leavesOf(part, path, [], isSkipped);
  return leaves.flatMap(phasesOf).map((leaf) => withUnit(leaf, part));
}

/** Meters with several phases have arrays: `ENERGY_Power_1`, `ENERGY_Power_2`. */
function phasesOf(leaf: Leaf): Leaf[] {
  const { value } = leaf;
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_PHASES) return [leaf];
  if (!value.every((phase) => typeof phase === 'number' || phase === null)) return [leaf];
  return value.map((phase: unknown, index) => ({
    path: [...leaf.path, String(index)],
    name: [...leaf.name, String(index + 1)],
    value: phase,
  }));
}

/** Drivers name temperatures Temperature, DewPoint, ProbeTemperature, OBJTMP, and so on. */
const unitNameOf = (name: string) => (/temp|tmp|dew/i.test(name) ? 'TempUnit' : (UNIT_NAMES[name] ?? ''));

function withUnit(leaf: Leaf, root: Json): Leaf {
  const names = leaf.name.filter((name) => !/^\d$/.test(name));
  const last = names.at(-1) ?? '';
  const unit = names[0] === 'ENERGY' ? ENERGY_UNITS[last] : root[unitNameOf(last)];
  return typeof unit === 'string' ? { ...leaf, unit } : leaf;
}
