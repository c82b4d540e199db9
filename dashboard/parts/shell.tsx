// The frame of every view: the top bar, the notice about a lost connection, the bottom bar on phones, and the footer.

import type { ComponentChildren } from 'preact';
import { say, toggleTheme, type App } from '../data/app.ts';
import { durationText, secondText } from '../model/format.ts';
import { linkTo } from '../model/route.ts';
import { Icon, type IconName } from './signs.tsx';
import { Time } from './time.tsx';

export interface Entry {
  readonly view: string;
  readonly name: string;
  readonly icon: IconName;
  /** A description, shown in the list on phones. */
  readonly says: string;
}

/** How many entries fit in the bottom bar on phones. */
export const MOST_TABS = 3;

const openCount = ({ store }: App) => store.alerts.value.filter(({ state }) => state === 'alarm').length;

function Count({ app, isSilent = false }: { app: App; isSilent?: boolean }) {
  const count = openCount(app);
  if (count === 0) return null;
  return (
    <span class="count" title={`${count} not acknowledged`} aria-hidden={isSilent || undefined}>
      {count}
      {!isSilent && <span class="vh"> not acknowledged</span>}
    </span>
  );
}

function LiveSign({ app: { live } }: { app: App }) {
  const state = live.state.value;
  if (state.kind === 'live')
    return (
      <span class="live">
        <Icon name="wave" />
        <span class="txt">
          <b>Live</b>
          <span class="opt"> · {live.rate.value} messages/s</span>
        </span>
      </span>
    );
  if (state.kind === 'connecting')
    return (
      <span class="live">
        <Icon name="wave" />
        <span class="txt">Connecting</span>
      </span>
    );
  return (
    <span class="live off">
      <Icon name="cut" />
      <span class="txt">
        <b>Offline</b> since <Time at={state.since} />
      </span>
    </span>
  );
}

function Notice({ app: { live, store } }: { app: App }) {
  const state = live.state.value;
  if (state.kind !== 'off') return <div id="notice" role="status" aria-live="polite" />;
  const wait = Math.max(0, state.nextTry - store.now.value);
  return (
    <div id="notice" role="status" aria-live="polite" title={state.reason}>
      <Icon name="cut" />
      <span>
        No connection since <Time at={state.since} as={secondText} />. You see what was measured until then;
        the gap will be filled in. <span aria-live="off">Next try in {durationText(wait)}.</span>
      </span>
      <button class="btn push" onClick={live.tryNow}>
        Try now
      </button>
    </div>
  );
}

function Person({ app: { session } }: { app: App }) {
  const name = session.name();
  if (name !== undefined)
    return (
      <button class="btn bare person" title={`Logged in as ${name}`} onClick={session.logOut}>
        Log out
      </button>
    );
  if (!session.canLogIn) return null;
  return (
    <button class="btn" onClick={() => void session.logIn()}>
      Log in
    </button>
  );
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offsetText(): string {
  const minutes = -new Date().getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '\u2212' : '+'}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
}

function Toasts({ app }: { app: App }) {
  const toast = app.toast.value;
  return (
    <div id="toast" role="status">
      {toast && (
        <>
          <span>{toast.text}</span>
          {toast.undo && (
            <button
              class="btn"
              onClick={() => {
                toast.undo!();
                say(app, { text: 'Undone.' });
              }}
            >
              Undo
            </button>
          )}
        </>
      )}
    </div>
  );
}

interface FrameProps {
  app: App;
  entries: readonly Entry[];
}

/** The view that the navigation marks: a device belongs to the fleet. */
const currentView = ({ route }: App) => (route.value.view === 'device' ? 'fleet' : route.value.view);
const isCurrent = (app: App, view: string) => (currentView(app) === view ? ('page' as const) : undefined);

const TopBar = ({ app, entries }: FrameProps) => (
  <header class="bar">
    <a class="brand" href="#/fleet">
      <Icon name="mark" />
      Tidegate
    </a>
    <nav class="nav" aria-label="Main">
      {entries.map(({ view, name }) => (
        <a key={view} href={linkTo(view)} aria-current={isCurrent(app, view)}>
          {name}
          {view === 'alerts' && <Count app={app} />}
        </a>
      ))}
    </nav>
    <div class="right">
      <LiveSign app={app} />
      {!app.session.isGuest() && (
        <a class="btn" href={linkTo('add')} aria-current={isCurrent(app, 'add')}>
          Add a device
        </a>
      )}
      <Person app={app} />
      <button class="icon" aria-label="Dark or light" title="Dark or light" onClick={() => toggleTheme(app)}>
        <Icon name="theme" />
      </button>
    </div>
  </header>
);

const Footer = ({ app }: { app: App }) => (
  <footer class="foot">
    <span>
      {ZONE === 'UTC'
        ? 'Times in UTC'
        : `Times in ${ZONE.replaceAll('_', ' ')} (${offsetText()}), UTC on hover`}
    </span>
    {app.config.isLocal && <span class="push">Runs on this machine; no data leaves it</span>}
  </footer>
);

function BottomBar({ app, entries }: FrameProps) {
  const tabs = entries.slice(0, MOST_TABS);
  const isElsewhere = !tabs.some(({ view }) => view === currentView(app));
  return (
    <nav class="tabs" aria-label="Main, bottom">
      {tabs.map(({ view, name, icon }) => (
        <a key={view} href={linkTo(view)} aria-current={isCurrent(app, view)}>
          <Icon name={icon} />
          {name}
          {view === 'alerts' && <Count app={app} isSilent />}
        </a>
      ))}
      <a href="#/more" aria-current={isElsewhere ? 'page' : undefined}>
        <Icon name="more" />
        More
      </a>
    </nav>
  );
}

export const Shell = ({ app, entries, children }: FrameProps & { children: ComponentChildren }) => (
  <>
    <a class="skip" href="#main" onClick={skip}>
      Skip to content
    </a>
    <TopBar app={app} entries={entries} />
    <Notice app={app} />
    <Toasts app={app} />
    <main id="main" tabIndex={-1} class={app.live.state.value.kind === 'off' ? 'stale' : undefined}>
      {children}
    </main>
    <Footer app={app} />
    <BottomBar app={app} entries={entries} />
  </>
);

/** Moves the focus without changing the address. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
