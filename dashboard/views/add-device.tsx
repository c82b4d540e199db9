// Adds a device in four steps: name it, save its key, set up the device, see its first message.

import type { Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { added, hasArrived, isSaved, type Added } from '../data/adding.ts';
import { setQuery, type App } from '../data/app.ts';
import type { NewDevice } from '../model/new-device.ts';
import { GuestView } from '../parts/guest-view.tsx';
import { KeyStep, LinesStep } from './add-files.tsx';
import { NameStep } from './add-name.tsx';
import { FirstMessage } from './first-message.tsx';

/** The fields from the address. A user restricted to one site gets that site as the default. */
const fieldsOf = ({ route, session }: App): NewDevice => {
  const own = session.sites();
  const { name = '', type = '', site = own?.length === 1 ? own[0]! : '' } = route.value.query;
  return { name, type, site };
};

/** Warns before the page is closed while the key of the added device is not saved. */
function useWarning(device: Signal<Added | undefined>): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (device.peek() && !isSaved.peek()) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, []);
}

function Heading({ app, made }: { app: App; made: Added | undefined }) {
  const again = () => {
    added.value = undefined;
    setQuery(app, { name: undefined }, false);
  };
  return (
    <div class="headrow">
      <div>
        <h1>{made ? `${made.name} can connect` : 'Add a device'}</h1>
        <p class="lede">
          {made
            ? 'Save its key, set it up, and see its first message.'
            : 'Four steps, about two minutes. The private key is created here and never leaves this page.'}
        </p>
      </div>
      {made && (
        <button
          class="btn"
          disabled={!isSaved.value}
          title={isSaved.value ? undefined : 'Save the key first'}
          onClick={again}
        >
          Add another one
        </button>
      )}
    </div>
  );
}

export function AddDevice({ app }: { app: App }) {
  useWarning(added);
  if (app.session.isGuest())
    return <GuestView app={app} heading="Add a device" title="Log in to add devices" />;
  const made = added.value;
  return (
    <>
      <Heading app={app} made={made} />
      <ol class="steps">
        <NameStep app={app} device={made ?? fieldsOf(app)} isDone={made !== undefined} />
        <KeyStep app={app} device={made} />
        <LinesStep app={app} device={made} />
        <FirstMessage key={made?.certificateId ?? ''} app={app} device={made} hasArrived={hasArrived} />
      </ol>
    </>
  );
}
