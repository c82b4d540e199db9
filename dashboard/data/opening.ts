// The first step of the page: loads the stack's configuration and completes the login.

import type { PageConfig } from '../model/config.ts';
import { linkOfOldQuery } from '../model/route.ts';
import { createLogin, mayLeave, type Login } from './login.ts';

export interface Opening {
  readonly config: PageConfig;
  readonly login: Login;
  /** Resolves when a returning login has its token. @throws if it gets none */
  readonly loggedIn: Promise<void>;
}

/** Old links have their query before the hash. It is moved into the hash, since a login keeps only the hash. */
function takeOldLink(): void {
  const old = linkOfOldQuery(location.search);
  if (old !== undefined) history.replaceState(undefined, '', `/${old}`);
}

/** A login returns to one address only, which is `localhost` on one machine. */
const isOtherName = ({ isLocal, login }: PageConfig) =>
  isLocal && login !== undefined && /^(127\.0\.0\.1|\[::1\])$/.test(location.hostname);

/**
 * Resolves while the login is in progress; never if the browser redirects to it. @throws if the configuration cannot be
 * read
 */
export async function openPage(): Promise<Opening> {
  const response = await fetch('/config.json');
  if (!response.ok)
    throw new Error(`The page's config.json cannot be read: the server answered ${response.status}.`);
  const config = (await response.json()) as PageConfig;
  if (isOtherName(config)) {
    location.replace(
      `http://localhost:${location.port}${location.pathname}${location.search}${location.hash}`,
    );
    await new Promise(() => {}); // the browser leaves
  }
  takeOldLink();
  const login = createLogin(config);
  const canLeave = mayLeave();
  const loggedIn = login.begin();
  if (canLeave) await loggedIn;
  loggedIn.catch(() => {}); // reported where it is awaited
  return { config, login, loggedIn };
}
