// Decides when the login needs no password: the first user is the only one, and a page of this port leads to it.
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site

import type { IncomingMessage } from 'node:http';
import type { User, Users } from '../cognito/users.ts';

/** Headers that a proxy adds. Behind a proxy, every caller would be the first user. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Whether a page of this origin led to this page, also through redirects: not a frame, a script that reads the answer, or a
 * link on another site. No page can set these headers; a browser that sends none gets the form.
 */
const isOwnNavigation = ({ method, headers }: IncomingMessage) =>
  method === 'GET' &&
  headers['sec-fetch-site'] === 'same-origin' &&
  headers['sec-fetch-mode'] === 'navigate' &&
  headers['sec-fetch-dest'] === 'document' &&
  PROXY_HEADERS.every((name) => headers[name] === undefined);

/** The user who is logged in without a password; undefined where the form is needed. The caller has checked the Host. */
export const loginWithoutPassword = async (req: IncomingMessage, users: Users): Promise<User | undefined> =>
  isOwnNavigation(req) ? users.unclaimed() : undefined;
