// Describes the result of a replay in one sentence.

import { plural } from './format.ts';

export interface Replayed {
  readonly replayed: number;
  readonly failed: readonly { readonly index: number; readonly error: string }[];
}

export function replayText({ replayed, failed }: Replayed): string {
  const done = `${plural(replayed, 'message')} sent to the ingest function again`;
  if (failed.length === 0) return `${done[0]!.toUpperCase()}${done.slice(1)}.`;
  const [first] = failed;
  return `${failed.length} of ${replayed + failed.length} failed again: ${first!.error}`;
}
