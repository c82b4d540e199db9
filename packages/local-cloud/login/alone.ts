// When the login asks for no password: the first user, nobody else yet, and a page of this very port that asks.
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site

import type { IncomingMessage } from 'node:http';
import type { User, Users } from '../cognito/users.ts';

/** Headers that a proxy adds. Behind a proxy, every caller would be the first user. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * A whole page that a page of this origin leads to, redirects included: no frame, no script that reads the answer, no link of
 * another site. No page can set these headers; a browser that sends none gets the form.
 */
const isOwnNavigation = ({ method, headers }: IncomingMessage) =>
  method === 'GET' &&
  headers['sec-fetch-site'] === 'same-origin' &&
  headers['sec-fetch-mode'] === 'navigate' &&
  headers['sec-fetch-dest'] === 'document' &&
  PROXY_HEADERS.every((name) => headers[name] === undefined);

/** Who is logged in without a password; undefined where the form has to be filled in. The caller has checked the Host. */
export const loginWithoutPassword = async (req: IncomingMessage, users: Users): Promise<User | undefined> =>
  isOwnNavigation(req) ? users.unclaimed() : undefined;
