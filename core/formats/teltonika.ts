// Teltonika: trackers, which send the reported state of a shadow, and routers, which send values that they read over Modbus.
//
// @see https://wiki.teltonika-gps.com/view/Codec_JSON
// @see https://www.losant.com/blog/remote-monitoring-modbus-equipment-over-cellular-using-teltonika-and-losant-part-2

import { isObject, isText, type Format } from './draft.ts';
import { measuredAt, timeIn } from './samples.ts';

const POSITION = /^(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?)$/;
/** Altitude, angle, satellites, speed. Numeric member names are AVL ids; their values are raw, in units of the id. */
const MEASURED = /^(?:alt|ang|sat|sp|\d+)$/;

/** Text `latlng` and `evt` in `state.reported`. */
export const teltonikaTracker: Format = {
  name: 'teltonika-tracker',
  read(payload) {
    const state = isObject(payload) ? payload['state'] : undefined;
    const reported = isObject(state) ? state['reported'] : undefined;
    if (!isObject(reported) || !isText(reported['latlng']) || reported['evt'] === undefined) return undefined;
    const at = ['state', 'reported'];
    const [latitude, longitude] = POSITION.exec(reported['latlng'])?.slice(1) ?? [];
    // Without a fix, the position is 0,0.
    const isFix = Number(latitude) !== 0 || Number(longitude) !== 0;
    const path = [...at, 'latlng'];
    const position = [
      { path, name: ['latitude'], value: isFix ? latitude : null },
      { path, name: ['longitude'], value: isFix ? longitude : null },
    ];
    const names = Object.keys(reported).filter((name) => MEASURED.test(name));
    const values = names.map((name) => ({
      path: [...at, name],
      name: /^\d/.test(name) ? ['avl', name] : [name],
      value: reported[name],
    }));
    return [{ at, times: timeIn(reported, 'ts', at), values: [...position, ...values] }];
  },
};

/** `ts`, text `name`, and `data`, an array of numbers as text: a single value has the name, several are numbered. */
export const teltonikaModbus: Format = {
  name: 'teltonika-modbus',
  read(payload) {
    if (!isObject(payload) || !isText(payload['name']) || payload['ts'] === undefined) return undefined;
    const { name, data, ...others } = payload;
    if (Object.values(others).some((other) => typeof other !== 'string' && other !== payload['ts']))
      return undefined;
    const list = isText(data) ? /^\[\s*([-\d.eE+,\s]+)\]$/.exec(data)?.[1]?.split(',') : undefined;
    if (!list) return undefined;
    const values = list.map((text, index) => ({
      path: ['data'],
      name: list.length === 1 ? [name] : [name, String(index)],
      value: text.trim(),
    }));
    return [{ times: [measuredAt(['ts'], payload['ts'])], values }];
  },
};
