// Data points on the databus of Siemens Industrial Edge (SIMATIC common payload v1).
//
// @see https://github.com/industrial-edge/common-databus-payload-format

import { isObject, isObjects, type Format, type Json, type Path } from './draft.ts';
import { draftsOf, timeIn, type Sample } from './samples.ts';

/**
 * An array `vals` of objects with `id` and `val`, or an array `records` of such objects. The ids are numbers, named in
 * another message, the metadata; the metric is `dp_101`. `qc` 0 is bad and means no value.
 */
export const siemens: Format = {
  name: 'siemens',
  read(payload) {
    if (!isObject(payload)) return undefined;
    const { vals, records } = payload;
    if (isPoints(vals)) return draftsOf(samplesOf(payload, []));
    if (!isObjects(records) || !records.every((record) => isPoints(record['vals']))) return undefined;
    return draftsOf(records.flatMap((record, index) => samplesOf(record, ['records', String(index)])));
  },
};

function isPoints(value: unknown): value is readonly Json[] {
  return isObjects(value) && value.every((point) => point['id'] !== undefined && point['val'] !== undefined);
}

function samplesOf(record: Json, path: Path): Sample[] {
  return (record['vals'] as readonly Json[]).map((point, index) => {
    const at = [...path, 'vals', String(index)];
    const { id, val: value, qc: quality } = point;
    const name = typeof id === 'string' ? id : JSON.stringify(id);
    const times = timeIn(point, 'ts', at);
    return {
      at,
      times: times.length > 0 ? times : timeIn(record, 'ts', path),
      path: [...at, 'val'],
      name: /^\d+$/.test(name) ? ['dp', name] : [name],
      value: quality === 0 ? null : value,
    };
  });
}
