// Logging in on the web port: the pages and endpoints that a user pool's domain has on AWS, opened when somebody first asks.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { AwsError } from '../aws-error.ts';
import { readBody } from '../aws/body.ts';
import type { Clock } from '../clock.ts';
import type { UserPoolService } from '../cognito/cognito.ts';
import { createThrottle } from '../http-api/throttle.ts';
import type { Log } from '../log.ts';
import { loginWithoutPassword } from './alone.ts';
import { answerPage, loginPage, pageHeaders, problemPage } from './pages.ts';
import { createProvider, paths } from './provider.ts';

export interface Login {
  /** Whether a path is one of the login. */
  serves(path: string): boolean;
  /** Loads what answers, which takes some 160 ms of processor time: a page that is opened is about to ask for it. */
  prepare(): void;
  /** Answers it, whatever comes of it. */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export interface LoginDeps {
  readonly service: UserPoolService;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string) => void;
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
const isForeign = ({ headers }: IncomingMessage, known: readonly string[] = []) =>
  headers.origin !== undefined &&
  headers.origin !== `http://${headers.host}` &&
  !known.includes(headers.origin);

export function createLogin({ service, clock, log, count }: LoginDeps): Login {
  const { users } = service;
  const { pool } = users;
  const mayTry = createAttempts(clock);
  const pages = pool.clients.flatMap(({ callbacks }) => callbacks.map((address) => new URL(address).origin));
  const headers = pageHeaders(pages);
  let opened: Promise<{ provider: Provider; callback: ReturnType<Provider['callback']> }> | undefined;
  const open = () =>
    (opened ??= createProvider(service, log).then((provider) => ({
      provider,
      callback: provider.callback(),
    })));

  const problem = (res: ServerResponse, status: number, text: string) =>
    answerPage(res, status, problemPage(text), headers);

  function refused(res: ServerResponse, status: 401 | 429, action: string, name: string): void {
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
    const action = req.url!.split('?', 1)[0]!;
    if (!mayTry(name!.trim().toLowerCase())) return refused(res, 429, action, name!);
    const user = await users.check(name!, password!);
    if (!user) return refused(res, 401, action, name!);
    log.info('logged in', { user: user.email });
    await provider.interactionFinished(req, res, { login: { accountId: user.sub } });
  }

  /** `/login/<interaction>`, of which oidc-provider knows by a cookie that only this path gets. */
  async function interact(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { provider } = await open();
    let asked: Readonly<Record<string, unknown>>;
    try {
      ({ params: asked } = await provider.interactionDetails(req, res));
    } catch (error) {
      if ((error as Error).name !== 'SessionNotFound') throw error;
      return problem(res, 400, GONE);
    }
    if (req.method === 'POST') return tryPassword(provider, req, res);
    const alone = asked['prompt'] === 'login' ? undefined : await loginWithoutPassword(req, users);
    if (alone) {
      log.info('logged in', { user: alone.email, password: 'not asked for' });
      return provider.interactionFinished(req, res, { login: { accountId: alone.sub } });
    }
    answerPage(res, 200, loginPage(req.url!.split('?', 1)[0]!), headers);
  }

  /** https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html */
  async function logOut(query: URLSearchParams, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const client = pool.clients.find(({ id }) => id === query.get('client_id'));
    if (!client) return problem(res, 400, 'client_id must be a client of the user pool.');
    const after = query.get('logout_uri');
    const again = query.get('redirect_uri');
    if (after === null ? !client.callbacks.includes(again ?? '') : !client.logouts.includes(after))
      return problem(
        res,
        400,
        'logout_uri must be one of LogoutURLs of the client, or redirect_uri one of CallbackURLs.',
      );
    const { provider } = await open();
    const context = provider.createContext(req, res);
    const session = await provider.Session.get(context);
    await session.destroy();
    context.cookies.set(provider.cookieName('session'), null, { signed: true, httpOnly: true });
    res
      .writeHead(302, {
        location: after ?? `${paths.authorize}?${query.toString()}`,
        'cache-control': 'no-store',
      })
      .end();
  }

  /** `prompt=none` asks not to be shown a form (OpenID Connect Core 3.1.2.1), and whoever gets none needs no refusal. */
  async function withoutNeedlessRefusal(req: IncomingMessage, search: string): Promise<string> {
    const query = new URLSearchParams(search);
    if (query.get('prompt') !== 'none' || !(await loginWithoutPassword(req, users))) return req.url!;
    query.delete('prompt');
    return `${paths.authorize}?${query.toString()}`;
  }

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [path = '', search = ''] = (req.url ?? '').split(/\?(.*)/s);
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    if (path === paths.login || path === paths.logout) {
      if (!isRead) return problem(res, 405, `${path} is for GET.`);
      if (path === paths.logout) return logOut(new URLSearchParams(search), req, res);
      // Cognito's takes what authorize takes.
      res.writeHead(302, { location: `${paths.authorize}?${search}`, 'cache-control': 'no-store' }).end();
      return;
    }
    if (path.startsWith(`${paths.login}/`))
      return isRead || req.method === 'POST'
        ? interact(req, res)
        : problem(res, 405, 'The login is for GET and POST.');
    if (isForeign(req, pages) && !path.includes('/.well-known/'))
      return problem(res, 403, 'Only pages of CallbackURLs may ask for tokens.');
    if (path === paths.authorize) req.url = await withoutNeedlessRefusal(req, search);
    // The issuer's own address on AWS has the pool before the path.
    if (path.startsWith(`/${pool.id}/`)) req.url = req.url!.slice(pool.id.length + 1);
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('referrer-policy', 'no-referrer');
    await (await open()).callback(req, res);
  }

  return {
    prepare: () => void open().catch(() => {}), // whoever asks gets the error
    serves: (path) =>
      /^\/(oauth2\/|login(\/|$)|logout$|\.well-known\/(jwks\.json|openid-configuration)$)/.test(path) ||
      path.startsWith(`/${pool.id}/.well-known/`),
    async serve(req, res) {
      try {
        await route(req, res);
      } catch (error) {
        const isLarge = error instanceof AwsError;
        if (!isLarge)
          log.error('login failed', { reason: error instanceof Error ? error.stack : String(error) });
        if (res.headersSent) res.destroy();
        else
          problem(
            res,
            isLarge ? 413 : 500,
            isLarge ? 'The form is too large.' : 'The login failed: see the log.',
          );
      }
    },
  };
}
