// What can be wrong with a sealed archive: each kind has a name, what it means and what to do.

export interface Finding {
  readonly kind: FindingKind;
  /** The sealed day, such as `2026-11-29`; absent if the finding is of the whole chain. */
  readonly day?: string;
  /** Key of the object or of the manifest. */
  readonly object?: string;
  readonly detail: string;
}

/** What to do, by kind. */
export const REMEDIES = {
  unreadable: 'Copy the manifest again. If the finding remains, it was replaced: compare its older versions.',
  head: 'Copy the manifest again. If the finding remains, it was edited: its older version has what was signed.',
  signature: 'Copy the manifest again. If the finding remains, somebody without the key wrote it.',
  key: 'Give the key that the operator published for this day with another --public-key. If none was published, reject the day.',
  previous:
    'The manifest of this day or of the day before was replaced. Compare both with heads that were noted elsewhere.',
  gap: 'Copy the manifest of this day. If the bucket has none, it was deleted: look for its older version.',
  start: 'Copy all of seals/: the chain does not begin with the first manifest here.',
  pinned:
    'Copy seals/ again. If the finding remains, the chain was cut or rewritten after the head was noted.',
  changed:
    'Copy the object again. If the finding remains, it was replaced: its older version has what was sealed.',
  missing: 'Copy the object again. If the bucket has none, it was deleted: look for its older version.',
  added:
    'Ask where it comes from: windows and reports must not count it. Objects that Firehose writes late are sealed on the next day.',
  twice: 'One of both days lists an object that is not its own. Reject the later day.',
  misplaced: 'An object cannot be sealed before it arrives. Reject the day.',
} as const;

export type FindingKind = keyof typeof REMEDIES;
