// Serves routes: finds the one that is asked for, checks every part of the request, and answers problems as problems.

import type { Context } from 'hono';
import { Hono } from 'hono/tiny';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { ApiProblem, problemOf, type Fault, type Problem } from './problem.ts';
import type { ApiCaller, Fields, Route } from './route.ts';

/** What comes with a request beside the request. */
export interface Served {
  readonly caller: ApiCaller;
  /** Told of an error that is our own fault. */
  readonly onError: (error: unknown) => void;
}

export type ServeHttp = (request: Request, served: Served) => Promise<Response>;

type HttpContext = Context<{ Bindings: Served }>;

z.config(en());

export function createHttpApi(routes: readonly Route[]): ServeHttp {
  const app = new Hono<{ Bindings: Served }>();
  for (const route of routes) {
    const schemas = { params: z.strictObject(route.params), query: z.strictObject(route.query) };
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(route.method, path, (context) => serve(route, schemas, context));
  }
  app.notFound(({ req }) => answerProblem(problemOf(404, `There is no ${req.method} ${req.path}`)));
  app.onError((error, { env }) => {
    if (error instanceof ApiProblem) return answerProblem(error.problem);
    env.onError(error);
    return answerProblem(problemOf(500, 'It is in the log of the function'));
  });
  return async (request, served) => app.fetch(request, served);
}

interface Schemas {
  readonly params: z.ZodMiniType;
  readonly query: z.ZodMiniType;
}

async function serve(route: Route, schemas: Schemas, { req, env }: HttpContext): Promise<Response> {
  const faults: Fault[] = [];
  const params = check('path', schemas.params, req.param(), faults);
  const query = check('query', schemas.query, queryOf(req.url, route.query, faults), faults);
  const body = await bodyOf(route, req.raw, faults);
  if (faults.length > 0) {
    const [{ in: place, name, detail }] = faults as [Fault, ...Fault[]];
    throw new ApiProblem(400, [place, name, detail].filter(Boolean).join(' '), faults);
  }
  const found = await route.run({ params, query, body, caller: env.caller } as never);
  if (found === undefined) return new Response(null, { status: 204 });
  return new Response(JSON.stringify(found), { headers: { 'content-type': 'application/json' } });
}

/** Problems are not thrown yet, so that one answer names all. */
function check(place: Fault['in'], schema: z.ZodMiniType, value: unknown, faults: Fault[]): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      const { shape = {} } = schema as unknown as { shape?: Fields };
      const known = issue.path.length === 0 ? Object.keys(shape).join(', ') : '';
      for (const key of issue.keys) {
        faults.push({
          in: place,
          name: [...issue.path, key].join('.'),
          detail: `is not known here${known && `: use ${known}`}`,
        });
      }
    } else {
      faults.push({ in: place, name: issue.path.join('.'), detail: issue.message });
    }
  }
  return undefined;
}

function queryOf(url: string, fields: Fields, faults: Fault[]): Record<string, string> {
  const pairs = [...new URL(url).searchParams];
  for (const [name, values = []] of Object.entries(Object.groupBy(pairs, ([name]) => name))) {
    if (values.length > 1 && Object.hasOwn(fields, name)) {
      faults.push({ in: 'query', name, detail: 'is there more than once' });
    }
  }
  return Object.fromEntries(pairs);
}

async function bodyOf(route: Route, request: Request, faults: Fault[]): Promise<unknown> {
  const text = await request.text();
  if (!route.body) {
    if (text !== '') faults.push({ in: 'body', name: '', detail: 'is not wanted here' });
    return undefined;
  }
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/json') {
    throw new ApiProblem(415, `The body is ${type}: send application/json`);
  }
  try {
    return check('body', route.body, JSON.parse(text), faults);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    faults.push({ in: 'body', name: '', detail: `is not JSON: ${error.message}` });
    return undefined;
  }
}

function answerProblem(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
  });
}
