// The first step of adding a device: its name, type and site, and the button that creates it.

import { useSignal, type Signal } from '@preact/signals';
import { addDevice } from '../data/adding.ts';
import { setQuery, type App } from '../data/app.ts';
import { isWhole, problemsOf, type Field, type NewDevice } from '../model/new-device.ts';
import { ActionButton } from '../parts/acknowledge.tsx';

const CREATE = 'Create the device';

interface FieldProps {
  name: Field;
  label: string;
  value: string;
  example: string;
  isDone: boolean;
  /** Suggested values. */
  options?: readonly string[] | undefined;
  problem: string | undefined;
  onValue: (value: string) => void;
}

function TextField({ name, label, value, example, isDone, options, problem, onValue }: FieldProps) {
  return (
    <div>
      <label for={`new-${name}`}>{label}</label>
      <input
        class={name === 'name' ? 'mono' : undefined}
        id={`new-${name}`}
        value={value}
        placeholder={isDone ? undefined : example}
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

const FIELDS = [
  { name: 'name', label: 'Name', example: 'cellar-1' },
  { name: 'type', label: 'Type (optional)', example: 'sensor' },
  { name: 'site', label: 'Site', example: 'seattle' },
] as const;

const knownOf = (names: readonly (string | undefined)[]) =>
  [...new Set(names)].filter((each) => each !== undefined).sort();

/** The values that other devices have, as suggestions. A user restricted to sites gets those. */
function optionsFor({ store, session }: App): Partial<Record<Field, readonly string[]>> {
  const devices = store.devices.value ?? [];
  return {
    type: knownOf(devices.map(({ type }) => type)),
    site: session.sites() ?? knownOf(devices.map(({ site }) => site)),
  };
}

interface KeyProps {
  app: App;
  device: NewDevice;
  hasProblems: boolean;
  refusal: Signal<string | undefined>;
}

/** Creates the key and the certificate. While it cannot, it says why. */
function KeyButton({ app, device, hasProblems, refusal }: KeyProps) {
  const isReady = isWhole(device) && !hasProblems;
  const isAdmin = app.session.may('admin');
  const run = async () => {
    try {
      await addDevice(app, device);
      // The pressed button is gone, so the focus moves on.
      requestAnimationFrame(() => document.getElementById('save-key')?.focus());
    } catch (error) {
      refusal.value = (error as Error).message;
    }
  };
  const hint = hasProblems ? 'Correct the marked fields first.' : 'Enter a name and a site first.';
  return (
    <div class="row g3">
      {isReady || !isAdmin ? (
        <ActionButton app={app} isMain label={CREATE} group="admin" run={run} />
      ) : (
        <button class="btn go" disabled>
          {CREATE}
        </button>
      )}
      {!isAdmin && (
        <span class="dim">Adding devices needs the group admin: ask your Tidegate administrator.</span>
      )}
      {isAdmin && !isReady && <span class="dim">{hint}</span>}
    </div>
  );
}

const Refusal = ({ reason }: { reason: string | undefined }) => (
  <div role="alert">
    {reason !== undefined && (
      <p class="banner quiet g3">
        <span>
          <b>The device was not added.</b> {reason}
        </span>
      </p>
    )}
  </div>
);

export function NameStep({ app, device, isDone }: { app: App; device: NewDevice; isDone: boolean }) {
  const problems = isDone ? {} : problemsOf(device, app.store.devices.value ?? [], app.session.sites());
  const refusal = useSignal<string | undefined>(undefined);
  const options = optionsFor(app);
  const set = (name: Field, value: string) => {
    refusal.value = undefined;
    setQuery(app, { [name]: value }, false);
  };
  return (
    <li class={isDone ? 'done' : undefined}>
      <div>
        <h2>Name it</h2>
        <div class="grid3">
          {FIELDS.map((field) => (
            <TextField
              key={field.name}
              {...{ ...field, isDone, value: device[field.name] }}
              options={options[field.name]}
              problem={problems[field.name]}
              onValue={(value) => set(field.name, value)}
            />
          ))}
        </div>
        {!isDone && (
          <>
            <p class="dim small g2">
              The name identifies the device everywhere and cannot be changed later. The site is its location.
            </p>
            <KeyButton {...{ app, device, refusal }} hasProblems={Object.keys(problems).length > 0} />
          </>
        )}
        <Refusal reason={refusal.value} />
      </div>
    </li>
  );
}
