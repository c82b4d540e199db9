// Builds the OpenAPI description of the routes from the schemas that check the requests.

import * as z from 'zod/mini';
import type { Group } from '../core/access.ts';
import { JSON_TYPE, MERGE_PATCH_TYPE } from './check-request.ts';
import { isForGuests, leastGroup, siteScope, type SiteScope } from './least-group.ts';
import type { Fields, Route } from './route.ts';

type Json = Record<string, unknown>;

const GROUP_TEXTS: Readonly<Record<Group, string>> = {
  viewer: 'For the groups viewer, operator and admin, and for the AWS account.',
  operator: 'For the groups operator and admin, and for the AWS account.',
  admin: 'For the group admin, and for the AWS account.',
};

const SITE_TEXTS: Readonly<Record<SiteScope, string>> = {
  device: 'Users restricted to some sites: only for devices of these sites.',
  own: 'Users restricted to some sites: only for these sites.',
  filtered: 'Users restricted to some sites: without data of other sites.',
  shared: 'The same for users restricted to some sites.',
  refused: 'Not for users restricted to some sites.',
};

const PROBLEM = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['status', 'title'],
  properties: {
    status: { type: 'integer' },
    title: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['in', 'name', 'detail'],
        properties: {
          in: { enum: ['path', 'query', 'body'] },
          name: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
};

/** The OpenAPI 3.1 description of routes. */
export function openApiOf(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidegate',
      version: '1',
      description:
        'Devices, their windows and alerts. Every request but GET /health is signed with AWS Signature Version 4.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: 'http://127.0.0.1:8080/api', description: 'npm start' },
      {
        url: 'https://{api}.execute-api.{region}.amazonaws.com',
        description: 'The output ApiUrl of the stack',
        variables: { api: { default: 'api' }, region: { default: 'us-east-1' } },
      },
    ],
    security: [{ sigv4: [] }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4 for the service execute-api',
        },
      },
    },
  };
}

const IF_MATCH = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The ETag of the state that the change is based on; if it has changed since, the answer is 412',
  schema: { type: 'string' },
};
const ETAG = { ETag: { description: 'For If-Match', schema: { type: 'string' } } };

function accessTo(route: Pick<Route, 'method' | 'path'>): Json {
  const least = leastGroup(route);
  const guests = isForGuests(route) ? 'For guests. ' : '';
  return {
    description: `${guests}${GROUP_TEXTS[least]} ${SITE_TEXTS[siteScope(route)]}`,
    'x-least-group': least,
  };
}

function operationOf(route: Route): Json {
  const { method, path, summary, params, query, body, answer, isPublic, isTagged } = route;
  const { textType = JSON_TYPE } = route;
  const isEmpty = answer.def.type === 'undefined';
  const access = isPublic ? { security: [] } : accessTo({ method, path });
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...access,
    parameters: [
      ...parametersOf('path', params),
      ...parametersOf('query', query),
      ...(isTagged && method !== 'GET' ? [IF_MATCH] : []),
    ],
    ...(body && {
      requestBody: { required: true, content: { [typeOf(method)]: { schema: schemaOf(body, 'input') } } },
    }),
    responses: {
      ...(isEmpty
        ? { 204: { description: 'Done' } }
        : {
            200: {
              description: 'Found',
              ...(isTagged && { headers: ETAG }),
              content: { [textType]: { schema: schemaOf(answer, 'output') } },
            },
          }),
      default: {
        description: 'What went wrong; 403 and 429 from API Gateway itself have only a `message`',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** A patch may also be sent as plain JSON. */
const typeOf = (method: string) => (method === 'PATCH' ? MERGE_PATCH_TYPE : JSON_TYPE);

/** `GET /devices/{deviceId}/windows` as `getDevicesDeviceIdWindows`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z]+/).filter(Boolean);
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function parametersOf(place: 'path' | 'query', fields: Fields): Json[] {
  return Object.entries(fields).map(([name, schema]) => ({
    name,
    in: place,
    required: !schema.safeParse(undefined).success,
    schema: schemaOf(schema, 'input'),
  }));
}

function schemaOf(schema: z.ZodMiniType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...found } = z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema }) {
      // Adds the descriptions of parsed texts, and drops the bounds that only say that an integer fits a double.
      Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return found;
}
