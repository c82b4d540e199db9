// What the HTTP API does for all routes: checks bodies, reports problems, keeps errors in the log, and passes the caller on.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { createHttpApi } from '../../http-api/app.ts';
import { requestOf, resultOf, signerOf, type HttpEvent } from '../../http-api/lambda-http.ts';
import { openApiOf } from '../../http-api/openapi.ts';
import { ApiProblem } from '../../http-api/problem.ts';
import { route, type ApiCaller } from '../../http-api/route.ts';

const caller: ApiCaller = { id: 'arn:aws:iam::000000000000:user/operator', isGuest: false, group: 'admin' };
const rule = z.strictObject({ above: z.number(), match: z.optional(z.strictObject({ site: z.string() })) });

const routes = [
  route({
    method: 'PUT',
    path: '/rules/{id}',
    summary: 'Sets a rule',
    params: { id: z.string().check(z.maxLength(8)) },
    query: {},
    body: rule,
    answer: z.strictObject({ id: z.string(), above: z.number(), by: z.string() }),
    async run({ params, body, caller }) {
      if (params.id === 'taken') throw new ApiProblem(409, 'Somebody else changed it');
      if (params.id === 'broken') throw new Error('secret');
      return { id: params.id, above: body.above, by: caller.id };
    },
  }),
  route({
    method: 'DELETE',
    path: '/rules/{id}',
    summary: 'Deletes a rule',
    params: { id: z.string() },
    query: {},
    answer: z.undefined(),
    run: async () => undefined,
  }),
];

async function ask(method: string, path: string, body?: string, type: string | null = 'application/json') {
  const errors: unknown[] = [];
  const headers: Record<string, string> = type === null ? {} : { 'content-type': type };
  const request = new Request(`https://api.example${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: Buffer.from(body) }),
  });
  const response = await createHttpApi(routes)(request, {
    resolve: async () => caller,
    onError: (error) => void errors.push(error),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
    errors,
  };
}

test('a valid body reaches the route, with the caller', async () => {
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', null]) {
    const { status, body } = await ask('PUT', '/rules/warm', '{"above":8}', type);
    assert.deepEqual([status, body], [200, { id: 'warm', above: 8, by: caller.id }]);
  }
});

test('a route without an answer gives 204', async () => {
  const { status, body, type } = await ask('DELETE', '/rules/warm');
  assert.deepEqual([status, body, type], [204, undefined, null]);
});

type Place = readonly [place: string, name: string, detail: string];
const wrongBodies: readonly (readonly [body: string | undefined, ...faults: Place[]])[] = [
  [undefined, ['body', '', 'The body must be JSON, but is empty']],
  ['{"above":', ['body', '', 'The body must be JSON, but is not valid JSON at its end']],
  ['{"above":8,}', ['body', '', 'The body must be JSON, but is not valid JSON at character 12']],
  ['above', ['body', '', 'The body must be JSON, but is not valid JSON at character 1']],
  ['null', ['body', '', 'The body must be a JSON object']],
  ['[]', ['body', '', 'The body must be a JSON object']],
  ['{}', ['body', 'above', '`above` must be given: a number']],
  ['{"above":"8"}', ['body', 'above', '`above` must be a number']],
  ['{"above":8,"below":1}', ['body', 'below', '`below` is not known here: use above, match']],
  ['{"above":8,"macth":{}}', ['body', 'macth', '`macth` is not known here: did you mean match?']],
  ['{"above":8,"match":{"site":1}}', ['body', 'match.site', '`match.site` must be text']],
  ['{"above":8,"match":{"site":"a","x":1}}', ['body', 'match.x', '`match.x` is not known here: use site']],
  ['{"above":8,"__proto__":{}}', ['body', '__proto__', '`__proto__` is not known here: use above, match']],
];
for (const [body, ...faults] of wrongBodies) {
  test(`the body ${body} is refused by name`, async () => {
    const found = await ask('PUT', '/rules/warm', body);
    assert.deepEqual([found.status, found.type], [400, 'application/problem+json']);
    assert.deepEqual(
      found.body?.['errors'],
      faults.map(([place, name, detail]) => ({ in: place, name, detail })),
    );
  });
}

test('all problems of path and body are reported at once', async () => {
  const { body } = await ask('PUT', '/rules/much-too-long', '{}');
  const faults = body?.['errors'] as { in: string; name: string }[];
  assert.deepEqual(
    faults.map((fault) => `${fault.in} ${fault.name}`),
    ['path id', 'body above'],
  );
});

test('a body of another type, or an unexpected body, is refused', async () => {
  const { status, body } = await ask('PUT', '/rules/warm', 'above: 8', 'application/yaml');
  assert.deepEqual([status, body?.['detail']], [415, 'The body is application/yaml: send application/json']);
  const other = await ask('DELETE', '/rules/warm', '{}');
  assert.deepEqual(
    [other.status, other.body?.['detail']],
    [400, 'The body must be left out: this route has no body'],
  );
});

test('a problem of a route is its answer; an internal error is 500 and only in the log', async () => {
  const conflict = await ask('PUT', '/rules/taken', '{"above":8}');
  assert.deepEqual(conflict.body, {
    status: 409,
    title: 'Conflict',
    detail: 'Somebody else changed it',
  });
  assert.deepEqual(conflict.errors, []);
  const broken = await ask('PUT', '/rules/broken', '{"above":8}');
  assert.equal(broken.status, 500);
  assert.doesNotMatch(JSON.stringify(broken.body), /secret/);
  assert.match(String(broken.errors[0]), /secret/);
});

test('bodies and empty answers are described', () => {
  const paths = openApiOf(routes)['paths'] as Record<string, Record<string, Record<string, unknown>>>;
  const { put, delete: remove } = paths['/rules/{id}']!;
  assert.deepEqual(put!['requestBody'], {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: {
            above: { type: 'number' },
            match: {
              type: 'object',
              properties: { site: { type: 'string' } },
              required: ['site'],
              additionalProperties: false,
            },
          },
          required: ['above'],
          additionalProperties: false,
        },
      },
    },
  });
  assert.equal(remove!['requestBody'], undefined);
  assert.deepEqual(Object.keys(remove!['responses'] as object), ['204', 'default']);
});

const event = (more: object): HttpEvent =>
  ({
    rawPath: '/rules/warm',
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    isBase64Encoded: false,
    requestContext: { domainName: 'api.example', http: { method: 'PUT' }, authorizer: {} },
    ...more,
  }) as unknown as HttpEvent;

test('the body of an event is the body of the request, in base64 too', async () => {
  assert.equal(await requestOf(event({ body: '{"a":"ä"}' })).text(), '{"a":"ä"}');
  const body = Buffer.from('{"a":"ä"}').toString('base64');
  assert.equal(await requestOf(event({ body, isBase64Encoded: true })).text(), '{"a":"ä"}');
  assert.equal(await requestOf(event({})).text(), '');
});

test('characters of a decoded path segment stay in the segment', () => {
  const { pathname, search } = new URL(
    requestOf(event({ rawPath: '/rules/a?b#c d', rawQueryString: 'x=1' })).url,
  );
  assert.deepEqual([pathname, search], ['/rules/a%3Fb%23c%20d', '?x=1']);
});

test('a path with .. stays on the route that API Gateway authorised', () => {
  for (const [rawPath, expected] of [
    ['/devices/../rules', '/devices/%252e%252e/rules'],
    ['/devices/%2E./windows', '/devices/%252e%252e/windows'],
    ['/devices/.', '/devices/%252e'],
    ['/devices/..\\rules', '/devices/..%5Crules'],
    ['/devices/.\t./rules', '/devices/.%09./rules'],
    ['/devices/a..b', '/devices/a..b'],
  ] as const) {
    assert.equal(new URL(requestOf(event({ rawPath })).url).pathname, expected);
  }
});

const iam = (authorizer: object) => signerOf(event({ requestContext: { authorizer } }));
test('the caller is the Cognito identity if there is one, otherwise the ARN; a body cannot change it', () => {
  const userArn = 'arn:aws:iam::000000000000:user/operator';
  assert.deepEqual(iam({ iam: { userArn, cognitoIdentity: null } }), {
    ...{ id: userArn, kind: 'account', poolId: undefined, amr: [] },
  });
  for (const [kind, amr] of [
    ['guest', ['unauthenticated']],
    ['user', ['authenticated', 'cognito-idp.us-east-1.amazonaws.com/us-east-1_A:CognitoSignIn:ann']],
  ] as const) {
    const cognitoIdentity = { identityId: 'us-east-1:1', identityPoolId: 'us-east-1:2', amr: [...amr] };
    assert.deepEqual(iam({ iam: { userArn, cognitoIdentity } }), {
      ...{ id: 'us-east-1:1', kind, poolId: 'us-east-1:2', amr: [...amr] },
    });
  }
  assert.throws(() => iam({}), /does not say who signed it/);
});

test("a response is returned as the function's result", async () => {
  const response = new Response('{"a":1}', { status: 201, headers: { 'content-type': 'application/json' } });
  assert.deepEqual(await resultOf(response), {
    statusCode: 201,
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
});
