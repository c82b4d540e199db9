// As what a reading came: the part of its message that is kept when it is rejected.

import type { Draft, Json } from './formats/draft.ts';
import type { Rejection } from './reading.ts';

export type Source = Pick<Rejection, 'index' | 'original'>;

/** Whether the draft is of one part of a message among others. */
export const isPart = (draft: Draft): draft is Draft & { readonly at: readonly string[] } =>
  draft.at !== undefined && draft.at.length > 0;

export function partAt(payload: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, member) => (part as Json | undefined)?.[member], payload);
}

/**
 * As what the drafts of a message came, by their index. `sent` gives the message with all digits, if they are known: it is parsed
 * again, once, only where it is asked for. A mapping's drafts came as no part of it.
 */
export function createSources({
  drafts,
  sent,
  isMapped,
}: {
  readonly drafts: readonly Draft[];
  readonly sent: () => unknown;
  readonly isMapped?: true;
}): (index: number) => Source {
  let whole: { readonly value: unknown } | undefined;
  return (index) => {
    const draft = drafts[index]!;
    const { value } = (whole ??= { value: sent() });
    const original = isMapped ? value : partAt(value, draft.at ?? []);
    return { ...(isPart(draft) && { index }), original };
  };
}
