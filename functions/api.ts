// The HTTP API: devices and their windows, for the dashboard and for programs.

import { createHandler } from '../adapters/create-handler.ts';
import { readApiEnvironment } from '../adapters/environment.ts';
import { openApi } from '../adapters/open-api.ts';
import { createHttpApi } from '../http-api/app.ts';
import { callerOf, requestOf, resultOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { createRoutes } from '../http-api/routes.ts';

const environment = readApiEnvironment(process.env);
const serveHttp = createHttpApi(createRoutes(openApi(environment), environment));

export const handler = createHandler(async (event: HttpEvent, tools) => {
  const caller = callerOf(event);
  tools.identify({ route: event.routeKey, caller: caller.id });
  tools.count('ApiRequests', 1);
  const response = await serveHttp(requestOf(event), { caller, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
