// The HTTP API: devices and their windows, for the dashboard and for programs.

import { createHandler } from '../adapters/create-handler.ts';
import { readApiEnvironment } from '../adapters/environment.ts';
import { openApi } from '../adapters/open-api.ts';
import { createHttpApi } from '../http-api/app.ts';
import { createCallerLimits } from '../http-api/caller-limits.ts';
import { callerOf, requestOf, resultOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { createRoutes } from '../http-api/routes.ts';

const environment = readApiEnvironment(process.env);
const ports = openApi(environment);
const serveHttp = createHttpApi(createRoutes(ports, environment));
const admit = createCallerLimits(ports.now);

export const handler = createHandler(async (event: HttpEvent, tools) => {
  const caller = callerOf(event);
  tools.identify({ route: event.routeKey, caller: caller.id });
  tools.count('ApiRequests', 1);
  const throttled = admit(caller);
  if (throttled) {
    tools.count('ApiThrottled', 1, throttled.limit);
    return resultOf(throttled.response);
  }
  const response = await serveHttp(requestOf(event), { caller, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
