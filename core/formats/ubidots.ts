// Ubidots: each variable is an object with its value, time and context, or an array of such objects.
//
// @see https://docs.ubidots.com/reference/mqtt

import { hasOnly, isObject, isObjects, type Format, type Json } from './draft.ts';
import { draftsOf, timeIn, type Sample } from './samples.ts';

const MEMBERS = new Set(['value', 'timestamp', 'context', 'created_at']);

/** Members that are numbers or such objects; at least one object has `timestamp` or `context` beside its `value`. */
export const ubidots: Format = {
  name: 'ubidots',
  read(payload) {
    if (!isObject(payload)) return undefined;
    const samples: Sample[] = [];
    let isSure = false;
    for (const [name, member] of Object.entries(payload)) {
      if (typeof member === 'number') {
        samples.push({ path: [name], name: [name], value: member });
        continue;
      }
      const dots = isObjects(member) ? member : [member];
      for (const [index, dot] of dots.entries()) {
        if (!isDot(dot)) return undefined;
        isSure ||= Object.keys(dot).length > 1;
        const at = dots === member ? [name, String(index)] : [name];
        samples.push({
          at,
          times: timeIn(dot, 'timestamp', at),
          path: [...at, 'value'],
          name: [name],
          value: dot['value'],
        });
      }
    }
    return isSure ? draftsOf(samples) : undefined;
  },
};

function isDot(value: unknown): value is Json {
  return isObject(value) && typeof value['value'] === 'number' && hasOnly(value, MEMBERS);
}
