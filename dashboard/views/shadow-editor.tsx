// The editor of a shadow's desired state: a draft, its changes, and sending it to the device.

import type { Signal } from '@preact/signals';
import { changesOf, patchBetween, type Shadow } from '../../core/shadow.ts';
import { ApiError } from '../data/api-error.ts';
import { say, type App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import { nameText } from '../model/format.ts';
import { isOvertaken, readDraft, textOf } from '../model/shadow-draft.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { Changes, focusEditor, Overtaken, type Draft } from './shadow-changes.tsx';

const MOST_TRIES = 4;

/** A device's shadow as it was read last. */
export interface Polled {
  readonly deviceId: string;
  readonly shadow: Signal<Shadow | undefined>;
  readonly read: () => Promise<void>;
}

/**
 * Sends the desired state. Returns false if somebody else changed the desired state meanwhile. A report makes a new
 * version too: then it tries again.
 */
async function sendDesired(
  app: App,
  { deviceId, shadow, read }: Polled,
  { base, patch }: { base: Shadow; patch: ReturnType<typeof patchBetween> },
): Promise<boolean> {
  const path = `${pathOf('devices', deviceId)}/shadow`;
  for (let tries = 1; ; tries += 1) {
    const newest = shadow.value!;
    if (isOvertaken(base, newest)) return false;
    try {
      await app.api.send('PATCH', path, { desired: patch }, `"${newest.version}"`);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412 || tries === MOST_TRIES) throw error;
      await read();
    }
  }
}

function DesiredField({
  text,
  base,
  draft,
  problem,
  mayEdit,
}: {
  text: string;
  base: Shadow;
  draft: Signal<Draft | undefined>;
  problem: string | undefined;
  mayEdit: boolean;
}) {
  return (
    <>
      <textarea
        class="mono"
        id="desired"
        rows={8}
        spellcheck={false}
        value={text}
        readOnly={!mayEdit}
        aria-invalid={problem !== undefined}
        aria-describedby="desired-says"
        onInput={({ currentTarget: { value } }) => {
          draft.value = value === textOf(base.desired) ? undefined : { text: value, base };
        }}
      />
      <div id="desired-says">
        {problem !== undefined && <p class="err">{problem}</p>}
        {!mayEdit && (
          <p class="dim small g2">Changing it needs the group operator: ask your Tidegate administrator.</p>
        )}
      </div>
    </>
  );
}

interface ButtonsProps {
  app: App;
  draft: Signal<Draft | undefined>;
  canSend: boolean;
  send: () => Promise<void>;
}

function Buttons({ app, draft, canSend, send }: ButtonsProps) {
  const isDraft = draft.value !== undefined;
  const discard = () => {
    draft.value = undefined;
    focusEditor();
  };
  return (
    <div class="row g3">
      {canSend || !app.session.may('operator') ? (
        <ActionButton app={app} isMain label="Send to the device" group="operator" run={send} />
      ) : (
        <button class="btn go" disabled title="Change the desired state first">
          Send to the device
        </button>
      )}
      {isDraft && (
        <button class="btn bare" onClick={discard}>
          Discard
        </button>
      )}
    </div>
  );
}

const YourChanges = ({ changes }: { changes: ReturnType<typeof changesOf> }) => (
  <>
    <h3 class="g4">Your changes</h3>
    <Changes changes={changes} from="Before" to="After" />
  </>
);

export function Editor({
  app,
  polled,
  draft,
}: {
  app: App;
  polled: Polled;
  draft: Signal<Draft | undefined>;
}) {
  const newest = polled.shadow.value!;
  const text = draft.value?.text ?? textOf(newest.desired);
  const base = draft.value?.base ?? newest;
  const found = readDraft(text);
  const problem = 'problem' in found ? found.problem : undefined;
  const changes = 'desired' in found ? changesOf(base.desired, found.desired) : [];
  const isLate = draft.value !== undefined && isOvertaken(base, newest);
  const hasChanges = changes.length > 0 && !isLate;
  const send = async () => {
    if (!('desired' in found)) return;
    const patch = patchBetween(base.desired, found.desired);
    if (!(await sendDesired(app, polled, { base, patch }))) return;
    draft.value = undefined;
    await polled.read();
    focusEditor();
    say(app, { text: `Sent to ${nameText(polled.deviceId)}.` });
  };
  return (
    <div>
      <h3>
        <label for="desired">Desired</label>
      </h3>
      <DesiredField {...{ text, base, draft, problem }} mayEdit={app.session.may('operator')} />
      {isLate && <Overtaken draft={draft} newest={newest} />}
      {hasChanges && <YourChanges changes={changes} />}
      <Buttons app={app} draft={draft} canSend={hasChanges} send={send} />
    </div>
  );
}
