// What all LoRaWAN network servers have in common: an envelope of radio values, and in it what a decoder made of the bytes.

import { isObject, type Draft, type Path, type Surroundings, type TimeLeaf } from './draft.ts';
import { shortestFloat } from './float32.ts';

export interface Uplink {
  /** The name of the device at the server. */
  readonly child: string | undefined;
  /** When the server or a gateway received it: the time, unless the decoder gives one that can be used. */
  readonly times: readonly TimeLeaf[];
  /** Where the decoded values are. */
  readonly path: Path;
  /** For an uplink that nobody decoded. */
  readonly remedy: string;
}

/** The readings in the decoded values, which may be of another format. Cayenne LPP's floats are shortened. */
export function readDecoded(decoded: unknown, uplink: Uplink, { readInner }: Surroundings): readonly Draft[] {
  const { child, times, path, remedy } = uplink;
  const isDecoded = isObject(decoded) && Object.keys(decoded).length > 0;
  if (!isDecoded) return [{ child, times, values: [], remedy }];
  return readInner(decoded, path).map((draft) => ({
    ...draft,
    child:
      draft.child === undefined || child === undefined ? (draft.child ?? child) : `${child}:${draft.child}`,
    // The server's time is at hand where the decoder's is none.
    times: [
      ...draft.times.map((time) =>
        time.path.length === path.length + 1 ? { ...time, isStrict: false } : time,
      ),
      ...times,
    ],
    values: draft.values.map((leaf) => ({ ...leaf, value: shortestFloat(leaf.value) })),
  }));
}
