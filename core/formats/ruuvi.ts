// Ruuvi: tags and Ruuvi Air as the gateway relays them, one or many per message.

import { childBeside, macOf } from './child.ts';
import {
  isObject,
  leavesOf,
  type Draft,
  type Format,
  type Json,
  type Leaf,
  type Path,
  type TimeLeaf,
} from './draft.ts';
import { readAdvertisement } from './ruuvi-raw.ts';
import { UNITS } from './ruuvi-fields.ts';
import { withUnits } from './units.ts';

/** Members of the gateway and of the radio. */
const BOOKKEEPING = new Set([
  ...['gw_mac', 'mac', 'id', 'name', 'dataFormat', 'data', 'aoa', 'coords', 'coordinates', 'cnt', 'nonce'],
  ...['gwts', 'ts', 'timestamp', 'ble_phy', 'ble_chan', 'ble_tx_power'],
]);

/**
 * Recognised by `gw_mac` with the advertisement in `data` or with `dataFormat`, by `data.tags` (an object by address), or by
 * `dataFormat` with the address. A tag is a child, named by its address. Advertisements of other makers have no reading.
 * @see https://docs.ruuvi.com/ruuvi-gateway-firmware/data-formats
 */
export const ruuvi: Format = {
  name: 'ruuvi',
  read: (payload, { levels }) => {
    if (!isObject(payload)) return undefined;
    const { data } = payload;
    const tags = isObject(data) ? data['tags'] : undefined;
    if (isObject(tags) && areTags(tags)) return gatewayDrafts(data as Json, tags, levels);
    const mac = macOf(payload['gw_mac']) ?? macOf(payload['mac']) ?? macOf(payload['id']);
    const isDecoded = typeof payload['dataFormat'] === 'number';
    const isRaw = typeof data === 'string' && payload['gw_mac'] !== undefined;
    return mac !== undefined && (isDecoded || isRaw)
      ? tagDrafts(payload, [], undefined, timesOf(payload, []), levels)
      : undefined;
  },
};

const areTags = (tags: Json) =>
  Object.keys(tags).length > 0 && Object.keys(tags).every((name) => macOf(name) && isObject(tags[name]));

/** The time of reception at the gateway is preferred to the time at which it relayed the message. */
const timesOf = (part: Json, path: Path): TimeLeaf[] =>
  ['ts', 'timestamp', 'gwts']
    .filter((name) => Object.hasOwn(part, name))
    .map((name) => ({ path: [...path, name], value: part[name] }));

function gatewayDrafts(data: Json, tags: Json, levels: readonly string[]): readonly Draft[] {
  const outer = timesOf(data, ['data']);
  return Object.keys(tags).flatMap((name) => {
    const path = ['data', 'tags', name];
    const tag = tags[name] as Json;
    return tagDrafts(tag, path, macOf(name), [...timesOf(tag, path), ...outer], levels);
  });
}

/** The gateway's decoded values if it sends them, otherwise the values in the advertisement. */
function tagDrafts(
  tag: Json,
  path: Path,
  name: string | undefined,
  times: readonly TimeLeaf[],
  levels: readonly string[],
): readonly Draft[] {
  const raw = typeof tag['dataFormat'] === 'number' ? undefined : readAdvertisement(tag['data']);
  if (typeof tag['data'] === 'string' && typeof tag['dataFormat'] !== 'number' && !raw) return [];
  const leaves: Leaf[] = leavesOf(tag, path, [], (member, depth) => depth === 0 && BOOKKEEPING.has(member));
  for (const [member, value] of raw?.values ?? [])
    leaves.push({ path: [...path, 'data', member], name: [member], value });
  const mac = name ?? macOf(tag['mac']) ?? idOf(tag) ?? raw?.mac;
  return [{ at: path, child: childBeside(levels, mac), times, values: withUnits(leaves, UNITS) }];
}

/** Format 6 has only the last three bytes. */
function idOf({ id }: Json): string | undefined {
  if (typeof id !== 'string') return undefined;
  return macOf(id) ?? (/^[0-9a-f]{2}(?::[0-9a-f]{2}){2}$/i.test(id) ? id.toUpperCase() : undefined);
}
