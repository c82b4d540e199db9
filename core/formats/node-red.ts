// Node-RED: a whole message object, sent where only its payload was intended.

import { parseJson } from '../json-digits.ts';
import { isObject, type Format } from './draft.ts';
import { timesOf } from './general.ts';

/**
 * Recognised by `_msgid` beside a `payload` that holds an object or an array, directly or as JSON text. The content may
 * have any format.
 * @see https://nodered.org/docs/user-guide/messages
 */
export const nodeRed: Format = {
  name: 'node-red',
  read: (message, { readInner }) => {
    if (!isObject(message) || typeof message['_msgid'] !== 'string') return undefined;
    const inner = structureOf(message['payload']);
    if (inner === undefined) return undefined;
    const outer = timesOf(message, []).map((time) => ({ ...time, isStrict: false }));
    return readInner(inner, ['payload']).map((draft) => ({ ...draft, times: [...draft.times, ...outer] }));
  },
};

function structureOf(payload: unknown): unknown {
  if (typeof payload === 'object' && payload !== null) return payload;
  if (typeof payload !== 'string' || !/^\s*[{[]/.test(payload)) return undefined;
  try {
    return parseJson(payload);
  } catch {
    return undefined;
  }
}
