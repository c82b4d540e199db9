// CloudEvents in JSON, single or batched: an envelope with a time around any content.
//
// @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

import {
  isObject,
  isObjects,
  isText,
  type Draft,
  type Format,
  type Json,
  type Path,
  type Surroundings,
} from './draft.ts';
import { readInnerText } from './inner-text.ts';
import { timeIn } from './samples.ts';

/**
 * `specversion`, `source`, `type` and `id` as text, or an array of such objects. Every producer forms the URIs `source` and
 * `subject` differently, so they do not become a child; `source` and `id` identify an event and its resend.
 */
export const cloudEvents: Format = {
  name: 'cloudevents',
  read(payload, surroundings) {
    if (isObject(payload)) return isEvent(payload) ? readEvent(payload, [], surroundings) : undefined;
    if (!isObjects(payload) || !payload.every(isEvent)) return undefined;
    return payload.flatMap((event, index) => readEvent(event, [String(index)], surroundings));
  },
};

const isEvent = (value: Json) => ['specversion', 'source', 'type', 'id'].every((name) => isText(value[name]));

function readEvent(event: Json, at: Path, surroundings: Surroundings): readonly Draft[] {
  const times = timeIn(event, 'time', at);
  const drafts = dataOf(event, at, surroundings);
  return drafts.map((draft, index) => {
    const place = drafts.length > 1 ? ` ${index}` : '';
    const id = { path: [...at, 'id'], value: `${String(event['source'])} ${String(event['id'])}${place}` };
    return { ...draft, id: draft.id ?? id, times: [...draft.times, ...times] };
  });
}

function dataOf(event: Json, at: Path, surroundings: Surroundings): readonly Draft[] {
  const { data, data_base64: bytes } = event;
  if (isText(bytes))
    return readInnerText(Buffer.from(bytes, 'base64'), [...at, 'data_base64'], surroundings) ?? [];
  const path = [...at, 'data'];
  if (data === null || data === undefined) return [];
  if (typeof data === 'string') return readInnerText(data, path, surroundings) ?? [];
  if (typeof data === 'object') return surroundings.readInner(data, path);
  return [{ at, times: [], values: [{ path, name: ['data'], value: data }] }];
}
