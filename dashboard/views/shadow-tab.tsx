// A device's shadow: reported and desired state and the difference, with an editor for the desired state.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { differencesOf, type Shadow } from '../../core/shadow.ts';
import type { ApiError } from '../data/api-error.ts';
import type { App } from '../data/app.ts';
import { pathOf } from '../model/api-path.ts';
import { textOf } from '../model/shadow-draft.ts';
import { Failure } from '../parts/state-box.tsx';
import { Changes, type Draft } from './shadow-changes.tsx';
import { Editor } from './shadow-editor.tsx';

const POLL_MS = 2000;

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

function Difference({ shadow }: { shadow: Shadow }) {
  const differences = differencesOf(shadow);
  const hasDesired = Object.keys(shadow.desired).length > 0;
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
          {hasDesired ? 'None: the device has the desired state.' : 'None: there is no desired state.'}
        </p>
      )}
    </div>
  );
}

const Reported = ({ shadow: { reported } }: { shadow: Shadow }) => (
  <div>
    <h3 id="reported">Reported</h3>
    {Object.keys(reported).length > 0 ? (
      <pre class="code" tabIndex={0} aria-labelledby="reported">
        {textOf(reported)}
      </pre>
    ) : (
      <p class="dim g2">The device has not reported any state.</p>
    )}
  </div>
);

function NotLoaded({ error, retry }: { error: ApiError; retry: () => void }) {
  if (error.status === 404) return <p class="dim g4">{error.message}</p>;
  return (
    <Failure
      what="The shadow did not load"
      error={error}
      spared="The device is not affected."
      retry={retry}
    />
  );
}

export function ShadowTab({ app, deviceId }: { app: App; deviceId: string }) {
  const { shadow, failure, read } = useShadow(app, deviceId);
  const draft = useSignal<Draft | undefined>(undefined);
  const found = shadow.value;
  if (failure.value && !found) return <NotLoaded error={failure.value} retry={() => void read()} />;
  if (!found) return <div class="plot-wait" aria-busy="true" />;
  return (
    <>
      {failure.value && (
        <p class="banner quiet g4" role="status">
          <span>{failure.value.message} The shadow may be out of date. The page retries automatically.</span>
        </p>
      )}
      <div class="shadow3">
        <Reported shadow={found} />
        <Editor app={app} polled={{ deviceId, shadow, read }} draft={draft} />
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
