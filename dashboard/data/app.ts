// What all views share: the stack's configuration, the session, the connections to the API and MQTT, and the current route.

import { signal, type Signal } from '@preact/signals';
import type { PageConfig } from '../model/config.ts';
import { linkTo, parseRoute, type Route } from '../model/route.ts';
import { createApi, type Api } from './api.ts';
import { createLive, type Live } from './live.ts';
import type { Opening } from './opening.ts';
import { openSession, type Session } from './session.ts';
import { createStore, type Store } from './store.ts';

export interface App {
  readonly config: PageConfig;
  readonly session: Session;
  readonly api: Api;
  readonly live: Live;
  readonly store: Store;
  readonly route: Signal<Route>;
  readonly theme: Signal<'light' | 'dark'>;
  /** A short message, which a screen reader reads once, with an undo action if there is one. */
  readonly toast: Signal<Toast | undefined>;
}

export interface Toast {
  readonly text: string;
  readonly undo?: () => void;
}

const THEME_KEY = 'tidegate.theme';
const TOAST_MS = 10_000;

function openTheme(): App['theme'] {
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const stored = localStorage.getItem(THEME_KEY);
  const theme = signal<'light' | 'dark'>(
    stored === 'dark' || stored === 'light' ? stored : isDark ? 'dark' : 'light',
  );
  theme.subscribe((value) => {
    document.documentElement.dataset['theme'] = value;
  });
  return theme;
}

function openRoute(): App['route'] {
  const route = signal(parseRoute(location.hash));
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
  return route;
}

export async function openApp(opening: Promise<Opening>): Promise<App> {
  const theme = openTheme();
  const { config, login, loggedIn } = await opening;
  await loggedIn;
  const session = openSession(config, login);
  const route = openRoute();
  const api = createApi(config, session);
  const live = createLive(config, session);
  const store = createStore({ config, api, live, session });
  return { config, session, api, live, store, route, theme, toast: signal(undefined) };
}

export function toggleTheme({ theme }: App): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(THEME_KEY, theme.value);
}

/** Changes query parameters; undefined removes one. With `isStep`, the back button returns to the current state. */
export function setQuery({ route }: App, query: Route['query'], isStep = true): void {
  const { view, path, query: before } = route.value;
  const hash = linkTo(view, path, { ...before, ...query });
  if (isStep) location.hash = hash;
  else {
    history.replaceState(undefined, '', hash);
    route.value = parseRoute(hash);
  }
}

const UNDO_MS = 5000;

/**
 * Announces an action and performs it after five seconds. Returns false if the user undid it. When the page is closed or
 * hidden, the action is performed at once, with `isLeaving` set.
 */
export async function sayUndoable(
  app: App,
  text: string,
  send: (isLeaving: boolean) => Promise<unknown>,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const listening = new AbortController();
  const end = () => {
    clearTimeout(timer);
    listening.abort();
    if (app.toast.peek() === toast) app.toast.value = undefined;
  };
  const go = (isLeaving: boolean) => {
    end();
    resolve(send(isLeaving).then(() => true));
  };
  const timer = setTimeout(() => go(false), UNDO_MS);
  const toast: Toast = {
    text,
    undo: () => {
      end();
      resolve(false);
    },
  };
  addEventListener('pagehide', () => go(true), listening);
  // On phones this is the last event that a page gets before the system discards it.
  document.addEventListener('visibilitychange', () => document.hidden && go(true), listening);
  say(app, toast);
  return promise;
}

let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function say({ toast }: App, next: Toast): void {
  toast.value = next;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    toast.value = undefined;
  }, TOAST_MS);
}
