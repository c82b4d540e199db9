// The part of a message that a reading came from, which is kept if the reading is rejected.

import type { Draft, Json } from './formats/draft.ts';
import type { Rejection } from './reading.ts';

export type Source = Pick<Rejection, 'index' | 'original'>;

/** Whether the draft is one of several parts of a message. */
export const isPart = (draft: Draft): draft is Draft & { readonly at: readonly string[] } =>
  draft.at !== undefined && draft.at.length > 0;

export function partAt(payload: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, member) => (part as Json | undefined)?.[member], payload);
}

/**
 * The source of each draft of a message, by its index. `sent` gives the message with all digits, if they are known; it
 * parses the message again, so it is called at most once and only when needed. A mapping's drafts have the whole message.
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
