// The function of the HTTP API, for the dashboard and for programs.

import { createHandler } from '../adapters/create-handler.ts';
import { readApiEnvironment } from '../adapters/environment.ts';
import { openApi } from '../adapters/open-api.ts';
import { createUserGroups } from '../adapters/user-groups.ts';
import { openUserPool } from '../adapters/user-pool-client.ts';
import { createHttpApi } from '../http-api/app.ts';
import { createCallerLimits } from '../http-api/caller-limits.ts';
import { resolveCaller } from '../http-api/caller.ts';
import { ANYBODY, requestOf, resultOf, signerOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { createRoutes } from '../http-api/routes.ts';

const environment = readApiEnvironment(process.env);
const ports = openApi(environment);
const routes = createRoutes(ports, environment);
const publicRoutes = routes.filter(({ isPublic }) => isPublic);
const publicKeys = publicRoutes.map(({ method, path }) => `${method} ${path}`);
const serveSigned = createHttpApi(routes);
const serveAnybody = createHttpApi(publicRoutes);
const admit = createCallerLimits(ports.now);
const { userPoolId } = environment;
const groupsOf = createUserGroups({ client: openUserPool(), userPoolId, now: ports.now });

export const handler = createHandler(async (event: HttpEvent, tools) => {
  // API Gateway names the matched route, and has checked its authorisation.
  const isPublic = publicKeys.includes(event.routeKey);
  const signer = isPublic ? undefined : signerOf(event);
  tools.identify({ route: event.routeKey, caller: signer?.id ?? ANYBODY.id });
  tools.count('ApiRequests', 1);
  // Public routes rely on API Gateway's own limits: a limit here would let a flood block health checks.
  const throttled = signer && admit({ id: signer.id, isGuest: signer.kind === 'guest' });
  if (throttled) {
    tools.count('ApiThrottled', 1, throttled.limit);
    return resultOf(throttled.response);
  }
  const serveHttp = isPublic ? serveAnybody : serveSigned;
  const resolve = async () => (signer ? resolveCaller(signer, userPoolId, groupsOf) : ANYBODY);
  const response = await serveHttp(requestOf(event), {
    resolve,
    onError: (error) => tools.fail(error),
    count: (name, value) => tools.count(name, value),
    warn: (message, fields) => tools.warn(message, fields),
  });
  return resultOf(response);
});
