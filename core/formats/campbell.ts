// Campbell Scientific data loggers, in their variant of GeoJSON.
//
// @see https://help.campbellsci.com/crbasic/cr6/Content/Instructions/mqtt_geojson_format.htm

import { isObject, isText, type Draft, type Format } from './draft.ts';
import { measuredAt } from './samples.ts';

/** A `Feature` with arrays of values by time in `observations` and their names in `observationNames`. The logger is the child. */
export const campbell: Format = {
  name: 'campbell',
  read(payload) {
    if (!isObject(payload) || payload['type'] !== 'Feature') return undefined;
    // Older loggers capitalise it.
    const member = isObject(payload['properties']) ? 'properties' : 'Properties';
    const properties = payload[member];
    if (!isObject(properties)) return undefined;
    const { loggerID: logger, observationNames: names, observations } = properties;
    if (!Array.isArray(names) || !isObject(observations)) return undefined;
    const drafts: Draft[] = [];
    for (const [time, row] of Object.entries(observations)) {
      if (!Array.isArray(row)) continue;
      const at = [member, 'observations', time];
      const values = row.slice(0, names.length).map((value: unknown, index) => ({
        path: [...at, String(index)],
        name: [String(names[index])],
        value,
      }));
      const child = isText(logger) ? logger : undefined;
      drafts.push({ at, child, times: [measuredAt([...at, '0'], time)], values });
    }
    return drafts;
  },
};
