// What all LoRaWAN network servers have in common: an envelope with radio values, and the decoder's output inside it.

import { isObject, type Draft, type Path, type Surroundings, type TimeLeaf } from './draft.ts';
import { shortestFloat } from './float32.ts';

export interface Uplink {
  /** The device's name at the server. */
  readonly child: string | undefined;
  /** When the server or a gateway received it: used unless the decoder gives a usable time. */
  readonly times: readonly TimeLeaf[];
  /** Where the decoded values are. */
  readonly path: Path;
  /** For an uplink that was not decoded. */
  readonly remedy: string;
}

/** The readings in the decoded values, which may have another format. Floats of Cayenne LPP are shortened. */
export function readDecoded(decoded: unknown, uplink: Uplink, { readInner }: Surroundings): readonly Draft[] {
  const { child, times, path, remedy } = uplink;
  const isDecoded = isObject(decoded) && Object.keys(decoded).length > 0;
  if (!isDecoded) return [{ child, times, values: [], remedy }];
  return readInner(decoded, path).map((draft) => ({
    ...draft,
    child:
      draft.child === undefined || child === undefined ? (draft.child ?? child) : `${child}:${draft.child}`,
    // If the decoder's time cannot be used, the server's time replaces it.
    times: [
      ...draft.times.map((time) =>
        time.path.length === path.length + 1 ? { ...time, isStrict: false } : time,
      ),
      ...times,
    ],
    values: draft.values.map((leaf) => ({ ...leaf, value: shortestFloat(leaf.value) })),
  }));
}
