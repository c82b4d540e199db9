// Checks every part of a request against its route, and collects all faults instead of stopping at the first.

import * as z from 'zod/mini';
import { jsonStopsAt } from '../core/payload-text.ts';
import { faultsIn } from '../core/schema-faults.ts';
import { ApiProblem, invalid, type Fault } from './problem.ts';
import type { Fields, Route } from './route.ts';

export const JSON_TYPE = 'application/json';
export const MERGE_PATCH_TYPE = 'application/merge-patch+json';

export interface Checked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Makes the check of one route. The check rejects with an ApiProblem that names all faults. */
export function createCheck(
  route: Route,
): (request: Request, params: Readonly<Record<string, string>>) => Promise<Checked> {
  const [paramsSchema, querySchema] = [z.strictObject(route.params), z.strictObject(route.query)];
  return async (request, given) => {
    const faults: Fault[] = [];
    const params = check('path', paramsSchema, given, faults);
    const query = check('query', querySchema, queryOf(request.url, route.query, faults), faults);
    const body = await bodyOf(route, request, faults);
    if (faults.length > 0) throw invalid(...faults);
    return { params, query, body };
  };
}

function check(place: Fault['in'], schema: z.ZodMiniType, value: unknown, faults: Fault[]): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const { name, detail } of faultsIn(schema, value, result.error.issues))
    faults.push({ in: place, name, detail });
  return undefined;
}

function queryOf(url: string, fields: Fields, faults: Fault[]): Record<string, string | string[]> {
  const pairs = Map.groupBy(new URL(url).searchParams, ([name]) => name);
  return Object.fromEntries(
    [...pairs].map(([name, given]) => {
      const values = given.map(([, value]) => value);
      if (Object.hasOwn(fields, name) && isList(fields[name]!)) return [name, values];
      if (values.length > 1 && Object.hasOwn(fields, name))
        faults.push({ in: 'query', name, detail: 'must be given only once' });
      return [name, values.at(-1)!];
    }),
  );
}

/** Whether the parameter may be given several times, as lists in OpenAPI queries. */
function isList(schema: z.ZodMiniType): boolean {
  if (schema instanceof z.ZodMiniOptional) return isList(schema.def.innerType as z.ZodMiniType);
  return schema instanceof z.ZodMiniArray;
}

async function bodyOf(route: Route, request: Request, faults: Fault[]): Promise<unknown> {
  const text = await request.text();
  if (!route.body) {
    if (text !== '')
      faults.push({ in: 'body', name: '', detail: 'must be left out: this route has no body' });
    return undefined;
  }
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  const types = route.method === 'PATCH' ? [MERGE_PATCH_TYPE, JSON_TYPE] : [JSON_TYPE];
  if (type !== undefined && !types.includes(type)) {
    throw new ApiProblem(415, `The body is ${type}: send ${types.join(' or ')}`);
  }
  const stop = jsonStopsAt(text);
  if (stop === undefined) return check('body', route.body, JSON.parse(text), faults);
  const where = stop >= text.length ? 'at its end' : `at character ${stop + 1}`;
  const detail = text === '' ? 'must be JSON, but is empty' : `must be JSON, but is not valid JSON ${where}`;
  faults.push({ in: 'body', name: '', detail });
  return undefined;
}
