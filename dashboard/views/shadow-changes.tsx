// Parts of a shadow's editor: what changes, member by member, and what to do when somebody else was faster.

import type { Signal } from '@preact/signals';
import type { Shadow, ShadowChange } from '../../core/shadow.ts';
import { readDraft, rebased, textOf, valueText } from '../model/shadow-draft.ts';

export interface Draft {
  readonly text: string;
  /** As the shadow was when the draft was begun, or when nobody else had changed what is desired. */
  readonly base: Shadow;
}

/** Buttons that worked are gone, and with them the focus. */
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

/** The draft stands on what is desired by now: over the newest, with my changes or without. */
export function Overtaken({ draft, newest }: { draft: Signal<Draft | undefined>; newest: Shadow }) {
  const { base, text } = draft.value!;
  const read = readDraft(text);
  return (
    <div class="banner quiet g3" role="status">
      <span>
        <b>Somebody else changed what is desired meanwhile.</b> It is at version {newest.version} now, and
        your draft began at version {base.version}.
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
            Put my changes on theirs
          </button>
        )}
        <button
          class="btn"
          onClick={() => {
            draft.value = undefined;
            focusEditor();
          }}
        >
          Take theirs
        </button>
      </span>
    </div>
  );
}
