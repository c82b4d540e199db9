// AVEVA's JSON-VTQ: value, time and quality of a tag; only the topic names the tag.
//
// @see https://docs.aveva.com/bundle/sp-cdp-drivers/page/856919.html

import { hasOnly, isObject, isText, type Format } from './draft.ts';
import { timeIn } from './samples.ts';

const MEMBERS = new Set(['d', 'dt', 'ts', 'q']);
const OPC_GOOD = 192;

/** `d`, the numbers `dt` and `q`, text `ts`, and nothing else. A quality below 192 means no value. */
export const aveva: Format = {
  name: 'aveva-vtq',
  read(payload) {
    if (!isObject(payload) || !hasOnly(payload, MEMBERS)) return undefined;
    const { d: value, dt: type, ts: time, q: quality } = payload;
    if (value === undefined || typeof type !== 'number' || !isText(time) || typeof quality !== 'number')
      return undefined;
    return [
      {
        times: timeIn(payload, 'ts', []),
        values: [{ path: ['d'], name: ['d'], value: quality < OPC_GOOD ? null : value }],
      },
    ];
  },
};
