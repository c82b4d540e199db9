// Serves routes: finds the route of a request, checks the request, and answers errors as problem details.

import { Hono } from 'hono/tiny';
import { createCheck } from './check-request.ts';
import type { Counting } from '../pipeline/ports.ts';
import { requireGroup } from './least-group.ts';
import { ApiProblem, problemOf, type Problem } from './problem.ts';
import { ENTITY_TAG, type ApiCaller, type Route } from './route.ts';

/** The context of a request. */
export interface Served {
  /** Identifies the caller. Rejects with an ApiProblem for a caller without any access. */
  readonly resolve: () => Promise<ApiCaller>;
  /** Called with an error that is not the caller's fault. */
  readonly onError: (error: unknown) => void;
  /** Adds to a metric; absent: nothing is counted. */
  readonly count?: (name: string, value: number) => void;
  /** Writes to a log; absent: nothing is logged. */
  readonly warn?: Counting['warn'];
}

export type ServeHttp = (request: Request, served: Served) => Promise<Response>;

export function createHttpApi(routes: readonly Route[]): ServeHttp {
  const app = new Hono<{ Bindings: Served }>();
  for (const route of routes) {
    const check = createCheck(route);
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(route.method, path, async ({ req, env }) => {
      const caller = await env.resolve();
      requireGroup(route, caller);
      const checked = await check(req.raw, req.param());
      const ifMatch = req.header('if-match');
      return answerOf(
        await route.run({
          ...{ ...checked, caller, ifMatch },
          ...{ count: env.count ?? (() => {}), warn: env.warn ?? (() => {}) },
        } as never),
        route.textType,
      );
    });
  }
  app.notFound(({ req }) => answerProblem(problemOf(404, `There is no route ${req.method} ${req.path}`)));
  app.onError((error, { env }) => {
    if (error instanceof ApiProblem) return answerProblem(error.problem);
    env.onError(error);
    return answerProblem(problemOf(500, 'The error is in the log of the function'));
  });
  return async (request, served) => app.fetch(request, served);
}

function answerOf(found: unknown, textType?: string): Response {
  if (found === undefined) return new Response(null, { status: 204 });
  if (textType !== undefined)
    return new Response(found as string, { headers: { 'content-type': `${textType}; charset=utf-8` } });
  const { [ENTITY_TAG]: tag } = found as { readonly [ENTITY_TAG]?: string };
  return new Response(JSON.stringify(found), {
    headers: { 'content-type': 'application/json', ...(tag !== undefined && { etag: tag }) },
  });
}

export function answerProblem(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  });
}
