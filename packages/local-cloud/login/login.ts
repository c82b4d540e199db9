// Logging in on the web port: the pages and endpoints that a user pool's domain has on AWS, loaded at the first request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { AwsError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { UserPoolService } from '../cognito/cognito.ts';
import type { Log } from '../log.ts';
import { loginWithoutPassword } from './alone.ts';
import { createInteraction, isForeign, type Interact } from './interaction.ts';
import { answerPage, pageHeaders, problemPage } from './pages.ts';
import { createProvider, paths } from './provider.ts';

export interface Login {
  /** Whether a path is one of the login. */
  serves(path: string): boolean;
  /** Loads the provider, which takes some 160 ms of processor time. Called when a page opens, which soon needs it. */
  prepare(): void;
  /** Answers a request, also when it fails. */
  serve(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export interface LoginDeps {
  readonly service: UserPoolService;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string) => void;
}

/** `/logout`. https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html */
async function logOut(
  {
    clients,
    provider,
  }: {
    readonly clients: UserPoolService['users']['pool']['clients'];
    readonly provider: () => Promise<Provider>;
  },
  query: URLSearchParams,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<string | undefined> {
  const client = clients.find(({ id }) => id === query.get('client_id'));
  if (!client) return 'client_id must be a client of the user pool.';
  const after = query.get('logout_uri');
  const again = query.get('redirect_uri');
  if (after === null ? !client.callbacks.includes(again ?? '') : !client.logouts.includes(after))
    return 'logout_uri must be one of LogoutURLs of the client, or redirect_uri one of CallbackURLs.';
  const loaded = await provider();
  const context = loaded.createContext(req, res);
  const session = await loaded.Session.get(context);
  await session.destroy();
  context.cookies.set(loaded.cookieName('session'), null, { signed: true, httpOnly: true });
  res
    .writeHead(302, {
      location: after ?? `${paths.authorize}?${query.toString()}`,
      'cache-control': 'no-store',
    })
    .end();
  return undefined;
}

/** Loads the provider once, when it is first needed. */
function createOpen({ service, log }: LoginDeps) {
  let opened: Promise<{ provider: Provider; callback: ReturnType<Provider['callback']> }> | undefined;
  return () =>
    (opened ??= createProvider(service, log).then((provider) => ({
      provider,
      callback: provider.callback(),
    })));
}

/** What the routes of the login work with. */
interface Context {
  readonly users: UserPoolService['users'];
  /** Origins of the pages that may ask for tokens. */
  readonly pages: readonly string[];
  readonly open: ReturnType<typeof createOpen>;
  readonly provider: () => Promise<Provider>;
  readonly interact: Interact;
  readonly problem: (res: ServerResponse, status: number, text: string) => void;
}

function contextOf(deps: LoginDeps): Context {
  const { users } = deps.service;
  const pages = users.pool.clients.flatMap(({ callbacks }) =>
    callbacks.map((address) => new URL(address).origin),
  );
  const headers = pageHeaders(pages);
  const open = createOpen(deps);
  const provider = async () => (await open()).provider;
  return {
    ...{ users, pages, open, provider },
    interact: createInteraction({ ...deps, users, provider, headers }),
    problem: (res, status, text) => answerPage(res, status, problemPage(text), headers),
  };
}

/**
 * The address of an authorize request, without `prompt=none` for a user who gets no form anyway: with it, the request would be
 * refused (OpenID Connect Core 3.1.2.1).
 */
async function withoutNeedlessRefusal(
  users: Context['users'],
  req: IncomingMessage,
  search: string,
): Promise<string> {
  const query = new URLSearchParams(search);
  if (query.get('prompt') !== 'none' || !(await loginWithoutPassword(req, users))) return req.url!;
  query.delete('prompt');
  return `${paths.authorize}?${query.toString()}`;
}

async function loginOrLogout(
  { users, provider, problem }: Context,
  { path, search }: { readonly path: string; readonly search: string },
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (path === paths.logout) {
    const { clients } = users.pool;
    const refused = await logOut({ clients, provider }, new URLSearchParams(search), req, res);
    if (refused !== undefined) problem(res, 400, refused);
    return;
  }
  // Cognito's login endpoint takes the parameters of its authorize endpoint.
  res.writeHead(302, { location: `${paths.authorize}?${search}`, 'cache-control': 'no-store' }).end();
}

async function route(context: Context, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { users, pages, problem, interact, open } = context;
  const { pool } = users;
  const [path = '', search = ''] = (req.url ?? '').split(/\?(.*)/s);
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (path === paths.login || path === paths.logout)
    return isRead
      ? loginOrLogout(context, { path, search }, req, res)
      : problem(res, 405, `${path} is for GET.`);
  if (path.startsWith(`${paths.login}/`))
    return isRead || req.method === 'POST'
      ? interact(req, res)
      : problem(res, 405, 'The login is for GET and POST.');
  if (isForeign(req, pages) && !path.includes('/.well-known/'))
    return problem(res, 403, 'Only pages of CallbackURLs may ask for tokens.');
  if (path === paths.authorize) req.url = await withoutNeedlessRefusal(users, req, search);
  // The issuer's own address on AWS has the pool before the path.
  if (path.startsWith(`/${pool.id}/`)) req.url = req.url!.slice(pool.id.length + 1);
  res.setHeader('x-content-type-options', 'nosniff');
  res.setHeader('referrer-policy', 'no-referrer');
  await (await open()).callback(req, res);
}

export function createLogin(deps: LoginDeps): Login {
  const context = contextOf(deps);
  const { users, open, problem } = context;

  function fail(res: ServerResponse, error: unknown): void {
    const isLarge = error instanceof AwsError;
    if (!isLarge)
      deps.log.error('login failed', { reason: error instanceof Error ? error.stack : String(error) });
    if (res.headersSent) res.destroy();
    else if (isLarge) problem(res, 413, 'The form is too large.');
    else problem(res, 500, 'The login failed: see the log.');
  }

  return {
    prepare: () => void open().catch(() => {}), // the request that needs it gets the error
    serves: (path) =>
      /^\/(oauth2\/|login(\/|$)|logout$|\.well-known\/(jwks\.json|openid-configuration)$)/.test(path) ||
      path.startsWith(`/${users.pool.id}/.well-known/`),
    async serve(req, res) {
      try {
        await route(context, req, res);
      } catch (error) {
        fail(res, error);
      }
    },
  };
}
