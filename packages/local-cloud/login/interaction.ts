// The login form: who may log in without it, and what becomes of a name and a password that are sent.

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

/** A name may be tried five times at once and then twice a minute; all names together thirty times, and one more each two seconds. */
const TRIES_OF_NAME = { burst: 5, rate: 1 / 30 } as const;
const TRIES_OF_ALL = { burst: 30, rate: 1 / 2 } as const;
const MAX_NAMES = 1_000;
const LONGEST_FORM = 4_096;
const WRONG = 'The email address or the password is wrong.';
const TOO_OFTEN = 'Too many attempts: wait half a minute, then try again.';
const GONE = 'This login is over or was begun in another browser: go back to the page and log in again.';

/** Takes an attempt for a name, if there is one left. */
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

/** A form or a request of another page, which no browser sends without its origin. */
export const isForeign = ({ headers }: IncomingMessage, known: readonly string[] = []): boolean =>
  headers.origin !== undefined &&
  headers.origin !== `http://${headers.host}` &&
  !known.includes(headers.origin);

const pathOf = (req: IncomingMessage) => req.url!.split('?', 1)[0]!;

export function createInteraction(deps: InteractionDeps): Interact {
  const { users, log, count, headers } = deps;
  const mayTry = createAttempts(deps.clock);
  const problem = (res: ServerResponse, status: number, text: string) =>
    answerPage(res, status, problemPage(text), headers);

  function refuse(res: ServerResponse, status: 401 | 429, action: string, name: string): void {
    const known = users.find(name)?.email ?? 'nobody of this user pool';
    const text = status === 429 ? TOO_OFTEN : WRONG;
    log.warn('refused', { action: 'login', user: known, reason: text });
    count('web.refused');
    const more = status === 429 ? { ...headers, 'retry-after': '30' } : headers;
    answerPage(res, status, loginPage(action, { name, problem: text }), more);
  }

  async function tryPassword(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (isForeign(req)) return problem(res, 403, 'Only the login page itself may send this form.');
    const form = new URLSearchParams((await readBody(req, LONGEST_FORM)).toString('utf8'));
    const [name, password] = [form.get('username') ?? '', form.get('password') ?? ''].map((text) =>
      text.slice(0, 256),
    );
    const action = pathOf(req);
    if (!mayTry(name!.trim().toLowerCase())) return refuse(res, 429, action, name!);
    const user = await users.check(name!, password!);
    if (!user) return refuse(res, 401, action, name!);
    log.info('logged in', { user: user.email });
    await provider.interactionFinished(req, res, { login: { accountId: user.sub } });
  }

  return async (req, res) => {
    const provider = await deps.provider();
    let params: Readonly<Record<string, unknown>>;
    try {
      ({ params } = await provider.interactionDetails(req, res));
    } catch (error) {
      if ((error as Error).name !== 'SessionNotFound') throw error;
      return problem(res, 400, GONE);
    }
    if (req.method === 'POST') return tryPassword(provider, req, res);
    const alone = params['prompt'] === 'login' ? undefined : await loginWithoutPassword(req, users);
    if (alone) {
      log.info('logged in', { user: alone.email, password: 'not asked for' });
      return provider.interactionFinished(req, res, { login: { accountId: alone.sub } });
    }
    answerPage(res, 200, loginPage(pathOf(req)), headers);
  };
}
