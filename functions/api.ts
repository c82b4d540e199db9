// The HTTP API: devices and their windows, for the dashboard and for programs.

import { createHandler } from '../adapters/create-handler.ts';
import { readApiEnvironment } from '../adapters/environment.ts';
import { openApi } from '../adapters/open-api.ts';
import { createUserGroups, openUserPool } from '../adapters/user-groups.ts';
import { createHttpApi } from '../http-api/app.ts';
import { createCallerLimits } from '../http-api/caller-limits.ts';
import { resolveCaller } from '../http-api/caller.ts';
import { requestOf, resultOf, signerOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { createRoutes } from '../http-api/routes.ts';

const environment = readApiEnvironment(process.env);
const ports = openApi(environment);
const serveHttp = createHttpApi(createRoutes(ports, environment));
const admit = createCallerLimits(ports.now);
const { userPoolId } = environment;
const groupsOf = createUserGroups({ client: openUserPool(), userPoolId, now: ports.now });

export const handler = createHandler(async (event: HttpEvent, tools) => {
  const signer = signerOf(event);
  tools.identify({ route: event.routeKey, caller: signer.id });
  tools.count('ApiRequests', 1);
  const throttled = admit({ id: signer.id, isGuest: signer.kind === 'guest' });
  if (throttled) {
    tools.count('ApiThrottled', 1, throttled.limit);
    return resultOf(throttled.response);
  }
  const resolve = () => resolveCaller(signer, userPoolId, groupsOf);
  const response = await serveHttp(requestOf(event), { resolve, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
