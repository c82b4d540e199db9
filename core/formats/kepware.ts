// Kepware's IoT Gateway, in its standard template and in a common form of the advanced template.
//
// @see https://support.ptc.com/help/kepware/kepware_edge/en/kepware/kepware-edge/edge-iot-mqtt.html

import { isObject, isObjects, isText, type Format, type Json, type Path } from './draft.ts';
import { draftsOf, timeIn, type Sample } from './samples.ts';

/**
 * `timestamp` and an array `values` of objects with text `id` and `v`; or an array of objects with text `tagname` and
 * `value`. A tag is `Channel.Device.Tag`: channel and device are the child. A bad quality `q` means no value.
 */
export const kepware: Format = {
  name: 'kepware',
  read(payload) {
    if (isObjects(payload)) {
      const isTag = (item: Json) => isText(item['tagname']) && item['value'] !== undefined;
      if (!payload.every(isTag)) return undefined;
      return draftsOf(
        payload.map((item, index) => sampleOf(item, [String(index)], ['tagname', 'value', 'timestamp'])),
      );
    }
    if (!isObject(payload) || payload['timestamp'] === undefined || !isObjects(payload['values']))
      return undefined;
    const { values } = payload;
    if (!values.every((item) => isText(item['id']) && item['v'] !== undefined)) return undefined;
    const outer = timeIn(payload, 'timestamp', []);
    return draftsOf(
      values.map((item, index) => {
        const sample = sampleOf(item, ['values', String(index)], ['id', 'v', 't']);
        return { ...sample, times: sample.times?.length ? sample.times : outer };
      }),
    );
  },
};

/** False, or below 192, OPC's code for good. */
const isBad = (quality: unknown) => quality === false || (typeof quality === 'number' && quality < 192);

function sampleOf(item: Json, at: Path, [id, value, time]: readonly [string, string, string]): Sample {
  const parts = String(item[id]).split('.');
  const child = parts.length > 2 ? parts.slice(0, 2).join('.') : undefined;
  return {
    child,
    at,
    times: timeIn(item, time, at),
    path: [...at, value],
    name: parts.length > 2 ? parts.slice(2) : parts,
    value: isBad(item['q']) ? null : item[value],
  };
}
