// Events of Blues Notehub, which routes the notes of a Notecard: an envelope with the device and the time of the note.
//
// @see https://dev.blues.io/api-reference/notehub-api/event-api/

import { isObject, isText, leavesOf, type Draft, type Format } from './draft.ts';
import { timeIn } from './samples.ts';

/** The device's position and cellular reception: measured, but not part of the note. */
const BESIDE = ['temp', 'voltage', 'bars', 'rsrp', 'rsrq', 'rssi', 'sinr', 'best_lat', 'best_lon'];

/**
 * `event`, `device` and `file` as text with an object `body`. The device is the child, named by its serial number if it has
 * one; `when` is the time of the note, and for a note without it, `received` is its arrival at Notehub.
 */
export const notehub: Format = {
  name: 'notehub',
  read(payload, { readInner }) {
    if (!isObject(payload)) return undefined;
    const { event, device, file, body, sn: serial } = payload;
    if (![event, device, file].every(isText) || !isObject(body)) return undefined;
    const child = isText(serial) ? serial : String(device).replace(/^dev:/, '');
    const times = [...timeIn(payload, 'when', []), ...timeIn(payload, 'received', [])];
    const beside = leavesOf(payload, [], ['notecard'], (member) => !BESIDE.includes(member));
    const drafts: readonly Draft[] = Object.keys(body).length > 0 ? readInner(body, ['body']) : [];
    const all = drafts.length > 0 ? drafts : [{ times: [], values: [] }];
    return all.map((draft, index) => ({
      ...draft,
      child,
      ...(all.length === 1 && draft.id === undefined && { id: { path: ['event'], value: event } }),
      times: [...draft.times, ...times],
      values: index === 0 ? [...draft.values, ...beside] : draft.values,
    }));
  },
};
