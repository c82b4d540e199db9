// EMQX Neuron, which reads industrial devices and sends a group of tags of one device.
//
// @see https://docs.emqx.com/en/neuron/v2.10/configuration/north-apps/mqtt/api.html

import { isObject, isObjects, isText, leavesOf, type Format } from './draft.ts';
import { timeIn } from './samples.ts';

/** `node` and `group` with an object `values`, or with an array `tags` of names and values. The node is the child. */
export const neuron: Format = {
  name: 'neuron',
  read(payload) {
    if (!isObject(payload) || !isText(payload['node']) || !isText(payload['group'])) return undefined;
    const { node: child, values, tags } = payload;
    const times = timeIn(payload, 'timestamp', []);
    if (isObject(values)) return [{ child, times, values: leavesOf(values, ['values']) }];
    if (!isObjects(tags) || !tags.every((tag) => isText(tag['name']))) return undefined;
    // A tag that could not be read has the member `error`.
    const leaves = tags.map((tag, index) => ({
      path: ['tags', String(index), tag['value'] === undefined ? 'error' : 'value'],
      name: [String(tag['name'])],
      value: tag['value'] ?? null,
    }));
    return [{ child, times, values: leaves }];
  },
};
