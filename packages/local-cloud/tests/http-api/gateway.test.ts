// The gateway of the HTTP API: which callers it admits, which event the function gets, and what becomes of its response.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { AwsError } from '../../aws-error.ts';
import { start } from '../cognito/cognito-fixture.ts';
import { ownKeys, type Call } from './call-api.ts';
import { openGateway } from './fixture.ts';

const message = (text: string) => JSON.stringify({ message: text });

test('the developer is admitted, and the function gets the request in payload format 2.0', async () => {
  const { call, events, spec } = await openGateway();
  const headers = { 'x-note': 'a', 'user-agent': 'test/1', cookie: 'a=1; b=2' };
  const query = { metric: 'temperature', from: '2026-11-20T12:00:00Z' };
  const answer = await call({ path: '/devices/a%3Ab/windows', query, headers });
  assert.deepEqual([answer.status, answer.body], [200, 'done']);
  const [event] = events;
  const { headers: told, requestContext, ...rest } = event!;
  assert.deepEqual(rest, {
    version: '2.0',
    routeKey: 'GET /devices/{deviceId}/windows',
    rawPath: '/devices/a:b/windows',
    rawQueryString: 'metric=temperature&from=2026-11-20T12%3A00%3A00Z',
    cookies: ['a=1', 'b=2'],
    queryStringParameters: { metric: 'temperature', from: '2026-11-20T12:00:00Z' },
    pathParameters: { deviceId: 'a:b' },
    isBase64Encoded: false,
  });
  assert.deepEqual(
    [told['x-note'], told['x-forwarded-for'], told['x-forwarded-proto'], told['cookie']],
    ['a', '127.0.0.1', 'http', undefined],
  );
  const { requestId, ...context } = requestContext;
  assert.equal(answer.headers['apigw-requestid'], requestId);
  assert.deepEqual(context, {
    accountId: '000000000000',
    apiId: spec.id,
    authorizer: {
      iam: {
        accessKey: 'local',
        accountId: '000000000000',
        principalOrgId: null,
        callerId: '000000000000',
        cognitoIdentity: null,
        userArn: 'arn:aws:iam::000000000000:root',
        userId: '000000000000',
      },
    },
    domainName: `${spec.id}.execute-api.us-east-1.amazonaws.com`,
    domainPrefix: spec.id,
    http: {
      method: 'GET',
      path: '/devices/a:b/windows',
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
      userAgent: 'test/1',
    },
    routeKey: 'GET /devices/{deviceId}/windows',
    stage: '$default',
    time: '20/Nov/2026:12:00:00 +0000',
    timeEpoch: start,
  });
});

test('a logged-in user is admitted, and the function gets the identity', async () => {
  const { call, login, events } = await openGateway();
  const alice = await login('alice');
  assert.equal((await call({ keys: alice })).status, 200);
  const { iam } = events[0]!.requestContext.authorizer;
  assert.equal(
    iam.userArn,
    'arn:aws:sts::000000000000:assumed-role/tidegate-DashboardUserRole/CognitoIdentityCredentials',
  );
  assert.deepEqual(iam.cognitoIdentity, {
    amr: ['authenticated'],
    identityId: alice.identityId,
    identityPoolId: 'us-east-1:8c1c34ef-d3c3-4f2d-82aa-f1a3dc3f06f6',
  });
});

const routes = [
  { key: 'GET /devices', method: 'GET', path: '/devices', functionName: 'f' },
  { key: 'GET /devices/{id}', method: 'GET', path: '/devices/{id}', functionName: 'f' },
  { key: 'GET /devices/{id}/windows', method: 'GET', path: '/devices/{id}/windows', functionName: 'f' },
  { key: 'GET /devices/{id}/alerts', method: 'GET', path: '/devices/{id}/alerts', functionName: 'f' },
  { key: 'GET /alerts', method: 'GET', path: '/alerts', functionName: 'f' },
  { key: 'PUT /rules/{id}', method: 'PUT', path: '/rules/{id}', functionName: 'f' },
];
const forGuests: readonly (readonly [method: string, path: string, status: number])[] = [
  ['GET', '/devices', 200],
  ['GET', '/devices/fridge-1', 200],
  ['GET', '/devices/fridge-1/windows', 200],
  ['GET', '/devices/fridge-1/alerts', 403],
  ['GET', '/alerts', 403],
  ['PUT', '/rules/x', 403],
];
test('a guest may see devices and windows and nothing else, a user everything', async () => {
  const { call, guest, login, reasons } = await openGateway({ spec: { routes } });
  const [visitor, alice] = [await guest(), await login('alice')];
  for (const [method, path, status] of forGuests) {
    assert.equal((await call({ method, path, keys: visitor })).status, status, `guest ${method} ${path}`);
    assert.equal((await call({ method, path, keys: alice })).status, 200, `user ${method} ${path}`);
  }
  assert.match(
    reasons[0]!,
    /may not execute-api:Invoke on arn:aws:execute-api:us-east-1:000000000000:\w{10}\/\$default\/GET\/devices\/fridge-1\/alerts: .*NotForAlerts/,
  );
});

const unwanted: readonly (readonly [what: string, call: Call, reason: RegExp])[] = [
  ['without a signature', { keys: null }, /is not signed in its header/],
  [
    'with a wrong secret',
    { keys: { ...ownKeys, secretAccessKey: 'wrong' } },
    /signature we calculated does not match/,
  ],
  [
    'with a key of AWS',
    { keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } },
    /AKIAIOSFODNN7EXAMPLE is not of this installation/,
  ],
  ['for another service', { service: 'lambda' }, /scoped to us-east-1\/execute-api/],
  ['for another region', { region: 'eu-west-1' }, /scoped to us-east-1\/execute-api/],
  ['of six minutes ago', { signedAt: start - 360_000 }, /within five minutes/],
  ['from in six minutes', { signedAt: start + 360_000 }, /within five minutes/],
  [
    'whose query was changed',
    { query: { limit: '1' }, change: (sent) => (sent.path = '/api/devices?limit=2') },
    /does not match/,
  ],
  ['whose path was changed', { change: (sent) => (sent.path = '/api/devices/x') }, /does not match/],
  ['with a query that was added', { change: (sent) => (sent.path += '?next=a') }, /does not match/],
  [
    'whose body was added',
    {
      change(sent) {
        sent.body = 'x';
        sent.headers['content-length'] = '1';
      },
    },
    /SHA-?256|does not match/i,
  ],
  ['whose host was changed', { change: (sent) => (sent.headers['host'] = 'localhost:1') }, /does not match/],
  [
    'of a foreign page',
    { headers: { origin: 'https://evil.example' } },
    /page https:\/\/evil\.example are not/,
  ],
  [
    'of a page on another port',
    { headers: { origin: 'http://localhost:3000' } },
    /page http:\/\/localhost:3000/,
  ],
  ['of a page in a frame', { headers: { origin: 'null' } }, /page null are not/],
  ['of a form elsewhere', { headers: { 'sec-fetch-site': 'cross-site' } }, /of a web page are not/],
  [
    'of a page on another port, without its origin',
    { headers: { 'sec-fetch-site': 'same-site' } },
    /of a web page/,
  ],
  [
    'by another name for this machine',
    { change: (sent) => (sent.headers['host'] = 'evil.example') },
    /Host 'evil.example' is not served/,
  ],
  [
    'in another form',
    { change: (sent) => (sent.headers['authorization'] = 'Bearer x') },
    /is not signed in its header/,
  ],
];
for (const [what, call, reason] of unwanted) {
  test(`a request ${what} is forbidden, and the log says why`, async () => {
    const gateway = await openGateway();
    const { status, body, headers } = await gateway.call(call);
    assert.deepEqual(
      [status, body, headers['content-type']],
      [403, message('Forbidden'), 'application/json'],
    );
    assert.match(gateway.reasons[0]!, reason);
    assert.deepEqual([gateway.events, gateway.counts], [[], { 'api.requests': 1, 'api.refused': 1 }]);
  });
}

test('credentials that have expired, or whose token was changed, are forbidden', async () => {
  const { call, guest, clock, reasons } = await openGateway();
  const visitor = await guest();
  const other = { ...visitor, sessionToken: `${visitor.sessionToken}x` };
  assert.equal((await call({ keys: other })).status, 403);
  clock.step(3_600_000);
  assert.equal((await call({ keys: visitor, signedAt: clock.now() })).status, 403);
  assert.match(reasons.join('\n'), /session token is not one of this installation\n.*have expired/);
});

test('guests are forbidden everything once the template takes none', async () => {
  const { call, login, guest } = await openGateway({ overrides: { AllowGuests: 'false' } });
  await assert.rejects(guest());
  assert.equal((await call({ keys: await login('alice') })).status, 200);
});

const unknown: readonly (readonly [method: string, path: string])[] = [
  ['GET', ''],
  ['GET', '/'],
  ['GET', '/nothing'],
  ['GET', '/devices/'],
  ['GET', '/devices/a/b/c'],
  ['GET', '/devices/a%2Fwindows%2Fc'],
  ['POST', '/devices'],
  ['HEAD', '/devices'],
  ['GET', '/devices/%zz'],
  ['GET', '/../devices'],
];
for (const [method, path] of unknown) {
  test(`${method} ${path || 'of nothing'} is not found for any caller`, async () => {
    const { call, events } = await openGateway();
    const { status, body } = await call({ method, path, keys: null });
    assert.deepEqual([status, method === 'HEAD' || body], [404, method === 'HEAD' || message('Not Found')]);
    assert.deepEqual(events, []);
  });
}

test('a public route accepts a request without a signature, or with any signature', async () => {
  const health = { key: 'GET /health', method: 'GET', path: '/health', functionName: 'f' };
  const spec = { routes: [...routes, { ...health, isPublic: true } as const] };
  const { call, events, counts } = await openGateway({ spec });
  const wrong = { accessKeyId: 'local', secretAccessKey: 'wrong' };
  for (const keys of [null, ownKeys, wrong])
    assert.equal((await call({ path: '/health', keys })).status, 200);
  assert.deepEqual(
    events.map(({ routeKey, requestContext }) => [routeKey, requestContext.authorizer]),
    events.map(() => ['GET /health', undefined]),
  );
  assert.equal(events.length, 3);
  assert.equal((await call({ path: '/devices', keys: null })).status, 403);
  assert.equal(counts['api.refused'], 1);
});

test('a public route is throttled as the others', async () => {
  const health = {
    key: 'GET /health',
    method: 'GET',
    path: '/health',
    functionName: 'f',
    isPublic: true,
  } as const;
  const { call } = await openGateway({ spec: { routes: [health], rate: 1, burst: 2 } });
  const statuses = [];
  for (let asked = 0; asked < 3; asked += 1)
    statuses.push((await call({ path: '/health', keys: null })).status);
  assert.deepEqual(statuses, [200, 200, 429]);
});

const put = { key: 'PUT /rules/{id}', method: 'PUT', path: '/rules/{id}', functionName: 'f' };
const bodies: readonly (readonly [type: string | undefined, isText: boolean])[] = [
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['application/problem+json', true],
  ['text/csv', true],
  [undefined, true],
  ['application/octet-stream', false],
  ['image/png', false],
];
for (const [type, isText] of bodies) {
  test(`a body of type ${type} reaches the function as ${isText ? 'text' : 'base64'}`, async () => {
    const { call, events } = await openGateway({ spec: { routes: [put] } });
    const body = '{"a":"ä"}';
    await call({
      method: 'PUT',
      path: '/rules/x',
      body,
      headers: type === undefined ? {} : { 'content-type': type },
    });
    const [event] = events;
    assert.equal(event!.isBase64Encoded, !isText);
    assert.equal(Buffer.from(event!.body!, isText ? 'utf8' : 'base64').toString(), body);
  });
}

test('a body that is larger than API Gateway or the function takes is refused', async () => {
  const { call, counts } = await openGateway({ spec: { routes: [put] } });
  for (const size of [6_291_456, 10_485_761]) {
    const { status, body } = await call({ method: 'PUT', path: '/rules/x', body: 'x'.repeat(size) });
    assert.deepEqual([status, body], [413, message('Request Entity Too Large')]);
  }
  assert.equal(counts['api.refused'], 2);
});

const results: readonly (readonly [
  what: string,
  result: unknown,
  status: number,
  type: string,
  body: string,
])[] = [
  [
    'a response',
    { statusCode: 201, headers: { 'Content-Type': 'text/csv' }, body: 'a,b' },
    201,
    'text/csv',
    'a,b',
  ],
  [
    'a response in base64',
    { statusCode: 200, headers: {}, body: 'ZG9uZQ==', isBase64Encoded: true },
    200,
    'text/plain;charset=utf-8',
    'done',
  ],
  ['a response without a body', { statusCode: 204 }, 204, 'text/plain;charset=utf-8', ''],
  ['a status as text', { statusCode: '202', body: '' }, 202, 'text/plain;charset=utf-8', ''],
  ['an object without a status', { a: 1 }, 200, 'application/json', '{"a":1}'],
  ['text', 'done', 200, 'application/json', 'done'],
  ['null', null, 200, 'application/json', 'null'],
  ['a status that is none', { statusCode: 'ok' }, 500, 'application/json', message('Internal Server Error')],
  [
    'a body that is an object',
    { statusCode: 200, body: {} },
    500,
    'application/json',
    message('Internal Server Error'),
  ],
  [
    'headers that are a list',
    { statusCode: 200, headers: [] },
    500,
    'application/json',
    message('Internal Server Error'),
  ],
  [
    'a header that splits the response',
    { statusCode: 200, headers: { a: 'b\r\nset-cookie: c' } },
    500,
    'application/json',
    message('Internal Server Error'),
  ],
];
for (const [what, result, status, type, body] of results) {
  test(`a function that gives ${what} makes the answer ${status}`, async () => {
    const { call } = await openGateway({ result });
    const answer = await call();
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.body], [status, type, body]);
  });
}

test('cookies of a function are set, and headers of its connection are not passed on', async () => {
  const result = {
    statusCode: 200,
    headers: { 'Content-Length': '999', Connection: 'close', 'X-A': 'b' },
    cookies: ['a=1', 'b=2'],
    body: 'x',
  };
  const { call } = await openGateway({ result });
  const { headers, body } = await call();
  assert.deepEqual(
    [headers['set-cookie'], headers['content-length'], headers['x-a'], body],
    [['a=1', 'b=2'], '1', 'b', 'x'],
  );
});

test('a function that fails makes the answer 500, without its error', async () => {
  const payload = '{"errorType":"Error","errorMessage":"secret"}';
  const invoke = async () => ({ payload, functionError: 'Unhandled' as const, logTail: '' });
  const { call, reasons, counts } = await openGateway({ invoke });
  const { status, body } = await call();
  assert.deepEqual([status, body], [500, message('Internal Server Error')]);
  assert.deepEqual([reasons, counts], [[payload], { 'api.requests': 1, 'api.errors': 1 }]);
});

test('a function that is not free makes the answer 503', async () => {
  const invoke = () => Promise.reject(new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429));
  const { call } = await openGateway({ invoke });
  const { status, body } = await call();
  assert.deepEqual([status, body], [503, message('Service Unavailable')]);
});

test('a function that takes thirty seconds makes the answer 503', async () => {
  let invoked = () => {};
  const started = new Promise<void>((resolve) => (invoked = resolve));
  const { call, clock, reasons } = await openGateway({
    invoke() {
      invoked();
      return new Promise(() => {});
    },
  });
  const answer = call();
  await started;
  await clock.advance(30_000);
  assert.deepEqual([(await answer).status, reasons], [503, ['no answer within 30 seconds']]);
});

test('requests beyond the rate of the template get 429, until time has passed', async () => {
  const { call, clock, counts } = await openGateway({ spec: { rate: 2, burst: 3 } });
  const statuses = async (times: number) => {
    const found: unknown[] = [];
    for (let i = 0; i < times; i += 1) found.push((await call({ signedAt: clock.now() })).status);
    return found;
  };
  assert.deepEqual(await statuses(5), [200, 200, 200, 429, 429]);
  await clock.advance(1000);
  assert.deepEqual(await statuses(3), [200, 200, 429]);
  assert.equal(counts['api.throttled'], 3);
});

const question = { method: 'OPTIONS', keys: null } as const;
const asking = (origin: string) => ({
  headers: {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization',
  },
});
for (const origin of ['http://localhost:8080', 'https://dashboard.example.com']) {
  test(`a page of ${origin}, which the template names, may ask and read`, async () => {
    const { call, counts } = await openGateway({ overrides: { DashboardOrigin: origin } });
    const preflight = await call({ ...question, ...asking(origin) });
    assert.deepEqual(
      [
        preflight.status,
        preflight.headers['access-control-allow-origin'],
        preflight.headers['access-control-allow-methods'],
      ],
      [204, origin, 'GET,PUT,POST,DELETE'],
    );
    assert.match(String(preflight.headers['access-control-allow-headers']), /authorization.*x-amz-date/);
    assert.deepEqual(counts, {});
    const { status, headers } = await call({ headers: { origin } });
    assert.deepEqual(
      [status, headers['access-control-allow-origin'], headers['vary']],
      [200, origin, 'origin'],
    );
  });
}

test('the page of the web port may call under any name, whatever the template says', async () => {
  const { call } = await openGateway({ overrides: { DashboardOrigin: 'https://dashboard.example.com' } });
  const { headers } = await call({ ...question, ...asking('http://localhost:8080') });
  assert.equal(headers['access-control-allow-origin'], 'http://localhost:8080');
});

test('another page may not', async () => {
  const { call } = await openGateway();
  const { status, headers } = await call({ ...question, ...asking('https://evil.example') });
  assert.deepEqual(
    [status, headers['access-control-allow-origin'], headers['access-control-allow-methods']],
    [204, undefined, undefined],
  );
});
