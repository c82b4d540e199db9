// Data points for Cognite Data Fusion.
//
// @see https://api-docs.cognite.com/20230101/tag/Time-series/operation/postMultiTimeSeriesDatapoints

import { isObject, isObjects, isText, type Format, type Json } from './draft.ts';
import { draftsOf, timeIn } from './samples.ts';

/** An array of objects with text `externalId`, which names the metric, and `items` with `timestamp` and `value`. */
export const cognite: Format = {
  name: 'cognite',
  read(payload) {
    if (!isObject(payload)) return undefined;
    const member = ['timeseriesData', 'items'].find((name) => isSeries(payload[name]));
    if (member === undefined) return undefined;
    const samples = (payload[member] as readonly Json[]).flatMap((series, index) => {
      const inner = Array.isArray(series['items']) ? 'items' : 'datapoints';
      return (series[inner] as readonly Json[]).map((item, place) => {
        const at = [member, String(index), inner, String(place)];
        const times = timeIn(item, 'timestamp', at);
        return {
          at,
          times,
          path: [...at, 'value'],
          name: [String(series['externalId'])],
          value: item['value'] ?? null,
        };
      });
    });
    return draftsOf(samples);
  },
};

function isSeries(value: unknown): boolean {
  const isItem = (item: Json) => item['timestamp'] !== undefined && item['value'] !== undefined;
  const isOne = (series: Json) => {
    const items = series['items'] ?? series['datapoints'];
    return isText(series['externalId']) && isObjects(items) && items.every(isItem);
  };
  return isObjects(value) && value.every(isOne);
}
