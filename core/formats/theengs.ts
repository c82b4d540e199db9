// OpenMQTTGateway and Theengs Gateway: the decoded advertisement of a Bluetooth sensor.

import { childBeside, macOf } from './child.ts';
import { isObject, leavesOf, type Draft, type Format, type Json } from './draft.ts';
import { timesOf } from './general.ts';
import { withoutFahrenheit, withUnits } from './units.ts';

/** Members of the radio and of the decoder. */
const BOOKKEEPING = new Set([
  ...['id', 'mac', 'name', 'mac_type', 'adv_type', 'brand', 'model', 'model_id', 'type', 'cidc'],
  ...['acts', 'cont', 'track', 'encr', 'mfid', 'servicedata', 'servicedatauuid'],
  ...['manufacturerdata', 'uuid', 'ctr', 'prmac', 'presence', 'host'],
]);
const MARKERS = ['model_id', 'mac_type', 'servicedata', 'manufacturerdata', 'brand'];
const UNITS: Readonly<Record<string, string>> = {
  tempc: 'Cel',
  tempf: '[degF]',
  hum: '%RH',
  batt: '%',
  volt: 'V',
  rssi: 'dBm',
  lux: 'lx',
  moi: '%',
  fer: 'uS/cm',
  distance: 'm',
  pres: 'hPa',
};

/**
 * Recognised by a MAC address in `id` (or in `mac`, if `id` is the UUID of a beacon), `rssi`, and a member that the decoder
 * adds. The address is the child.
 * @see https://docs.openmqttgateway.com/use/ble.html
 * @see https://decoder.theengs.io/devices/devices.html
 */
export const theengs: Format = {
  name: 'theengs',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    if (isSystem(payload)) return [systemDraft(payload)];
    if (typeof payload['rssi'] !== 'number') return undefined;
    const mac = macOf(payload['id']) ?? macOf(payload['mac']);
    if (mac === undefined || !MARKERS.some((name) => Object.hasOwn(payload, name))) return undefined;
    const times = timesOf(payload, []);
    const taken = new Set(times.map(({ path }) => path[0]));
    const leaves = leavesOf(
      payload,
      [],
      [],
      (name, depth) => depth === 0 && (BOOKKEEPING.has(name) || taken.has(name)),
    );
    return [{ child: childBeside(levels, mac), times, values: withUnits(withoutFahrenheit(leaves), UNITS) }];
  },
};

/** The gateway's own message, SYStoMQTT. @see https://docs.openmqttgateway.com/use/gateway.html */
const isSystem = ({ uptime, version, freemem, mqttport, modules }: Json) =>
  typeof uptime === 'number' &&
  typeof version === 'string' &&
  (typeof freemem === 'number' || mqttport !== undefined || Array.isArray(modules));

/** The chip's own temperature, which a limit for a room or a fridge must not judge. */
const CHIP_TEMPERATURES = new Set(['tempc', 'tempf', 'intemp']);

function systemDraft(payload: Json): Draft {
  const times = timesOf(payload, []);
  const taken = new Set(times.map(({ path }) => path[0]));
  const leaves = leavesOf(payload, [], [], (name, depth) => depth === 0 && taken.has(name));
  const values = withUnits(withoutFahrenheit(leaves), UNITS).map((leaf) =>
    CHIP_TEMPERATURES.has(leaf.path[0]!) ? { ...leaf, name: [`chip_${leaf.path[0]}`] } : leaf,
  );
  return { times, values };
}
