// Adds a device in four steps: name it, save its key, set up the device, see its first message.

import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { added, addDevice, hasArrived, isSaved, type Added } from '../data/adding.ts';
import { setQuery, type App } from '../data/app.ts';
import { isWhole, problemsOf, type Field, type NewDevice } from '../model/new-device.ts';
import { GuestView } from '../parts/guest-view.tsx';
import { ActionButton } from '../parts/acknowledge.tsx';
import { KeyStep, LinesStep } from './add-files.tsx';
import { FirstMessage } from './first-message.tsx';

/** A user restricted to one site gets that site as the default. */
const fieldsOf = ({ route, session }: App): NewDevice => {
  const own = session.sites();
  const { name = '', type = '', site = own?.length === 1 ? own[0]! : '' } = route.value.query;
  return { name, type, site };
};

function NameField({
  name,
  label,
  value,
  example,
  isDone,
  options,
  problem,
  onValue,
}: {
  name: Field;
  label: string;
  value: string;
  example: string | undefined;
  isDone: boolean;
  options: readonly string[] | undefined;
  problem: string | undefined;
  onValue: (value: string) => void;
}) {
  return (
    <div>
      <label for={`new-${name}`}>{label}</label>
      <input
        class={name === 'name' ? 'mono' : undefined}
        id={`new-${name}`}
        value={value}
        placeholder={example}
        autocomplete="off"
        spellcheck={false}
        readOnly={isDone}
        list={options && `known-${name}`}
        aria-invalid={problem !== undefined}
        aria-describedby={`says-${name}`}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
      {options && (
        <datalist id={`known-${name}`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      <p class="err" id={`says-${name}`} aria-live="polite">
        {problem}
      </p>
    </div>
  );
}

function NameStep({ app, device, isDone }: { app: App; device: NewDevice; isDone: boolean }) {
  const devices = app.store.devices.value ?? [];
  const problems = isDone ? {} : problemsOf(device, devices, app.session.sites());
  const refusal = useSignal<string | undefined>(undefined);
  const known = (of: readonly (string | undefined)[]) =>
    [...new Set(of)].filter((each) => each !== undefined).sort();
  const options: Partial<Record<Field, readonly string[]>> = {
    type: known(devices.map(({ type }) => type)),
    site: app.session.sites() ?? known(devices.map(({ site }) => site)),
  };
  const field = (name: Field, label: string, example: string) => (
    <NameField
      {...{ name, label, value: device[name], isDone }}
      example={isDone ? undefined : example}
      options={options[name]}
      problem={problems[name]}
      onValue={(value) => {
        refusal.value = undefined;
        setQuery(app, { [name]: value }, false);
      }}
    />
  );
  const hasProblems = Object.keys(problems).length > 0;
  const isReady = isWhole(device) && !hasProblems;
  const run = async () => {
    try {
      await addDevice(app, device);
      // The pressed button is gone, so the focus moves on.
      requestAnimationFrame(() => document.getElementById('save-key')?.focus());
    } catch (error) {
      refusal.value = (error as Error).message;
    }
  };
  return (
    <li class={isDone ? 'done' : undefined}>
      <div>
        <h2>Name it</h2>
        <div class="grid3">
          {field('name', 'Name', 'cellar-1')}
          {field('type', 'Type (optional)', 'sensor')}
          {field('site', 'Site', 'seattle')}
        </div>
        {!isDone && (
          <p class="dim small g2">
            The name identifies the device everywhere and cannot be changed later. The site is its location.
          </p>
        )}
        {!isDone && (
          <div class="row g3">
            {isReady || !app.session.may('admin') ? (
              <ActionButton app={app} isMain label="Make its key" group="admin" run={run} />
            ) : (
              <button class="btn go" disabled>
                Make its key
              </button>
            )}
            <span class="dim">
              {app.session.may('admin')
                ? !isReady &&
                  (hasProblems ? 'Correct the marked fields first.' : 'Enter a name and a site first.')
                : 'Adding devices needs the group admin: ask your Tidegate administrator.'}
            </span>
          </div>
        )}
        <div role="alert">
          {refusal.value !== undefined && (
            <p class="banner quiet g3">
              <span>
                <b>That did not work.</b> {refusal.value}
              </span>
            </p>
          )}
        </div>
      </div>
    </li>
  );
}

function useWarning(device: Signal<Added | undefined>): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (device.peek() && !isSaved.peek()) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, []);
}

export function AddDevice({ app }: { app: App }) {
  useWarning(added);
  const { session } = app;
  if (session.isGuest()) return <GuestView app={app} heading="Add a device" title="Log in to add devices" />;
  const made = added.value;
  const device = made ?? fieldsOf(app);
  return (
    <>
      <div class="headrow">
        <div>
          <h1>{made ? `${made.name} can connect` : 'Add a device'}</h1>
          <p class="lede">
            {made
              ? 'Save its key, set it up, and see its first message.'
              : 'Four steps, about two minutes. The private key is made here and never leaves this page.'}
          </p>
        </div>
        {made && (
          <button
            class="btn"
            disabled={!isSaved.value}
            title={isSaved.value ? undefined : 'Save the key first'}
            onClick={() => {
              added.value = undefined;
              setQuery(app, { name: undefined }, false);
            }}
          >
            Add another one
          </button>
        )}
      </div>
      <ol class="steps">
        <NameStep app={app} device={device} isDone={made !== undefined} />
        <KeyStep app={app} device={made} />
        <LinesStep app={app} device={made} />
        <FirstMessage key={made?.certificateId ?? ''} app={app} device={made} hasArrived={hasArrived} />
      </ol>
    </>
  );
}
