// A device's shadow: reported and desired state and the difference, with an editor for the desired state.

import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { changesOf, differencesOf, patchBetween, type Shadow } from '../../core/shadow.ts';
import { ApiError, pathOf } from '../data/api.ts';
import { say, type App } from '../data/app.ts';
import { nameText } from '../model/format.ts';
import { isOvertaken, readDraft, textOf } from '../model/shadow-draft.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { Failure } from '../parts/state-box.tsx';
import { Changes, focusEditor, Overtaken, type Draft } from './shadow-changes.tsx';

const POLL_MS = 2000;
const MOST_TRIES = 4;

/** Polled every two seconds, to show when the device applies a change. */
function useShadow(app: App, deviceId: string) {
  const shadow = useSignal<Shadow | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const read = async () => {
    try {
      shadow.value = await app.api.get<Shadow>(`${pathOf('devices', deviceId)}/shadow`);
      failure.value = undefined;
    } catch (error) {
      failure.value = error as ApiError;
    }
  };
  useEffect(() => {
    void read();
    const timer = setInterval(() => {
      if (!document.hidden) void read();
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [deviceId]);
  return { shadow, failure, read };
}

/** Sends what is desired. False when somebody else desired something meanwhile; reports count as versions too, and are no obstacle. */
async function sendDesired(
  app: App,
  change: {
    deviceId: string;
    shadow: Signal<Shadow | undefined>;
    base: Shadow;
    patch: ReturnType<typeof patchBetween>;
    read: () => Promise<void>;
  },
): Promise<boolean> {
  const { deviceId, shadow, base, patch, read } = change;
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

function Editor({
  app,
  deviceId,
  shadow,
  draft,
  read,
}: {
  app: App;
  deviceId: string;
  shadow: Signal<Shadow | undefined>;
  draft: Signal<Draft | undefined>;
  read: () => Promise<void>;
}) {
  const newest = shadow.value!;
  const text = draft.value?.text ?? textOf(newest.desired);
  const base = draft.value?.base ?? newest;
  const found = readDraft(text);
  const problem = 'problem' in found ? found.problem : undefined;
  const changes = 'desired' in found ? changesOf(base.desired, found.desired) : [];
  const isLate = draft.value !== undefined && isOvertaken(base, newest);
  const mayEdit = app.session.may('operator');
  const send = async () => {
    if (!('desired' in found)) return;
    const patch = patchBetween(base.desired, found.desired);
    if (!(await sendDesired(app, { deviceId, shadow, base, patch, read }))) return;
    draft.value = undefined;
    await read();
    focusEditor();
    say(app, { text: `Sent to ${nameText(deviceId)}.` });
  };
  return (
    <div>
      <h3>
        <label for="desired">Desired</label>
      </h3>
      <DesiredField text={text} base={base} draft={draft} problem={problem} mayEdit={mayEdit} />
      {isLate && <Overtaken draft={draft} newest={newest} />}
      {changes.length > 0 && !isLate && (
        <>
          <h3 class="g4">Your changes</h3>
          <Changes changes={changes} from="Before" to="After" />
        </>
      )}
      <div class="row g3">
        {!mayEdit || (changes.length > 0 && !isLate) ? (
          <ActionButton app={app} isMain label="Send to the device" group="operator" run={send} />
        ) : (
          <button class="btn go" disabled>
            Send to the device
          </button>
        )}
        {draft.value !== undefined && (
          <button
            class="btn bare"
            onClick={() => {
              draft.value = undefined;
              focusEditor();
            }}
          >
            Discard
          </button>
        )}
      </div>
    </div>
  );
}

function Difference({ shadow }: { shadow: Shadow }) {
  const differences = differencesOf(shadow);
  const isWished = Object.keys(shadow.desired).length > 0;
  return (
    <div aria-live="polite">
      <h3>Difference</h3>
      {differences.length > 0 ? (
        <>
          <Changes changes={differences} from="Reported" to="Desired" />
          <p class="watch-text g2">The device has not applied the desired state yet.</p>
        </>
      ) : (
        <p class="dim g2">
          {isWished ? 'None: the device has the desired state.' : 'None: there is no desired state.'}
        </p>
      )}
    </div>
  );
}

export function ShadowTab({ app, deviceId }: { app: App; deviceId: string }) {
  const { shadow, failure, read } = useShadow(app, deviceId);
  const draft = useSignal<Draft | undefined>(undefined);
  const found = shadow.value;
  if (failure.value && !found)
    return failure.value.status === 404 ? (
      <p class="dim g4">{failure.value.message}</p>
    ) : (
      <Failure
        what="The shadow did not load"
        error={failure.value}
        spared="The device is not affected."
        retry={() => void read()}
      />
    );
  if (!found) return <div class="plot-wait" aria-busy="true" />;
  return (
    <>
      {failure.value && (
        <p class="banner quiet g4" role="status">
          <span>{failure.value.message} The shadow may be out of date. The page retries automatically.</span>
        </p>
      )}
      <div class="shadow3">
        <div>
          <h3 id="reported">Reported</h3>
          {Object.keys(found.reported).length > 0 ? (
            <pre class="code" tabIndex={0} aria-labelledby="reported">
              {textOf(found.reported)}
            </pre>
          ) : (
            <p class="dim g2">The device has not reported any state.</p>
          )}
        </div>
        <Editor app={app} deviceId={deviceId} shadow={shadow} draft={draft} read={read} />
        <Difference shadow={found} />
      </div>
      <p class="dim small g4">
        {found.version === 0
          ? 'There is no shadow yet: the first change creates it.'
          : `Version ${found.version}`}
      </p>
    </>
  );
}
