// Shelly of the second generation and later: notifications, whole status documents, and the status of one component.

import { isObject, leavesOf, type Draft, type Format, type Json, type Leaf, type Path } from './draft.ts';
import { timesOf } from './general.ts';
import { withoutFahrenheit, withUnits } from './units.ts';

const COMPONENT = /^([a-z][a-z0-9_]*):(\d+)$/;
/** Components of the system, without measurements. */
const SYSTEM = new Set([
  ...['sys', 'wifi', 'eth', 'cloud', 'mqtt', 'ws', 'ble', 'bthome', 'matter', 'modbus', 'script'],
  ...['knx', 'ht_ui', 'schedule', 'webhook', 'kvs', 'ui', 'plugs_ui', 'plus_rgbw_ui'],
  ...['bthomedevice', 'bthomecontrol', 'dali'],
]);
/** Members of a component that are not measurements. */
const BOOKKEEPING = new Set([
  ...['id', 'by_minute', 'minute_ts', 'timer_started_at', 'timer_duration', 'last_updated_ts'],
  ...['move_started_at', 'move_timeout', 'packet_id', 'transition'],
]);
const UNITS: Readonly<Record<string, string>> = {
  apower: 'W',
  act_power: 'W',
  aprt_power: 'VA',
  voltage: 'V',
  current: 'A',
  freq: 'Hz',
  tC: 'Cel',
  tF: '[degF]',
  current_C: 'Cel',
  target_C: 'Cel',
  rh: '%RH',
  V: 'V',
  percent: '%',
  total: 'Wh',
  total_act: 'Wh',
};
/** Pairs of members that identify the status of a single component. */
const BARE = [
  ['output', 'source'],
  ['apower', 'voltage'],
  ['apower', 'output'],
  ['act_power', 'aprt_power'],
  ['a_act_power', 'a_voltage'],
  ['total_act', 'total_act_ret'],
  ['tC', 'tF'],
  ['current_C', 'target_C'],
];

/**
 * Recognised by `method` Notify... with `src` and `params`, by members such as `switch:0` that repeat their number as `id`,
 * or, for the status of one component, by its topic or its members. `params.ts` counts from the device's start until the
 * device knows the time, and is not used then.
 * @see https://shelly-api-docs.shelly.cloud/gen2/General/Notifications
 */
export const shelly: Format = {
  name: 'shelly',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    if (isNotification(payload)) return notified(payload);
    if (hasComponents(payload)) return draftOf(componentLeaves(payload, []));
    const { result } = payload;
    if (isObject(result) && hasComponents(result)) return draftOf(componentLeaves(result, ['result']));
    return isBareComponent(payload, levels.at(-1)) ? bareComponent(payload) : undefined;
  },
};

const isNotification = ({ method, src, params }: Json) =>
  typeof method === 'string' && method.startsWith('Notify') && typeof src === 'string' && isObject(params);

/** An event is a button press or an update, without measurements. */
function notified({ method, params }: Json): readonly Draft[] {
  if (method === 'NotifyEvent') return [];
  const values = componentLeaves(params as Json, ['params']);
  return draftOf(values, [{ path: ['params', 'ts'], value: (params as Json)['ts'] }]);
}

const draftOf = (values: readonly Leaf[], times: Draft['times'] = []): readonly Draft[] =>
  values.length > 0 ? [{ times: times.filter(({ value }) => value !== undefined), values }] : [];

const hasComponents = (value: Json) =>
  Object.keys(value).some((name) => {
    const [, , id] = COMPONENT.exec(name) ?? [];
    const component = value[name];
    return id !== undefined && isObject(component) && component['id'] === Number(id);
  });

function componentLeaves(components: Json, path: Path): Leaf[] {
  return Object.keys(components).flatMap((name) => {
    const component = components[name];
    if (!isObject(component) || SYSTEM.has(name.split(':')[0]!)) return [];
    return leavesOfComponent(component, [...path, name], [name]);
  });
}

/** It has no time unless somebody added one. */
function bareComponent(payload: Json): readonly Draft[] {
  const times = timesOf(payload, []);
  const isTime = (leaf: Leaf) => times.some(({ path }) => path[0] === leaf.path[0]);
  return draftOf(
    leavesOfComponent(payload, [], []).filter((leaf) => !isTime(leaf)),
    times,
  );
}

function leavesOfComponent(component: Json, path: Path, name: Path): Leaf[] {
  const leaves = leavesOf(component, path, name, (member) => BOOKKEEPING.has(member));
  return withUnits(withoutFahrenheit(leaves), UNITS);
}

function isBareComponent(payload: Json, level: string | undefined): boolean {
  const { id, aenergy, battery } = payload;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) return false;
  const [, type, number] = COMPONENT.exec(level ?? '') ?? [];
  if (number !== undefined && Number(number) === id) return !SYSTEM.has(type!);
  if (isObject(aenergy) && Object.hasOwn(aenergy, 'by_minute')) return true;
  if (isObject(battery) && Object.hasOwn(battery, 'V') && Object.hasOwn(battery, 'percent')) return true;
  return BARE.some((members) => members.every((member) => Object.hasOwn(payload, member)));
}
