// The login form: shows it, unless the user may log in without a password, and checks the name and password that are sent.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { readBody } from '../aws/body.ts';
import type { Clock } from '../clock.ts';
import type { Users } from '../cognito/users.ts';
import { createThrottle } from '../http-api/throttle.ts';
import type { Log } from '../log.ts';
import { loginWithoutPassword } from './alone.ts';
import { answerPage, loginPage, problemPage } from './pages.ts';

/** `/login/<interaction>`: oidc-provider knows the interaction by a cookie that only this path gets. */
export type Interact = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

export interface InteractionDeps {
  readonly users: Users;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string) => void;
  readonly provider: () => Promise<Provider>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Five attempts at once for a name, then two a minute; for all names together thirty, then one every two seconds. */
const TRIES_OF_NAME = { burst: 5, rate: 1 / 30 } as const;
const TRIES_OF_ALL = { burst: 30, rate: 1 / 2 } as const;
const MAX_NAMES = 1_000;
const LONGEST_FORM = 4_096;
const LONGEST_FIELD = 256;
const WRONG = 'The email address or the password is wrong.';
const TOO_OFTEN = 'Too many attempts: wait half a minute, then try again.';
const GONE = 'This login has ended or was started in another browser: go back to the page and log in again.';

/** @returns a function that takes an attempt for a name; false when none is left */
function createAttempts(clock: Clock): (name: string) => boolean {
  const ofAll = createThrottle(TRIES_OF_ALL, clock);
  const byName = new Map<string, () => boolean>();
  return (name) => {
    const take = byName.get(name) ?? createThrottle(TRIES_OF_NAME, clock);
    byName.delete(name);
    byName.set(name, take);
    const [oldest] = byName.keys();
    if (byName.size > MAX_NAMES) byName.delete(oldest!);
    return take() && ofAll();
  };
}

/** Whether another page sent the form or the request: a browser always sends the origin with it. */
export const isForeign = ({ headers }: IncomingMessage, known: readonly string[] = []): boolean =>
  headers.origin !== undefined &&
  headers.origin !== `http://${headers.host}` &&
  !known.includes(headers.origin);

const pathOf = (req: IncomingMessage) => req.url!.split('?', 1)[0]!;

const problem = ({ headers }: InteractionDeps, res: ServerResponse, status: number, text: string) =>
  answerPage(res, status, problemPage(text), headers);

function refuse(
  { users, log, count, headers }: InteractionDeps,
  res: ServerResponse,
  { status, action, name }: { readonly status: 401 | 429; readonly action: string; readonly name: string },
): void {
  const known = users.find(name)?.email ?? 'nobody of this user pool';
  const text = status === 429 ? TOO_OFTEN : WRONG;
  log.warn('refused', { action: 'login', user: known, reason: text });
  count('web.refused');
  const more = status === 429 ? { ...headers, 'retry-after': '30' } : headers;
  answerPage(res, status, loginPage(action, { name, problem: text }), more);
}

/** Checks the name and the password of the form. @param mayTry takes an attempt for a name */
async function tryPassword(
  deps: InteractionDeps,
  mayTry: (name: string) => boolean,
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (isForeign(req)) return problem(deps, res, 403, 'Only the login page itself may send this form.');
  const form = new URLSearchParams((await readBody(req, LONGEST_FORM)).toString('utf8'));
  const [name = '', password = ''] = ['username', 'password'].map((field) =>
    (form.get(field) ?? '').slice(0, LONGEST_FIELD),
  );
  const action = pathOf(req);
  if (!mayTry(name.trim().toLowerCase())) return refuse(deps, res, { status: 429, action, name });
  const user = await deps.users.check(name, password);
  if (!user) return refuse(deps, res, { status: 401, action, name });
  deps.log.info('logged in', { user: user.email });
  await provider.interactionFinished(req, res, { login: { accountId: user.sub } });
}

export function createInteraction(deps: InteractionDeps): Interact {
  const { users, log, headers } = deps;
  const mayTry = createAttempts(deps.clock);
  return async (req, res) => {
    const provider = await deps.provider();
    let params: Readonly<Record<string, unknown>>;
    try {
      ({ params } = await provider.interactionDetails(req, res));
    } catch (error) {
      if ((error as Error).name !== 'SessionNotFound') throw error;
      return problem(deps, res, 400, GONE);
    }
    if (req.method === 'POST') return tryPassword(deps, mayTry, provider, req, res);
    const alone = params['prompt'] === 'login' ? undefined : await loginWithoutPassword(req, users);
    if (alone) {
      log.info('logged in', { user: alone.email, password: 'not required' });
      return provider.interactionFinished(req, res, { login: { accountId: alone.sub } });
    }
    answerPage(res, 200, loginPage(pathOf(req)), headers);
  };
}
