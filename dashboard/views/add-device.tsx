// Adds a device in four steps: name it, save its key, tell the device, see its first message arrive.

import { signal, useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { setQuery, say, type App } from '../data/app.ts';
import {
  filesOf,
  groupOf,
  isWhole,
  problemsOf,
  RECIPES,
  shownSecrets,
  type Field,
  type NewDevice,
  type Secrets,
} from '../model/new-device.ts';
import { ActionButton } from '../parts/acknowledge.tsx';
import { StateBox } from '../parts/state-box.tsx';
import { FirstMessage } from './first-message.tsx';

export interface Added extends NewDevice {
  readonly certificateId: string;
  readonly cert: string;
  readonly key: string;
}

/** Stays while the page does, so that somebody who looks elsewhere meanwhile does not lose the key. */
const added = signal<Added | undefined>(undefined);
const isSaved = signal(false);
const isHeard = signal(false);

const fieldsOf = ({ route }: App): NewDevice => {
  const { name = '', type = '', site = '' } = route.value.query;
  return { name, type, site };
};

/** The key never leaves this function but into the memory of the page. @throws ApiError where the API refuses */
async function add(app: App, device: NewDevice): Promise<void> {
  const { makeDeviceKey } = await import('../data/device-key.ts');
  const { keyPem: key, csr } = await makeDeviceKey(device.name);
  const { name, type, site } = device;
  const group = groupOf(site, app.store.devices.peek() ?? []);
  const body = { name, site, group, csr, ...(type !== '' && { type }) };
  const { certificateId, certificatePem: cert } = await app.api.send<{
    certificateId: string;
    certificatePem: string;
  }>('POST', '/devices', body);
  added.value = { ...device, certificateId, cert, key };
  isSaved.value = false;
  isHeard.value = false;
}

function NameStep({ app, device, isDone }: { app: App; device: NewDevice; isDone: boolean }) {
  const devices = app.store.devices.value ?? [];
  const problems = isDone ? {} : problemsOf(device, devices);
  const refusal = useSignal<string | undefined>(undefined);
  const known = (of: (typeof devices)[number]['site'][]) => [...new Set(of)].filter(Boolean).sort();
  const options: Partial<Record<Field, (string | undefined)[]>> = {
    type: known(devices.map(({ type }) => type)),
    site: known(devices.map(({ site }) => site)),
  };
  const field = (name: Field, label: string, example: string) => (
    <div>
      <label for={`new-${name}`}>{label}</label>
      <input
        class={name === 'name' ? 'mono' : undefined}
        id={`new-${name}`}
        value={device[name]}
        placeholder={isDone ? undefined : example}
        autocomplete="off"
        spellcheck={false}
        readOnly={isDone}
        list={options[name] && `known-${name}`}
        aria-invalid={problems[name] !== undefined}
        aria-describedby={`says-${name}`}
        onInput={({ currentTarget: { value } }) => {
          refusal.value = undefined;
          setQuery(app, { [name]: value }, false);
        }}
      />
      {options[name] && (
        <datalist id={`known-${name}`}>
          {options[name].map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      <p class="err" id={`says-${name}`}>
        {problems[name]}
      </p>
    </div>
  );
  const hasProblems = Object.keys(problems).length > 0;
  const isReady = isWhole(device) && !hasProblems;
  const run = async () => {
    try {
      await add(app, device);
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
            The name is the device's name everywhere and cannot be changed later. The site is where it stands.
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
                  (hasProblems ? 'Correct what is marked first.' : 'Give it a name and a site first.')
                : 'Devices are added by the group admin: ask who runs this Tidegate.'}
            </span>
          </div>
        )}
        <div role="alert">
          {refusal.value !== undefined && (
            <p class="banner quiet g3">
              <span>
                <b>It was not added.</b> {refusal.value}
              </span>
            </p>
          )}
        </div>
      </div>
    </li>
  );
}

/** A file of this page's memory, which no server sees. */
function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function KeyStep({ app, device }: { app: App; device: Added | undefined }) {
  const names = device && filesOf(device.name);
  const file = (name: string, text: string, isKey = false) => (
    <button
      class={isKey && !isSaved.value ? 'btn go' : 'btn'}
      onClick={() => {
        download(name, text);
        if (isKey) isSaved.value = true;
      }}
    >
      <span class="vh">Save </span>
      {name}
    </button>
  );
  return (
    <li class={device && isSaved.value ? 'done' : undefined}>
      <div>
        <h2>Save its key</h2>
        {device && names ? (
          <>
            <p>
              A P-256 key was made in this browser, and a certificate came back for it. The key is nowhere
              else: save it before you close this page.
            </p>
            <div class="row g3">
              {file(names.key, device.key, true)}
              {file(names.cert, device.cert.endsWith('\n') ? device.cert : `${device.cert}\n`)}
              {file(names.ca, app.config.broker.ca)}
            </div>
            <p class="dim small g2 break">Certificate {device.certificateId}</p>
          </>
        ) : (
          <p class="dim">The private key is made in this browser and never leaves it.</p>
        )}
      </div>
    </li>
  );
}

async function copy(app: App, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(app, { text: 'Copied.' });
  } catch {
    say(app, { text: 'This browser does not let the page copy: select the lines and copy them.' });
  }
}

function LinesStep({ app, device }: { app: App; device: Added | undefined }) {
  const { broker } = app.config;
  const chosen = RECIPES.find(({ id }) => id === app.route.value.query['for']) ?? RECIPES[0]!;
  if (!device)
    return (
      <li>
        <div>
          <h2>Tell the device</h2>
          <p class="dim">The lines to paste for mosquitto, an ESP32 or Zigbee2MQTT come here.</p>
        </div>
      </li>
    );
  const secrets: Secrets = { ca: broker.ca, cert: device.cert, key: device.key };
  return (
    <li class={isHeard.value ? 'done' : undefined}>
      <div>
        <h2>Tell the device</h2>
        <span class="seg" role="group" aria-label="What is to send">
          {RECIPES.map(({ id, label }) => (
            <button
              key={id}
              aria-pressed={id === chosen.id}
              onClick={() => setQuery(app, { for: id === RECIPES[0]!.id ? undefined : id }, false)}
            >
              {label}
            </button>
          ))}
        </span>
        <div class="codebox">
          <pre class="code" tabIndex={0} aria-label={`Lines for ${chosen.label}`}>
            {chosen.lines(device, broker, shownSecrets(device.name))}
          </pre>
          <button class="btn" onClick={() => void copy(app, chosen.lines(device, broker, secrets))}>
            Copy<span class="vh"> the lines for {chosen.label}</span>
          </button>
        </div>
        <p class="dim g2">{chosen.says}</p>
        {broker.isHidden && (
          <p class="dim g2">
            {broker.host} is reached from this machine only: <code>npm start -- --host 0.0.0.0</code> opens
            the port to others.
          </p>
        )}
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
  if (session.isGuest())
    return (
      <>
        <div class="headrow">
          <h1>Add a device</h1>
        </div>
        <StateBox
          title="Devices are added by who logged in"
          actions={
            session.canLogIn && (
              <button class="btn go" onClick={() => void session.logIn()}>
                Log in
              </button>
            )
          }
        >
          As a guest you see devices and what they measure.
        </StateBox>
      </>
    );
  const made = added.value;
  const device = made ?? fieldsOf(app);
  return (
    <>
      <div class="headrow">
        <div>
          <h1>{made ? `${made.name} can connect` : 'Add a device'}</h1>
          <p class="lede">
            {made
              ? 'Save its key, give it the lines, and see its first message.'
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
        <FirstMessage key={made?.certificateId ?? ''} app={app} device={made} isHeard={isHeard} />
      </ol>
    </>
  );
}
