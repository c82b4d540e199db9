// The HTTP API: devices and their windows, for the dashboard and for programs.

import { createHandler } from '../adapters/create-handler.ts';
import { readApiEnvironment } from '../adapters/environment.ts';
import { createHttpApi } from '../http-api/app.ts';
import { callerOf, requestOf, resultOf, type HttpEvent } from '../http-api/lambda-http.ts';
import { openRoutes } from '../http-api/open-routes.ts';

const serveHttp = createHttpApi(openRoutes(readApiEnvironment(process.env)));

export const handler = createHandler(async (event, tools) => {
  const http = event as HttpEvent;
  const caller = callerOf(http);
  tools.identify({ route: http.routeKey, caller: caller.id });
  tools.count('ApiRequests', 1);
  const response = await serveHttp(requestOf(http), { caller, onError: (error) => tools.fail(error) });
  return resultOf(response);
});
