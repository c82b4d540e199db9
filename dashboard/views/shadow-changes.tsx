// Parts of the shadow editor: the table of changes, and the notice for concurrent changes.

import type { Signal } from '@preact/signals';
import type { Shadow, ShadowChange } from '../../core/shadow.ts';
import { readDraft, rebased, textOf, valueText } from '../model/shadow-draft.ts';

export interface Draft {
  readonly text: string;
  /** The shadow that the draft is based on. */
  readonly base: Shadow;
}

/** Restores the focus after the pressed button disappeared. */
export const focusEditor = () => document.getElementById('desired')?.focus();

export const Changes = ({
  changes,
  from,
  to,
}: {
  changes: readonly ShadowChange[];
  from: string;
  to: string;
}) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={`${from} and ${to}`}>
    <table class="changes">
      <thead>
        <tr>
          <th>Member</th>
          <th>{from}</th>
          <th>{to}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, before, after }) => (
          <tr key={path.join('.')}>
            <td class="mono break">{path.join('.')}</td>
            <td class="mono break dim">{valueText(before)}</td>
            <td class="mono break">{valueText(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/**
 * Shown when the desired state changed after the draft was started: apply my changes to the newest state, or discard
 * them.
 */
export function Overtaken({ draft, newest }: { draft: Signal<Draft | undefined>; newest: Shadow }) {
  const { base, text } = draft.value!;
  const read = readDraft(text);
  return (
    <div class="banner quiet g3" role="status">
      <span>
        <b>Somebody else changed the desired state.</b> It is at version {newest.version} now; your draft is
        based on version {base.version}.
      </span>
      <span class="acts">
        {'desired' in read && (
          <button
            class="btn"
            onClick={() => {
              draft.value = { text: textOf(rebased(base, read.desired, newest)), base: newest };
              focusEditor();
            }}
          >
            Apply my changes to theirs
          </button>
        )}
        <button
          class="btn"
          onClick={() => {
            draft.value = undefined;
            focusEditor();
          }}
        >
          Use theirs
        </button>
      </span>
    </div>
  );
}
