// rtl_433: cheap radio sensors, decoded by their model.

import { childBeside } from './child.ts';
import { isObject, leavesOf, type Format, type Json } from './draft.ts';
import { timesOf } from './general.ts';
import { withoutFahrenheit } from './units.ts';

const MODEL = /^[A-Za-z][\w.+]*(?:[-/ ][\w.+()]+)+$/;
/** How the decoder verified the frame. */
const CHECKED = /^(?:CRC|CHECKSUM|PARITY|DIGEST)$/;
const WITH_UNIT = /_(?:C|F|hPa|kPa|psi|m_s|km_h|mi_h|mm|in|deg|lux|mm_h)$/;
/** Members of the receiver and its decoder. */
const RADIO = new Set([
  'mic',
  'protocol',
  'mod',
  'freq',
  'freq1',
  'freq2',
  'noise',
  'codes',
  'msg',
  'duration',
]);
const IDENTITY = new Set(['model', 'id', 'channel', 'subtype', 'type']);

/**
 * Recognised by a `model` such as `Nexus-TH` with two of: `mic`, `battery_ok`, `protocol`, `channel`, a name that ends in
 * a unit. Model, channel and id are the child. `time` has no zone by default, and is not used then.
 * @see https://github.com/merbanan/rtl_433/blob/master/docs/DATA_FORMAT.md
 */
export const rtl433: Format = {
  name: 'rtl_433',
  read: (payload, { levels }) => {
    if (!isObject(payload) || !isEvent(payload)) return undefined;
    const times = timesOf(payload, []);
    const taken = new Set(times.map(({ path }) => path[0]));
    const isSkipped = (name: string) => RADIO.has(name) || IDENTITY.has(name) || taken.has(name);
    const leaves = leavesOf(payload, [], [], (name, depth) => depth === 0 && isSkipped(name));
    return leaves.length > 0
      ? [{ child: childBeside(levels, childOf(payload)), times, values: withoutFahrenheit(leaves) }]
      : [];
  },
};

function isEvent(payload: Json): boolean {
  const { model, mic } = payload;
  if (typeof model !== 'string' || Object.hasOwn(payload, 'model_id')) return false;
  if (!MODEL.test(model) && !(typeof mic === 'string' && CHECKED.test(mic))) return false;
  const sure = ['mic', 'battery_ok', 'protocol'].filter((name) => Object.hasOwn(payload, name)).length;
  const hasUnit = Object.keys(payload).some((name) => WITH_UNIT.test(name));
  const markers = sure + Number(Object.hasOwn(payload, 'channel')) + Number(hasUnit);
  return markers >= 2 && (sure > 0 || Object.hasOwn(payload, 'id'));
}

/** In the order of its topics, `Nexus-TH/2/42`. */
const childOf = ({ model, channel, id }: Json) =>
  [model, channel, id].filter((part) => typeof part === 'string' || typeof part === 'number').join(':');
