// Events of the Particle cloud, which carries what the firmware published as text.
//
// @see https://docs.particle.io/reference/cloud-apis/webhooks/

import { isObject, isText, type Format } from './draft.ts';
import { readInnerText } from './inner-text.ts';
import { timeIn } from './samples.ts';

/** `coreid` and `published_at` with `data`. The board is the child; a single number is named by its event. */
export const particle: Format = {
  name: 'particle',
  read(payload, surroundings) {
    if (!isObject(payload)) return undefined;
    const { coreid: child, published_at: published, data, event, name } = payload;
    if (!isText(child) || !isText(published) || data === undefined) return undefined;
    const called = [event, name].find(isText) ?? 'data';
    const inner = isText(data)
      ? readInnerText(data, ['data'], surroundings)
      : isObject(data)
        ? surroundings.readInner(data, ['data'])
        : undefined;
    const drafts = inner ?? [{ times: [], values: [{ path: ['data'], name: [called], value: data }] }];
    return drafts.map((draft) => ({
      ...draft,
      child,
      times: [...draft.times, ...timeIn(payload, 'published_at', [])],
      values: draft.values.map((leaf) =>
        leaf.name[0] === 'data' && leaf.path.length === 1 ? { ...leaf, name: [called] } : leaf,
      ),
    }));
  },
};
