// Cloud messages of WAGO controllers (Cloud Data Control), and of Mervis controllers in the same format.
//
// @see https://kb.mervis.info/doku.php/en:mervis-scada:80-mqtt:00-start

import { isObject, isObjects, leavesOf, type Format } from './draft.ts';
import { timeIn } from './samples.ts';

/** `TagData`, an array of objects with `Time` and an object `Values`; each is one reading. */
export const wago: Format = {
  name: 'wago',
  read(payload) {
    if (!isObject(payload) || !isObjects(payload['TagData'])) return undefined;
    const { TagData: rows } = payload;
    if (!rows.every((row) => row['Time'] !== undefined && isObject(row['Values']))) return undefined;
    return rows.map((row, index) => {
      const at = ['TagData', String(index)];
      return {
        at,
        times: timeIn(row, 'Time', at),
        values: isObject(row['Values']) ? leavesOf(row['Values'], [...at, 'Values']) : [],
      };
    });
  },
};
