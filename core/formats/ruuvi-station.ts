// Ruuvi Station: the tags that the phone receives, as the app forwards them.

import { childBeside, macOf } from './child.ts';
import { isObject, leavesOf, type Draft, type Format, type Json } from './draft.ts';
import { UNITS } from './ruuvi-fields.ts';
import { withUnits } from './units.ts';

/** What the app measures; beside it are its settings, such as offsets that it has already added. */
const MEASURED =
  /^(?:temperature|humidity|pressure|accel[XYZ]|voltage|txPower|movementCounter|measurementSequenceNumber|rssi|pm\d\w*|co2|voc|nox|luminosity|dB\w+)$/i;

/**
 * Recognised by `eventId` with an array of `tags` that have an `id`. A tag is a child, named by its id; its time is
 * `updateAt`. `batteryLevel` belongs to the phone.
 * @see https://github.com/ruuvi/com.ruuvi.station
 */
export const ruuviStation: Format = {
  name: 'ruuvi-station',
  read: (payload, { levels }) => {
    if (!isObject(payload) || typeof payload['eventId'] !== 'string') return undefined;
    const { tags } = payload;
    if (!Array.isArray(tags) || !tags.every(isTag)) return undefined;
    return tags.map((tag, index) => tagDraft(tag, index, payload['time'], levels));
  },
};

const isTag = (tag: unknown): tag is Json => isObject(tag) && typeof tag['id'] === 'string';

function tagDraft(tag: Json, index: number, time: unknown, levels: readonly string[]): Draft {
  const at = ['tags', String(index)];
  const times = [
    { path: [...at, 'updateAt'], value: tag['updateAt'] },
    { path: ['time'], value: time },
  ];
  const values = leavesOf(tag, at, [], (member, depth) => depth === 0 && !MEASURED.test(member));
  return {
    at,
    child: childBeside(levels, macOf(tag['id']) ?? (tag['id'] as string)),
    times: times.filter(({ value }) => value !== undefined),
    values: withUnits(values, UNITS),
  };
}
