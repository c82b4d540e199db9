// What comes before everything else: the stack's configuration, and who looks.

import type { PageConfig } from '../model/config.ts';
import { linkOfOldQuery } from '../model/route.ts';
import { createLogin, mayLeave, type Login } from './login.ts';

export interface Opening {
  readonly config: PageConfig;
  readonly login: Login;
  /** Once a login that came back has its token. @throws where it gets none */
  readonly loggedIn: Promise<void>;
}

/** Links of before the page have their question before the hash. A login takes the hash with it, and nothing else. */
function takeOldLink(): void {
  const old = linkOfOldQuery(location.search);
  if (old !== undefined) history.replaceState(undefined, '', `/${old}`);
}

/** A login leads back to one address only, and on one machine that is `localhost`. */
const isOtherName = ({ isLocal, login }: PageConfig) =>
  isLocal && login !== undefined && /^(127\.0\.0\.1|\[::1\])$/.test(location.hostname);

/** Ends with the login under way, never where the browser leaves for it. @throws where the configuration is not to be had */
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
  loggedIn.catch(() => {}); // said when it is waited for
  return { config, login, loggedIn };
}
