// Reads the content that some envelopes carry as text: JSON, a number, or line protocol.

import { readPayload } from '../payload-text.ts';
import { below, unusedPaths, type Draft, type Path, type Surroundings } from './draft.ts';

/** The readings in a text; undefined if it is none of these. Parts that are left out are named like members. */
export function readInnerText(
  text: string | Uint8Array,
  path: Path,
  { readInner }: Surroundings,
): readonly Draft[] | undefined {
  const found = readPayload(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  if (found.kind === 'none') return undefined;
  if (found.kind === 'scalar')
    return [{ times: [], values: [{ path, name: path.slice(-1), value: found.value }] }];
  const value = found.kind === 'json' ? found.value : found.text;
  const drafts = readInner(value, []);
  const unused = found.kind === 'json' ? unusedPaths(value, drafts) : [];
  return drafts.map((draft, index) => ({
    ...below(index > 0 ? draft : { ...draft, unmeasured: [...unused, ...(draft.unmeasured ?? [])] }, path),
    at: path,
  }));
}
