// The notes about an alert, and a field for another one.

import { useSignal, type Signal } from '@preact/signals';
import { say, type App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import type { Case } from '../model/alert-cases.ts';
import type { HistoryEntry } from '../model/api-types.ts';
import { dayMinuteText } from '../model/format.ts';
import { personText } from '../model/story.ts';
import { acknowledge, ActionButton } from '../parts/acknowledge.tsx';
import { Time } from '../parts/time.tsx';

const LONGEST_NOTE = 500;

const Note = ({ entry: { by, at, comment } }: { entry: HistoryEntry }) => (
  <p class="note">
    “{comment}”{' '}
    <span class="dim nb">
      {personText(by)}, <Time at={at} as={dayMinuteText} />
    </span>
  </p>
);

const NoteField = ({ note }: { note: Signal<string> }) => (
  <>
    <label class="g4" for="note">
      What did you find, and what did you do?
    </label>
    <textarea
      id="note"
      rows={3}
      maxLength={LONGEST_NOTE}
      placeholder="Door was open, shut it."
      value={note.value}
      onInput={(event) => {
        note.value = event.currentTarget.value;
      }}
    />
  </>
);

/** A note can be added alone, or with the acknowledgement of an open alert. */
function NoteButtons({
  app,
  of: { deviceId, ruleId, alert },
  note,
}: {
  app: App;
  of: Case;
  note: Signal<string>;
}) {
  const text = note.value.trim();
  const add = async () => {
    const path = `${pathOf('devices', deviceId, 'alerts', ruleId)}/comment`;
    await app.api.send('POST', path, { comment: text });
    note.value = '';
    say(app, { text: 'Your note is in the history.' });
    app.store.alerts.value = [...app.store.alerts.value]; // makes the view read the history again
  };
  const answer = async () => {
    if (await acknowledge(app, { deviceId, ruleId }, text)) note.value = '';
  };
  if (text === '')
    return (
      <div class="row g3">
        <button class="btn" disabled>
          Add note
        </button>
        <span class="dim">Write a note first.</span>
      </div>
    );
  return (
    <div class="row g3">
      {alert?.state === 'alarm' && (
        <ActionButton app={app} isMain label="Acknowledge with note" run={answer} />
      )}
      <ActionButton app={app} label="Add note" run={add} />
    </div>
  );
}

export function Notes({ app, of, entries }: { app: App; of: Case; entries: readonly HistoryEntry[] }) {
  const note = useSignal('');
  const notes = entries.filter(({ comment }) => comment !== undefined);
  return (
    <section>
      <h3>Notes</h3>
      {notes.length === 0 && <p class="dim">No notes yet. Your note appears in the month's report.</p>}
      {notes.map((entry) => (
        <Note key={entry.entryId} entry={entry} />
      ))}
      <NoteField note={note} />
      <NoteButtons app={app} of={of} note={note} />
    </section>
  );
}
