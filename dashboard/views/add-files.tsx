// The files to save and the lines to paste for a new device.

import { setQuery, say, type App } from '../data/app.ts';
import { hasArrived, isSaved, type Added } from '../data/adding.ts';
import { filesOf, RECIPES, shownSecrets, type Recipe, type Secrets } from '../model/new-device.ts';

/** Saves a text from the page's memory as a file, without a server. */
function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function KeyStep({ app, device }: { app: App; device: Added | undefined }) {
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
        <h2 id="save-key" tabIndex={-1}>
          Save its key
        </h2>
        {device && names ? (
          <>
            <p>
              This browser created a P-256 key, and a certificate was issued for it. The key is stored nowhere
              else: save it before you close this page. Click a file to download it.
            </p>
            <div class="row g3">
              {file(names.key, device.key, true)}
              {file(names.cert, device.cert.endsWith('\n') ? device.cert : `${device.cert}\n`)}
              {file(names.ca, app.config.broker.ca)}
            </div>
            <p class="dim small g2 break">Certificate {device.certificateId}</p>
          </>
        ) : (
          <p class="dim">The private key is created in this browser and never leaves it.</p>
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
    say(app, { text: 'This browser does not allow the page to copy: select the lines and copy them.' });
  }
}

function Recipes({ app, chosen }: { app: App; chosen: Recipe }) {
  const choose = (id: string) => setQuery(app, { for: id === RECIPES[0]!.id ? undefined : id }, false);
  return (
    <span class="seg" role="group" aria-label="Client">
      {RECIPES.map(({ id, label }) => (
        <button key={id} aria-pressed={id === chosen.id} onClick={() => choose(id)}>
          {label}
        </button>
      ))}
    </span>
  );
}

export function LinesStep({ app, device }: { app: App; device: Added | undefined }) {
  const { broker } = app.config;
  const chosen = RECIPES.find(({ id }) => id === app.route.value.query['for']) ?? RECIPES[0]!;
  if (!device)
    return (
      <li>
        <div>
          <h2>Set up the device</h2>
          <p class="dim">The lines to paste for mosquitto, an ESP32 or Zigbee2MQTT appear here.</p>
        </div>
      </li>
    );
  const secrets: Secrets = { ca: broker.ca, cert: device.cert, key: device.key };
  return (
    <li class={hasArrived.value ? 'done' : undefined}>
      <div>
        <h2>Set up the device</h2>
        <Recipes app={app} chosen={chosen} />
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
            {broker.host} can be reached only from this machine: <code>npm start -- --host 0.0.0.0</code>{' '}
            opens the port to others.
          </p>
        )}
      </div>
    </li>
  );
}
