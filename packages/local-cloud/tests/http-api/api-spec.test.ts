// The HTTP API of a template: accepted forms, those that stop the start, and which route a request takes.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { apiFromTemplate, withAddress } from '../../http-api/api-spec.ts';
import { createMatcher } from '../../http-api/match-route.ts';
import { StartError } from '../../start-error.ts';
import { indent, withTemplate } from '../template/fixture.ts';

const api = `Api:
  Type: AWS::Serverless::HttpApi
  Properties:
    Auth: { EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM }
`;
const answering = (events: string, more = '') => `F:
  Type: AWS::Serverless::Function
  Metadata: { BuildMethod: esbuild }
  Properties:
    Handler: a.handler
    Runtime: nodejs24.x
${indent(more, 4)}    Events:
${indent(events, 6)}`;
const read = (...resources: string[]) =>
  withTemplate(
    `Transform: AWS::Serverless-2016-10-31\nResources:\n${indent(resources.join(''), 2)}`,
    {},
    apiFromTemplate,
  );
const get = (path: string, name = 'A', id = '!Ref Api') =>
  `${name}: { Type: HttpApi, Properties: { ApiId: ${id}, Method: GET, Path: '${path}' } }\n`;

test('an API has the routes that functions declare', () => {
  const spec = read(api, answering(get('/devices') + get('/devices/{id}', 'B')))!;
  assert.deepEqual(spec.routes, [
    { key: 'GET /devices', method: 'GET', path: '/devices', functionName: 'tidegate-F' },
    { key: 'GET /devices/{id}', method: 'GET', path: '/devices/{id}', functionName: 'tidegate-F' },
  ]);
  assert.deepEqual([spec.cors, spec.rate, spec.burst], [undefined, undefined, undefined]);
});

test('a route is public where its authorizer is NONE', () => {
  const open = get('/health', 'B').replace("'/health'", "'/health', Auth: { Authorizer: NONE }");
  const signed = get('/alerts', 'C').replace("'/alerts'", "'/alerts', Auth: { Authorizer: AWS_IAM }");
  const spec = read(api, answering(get('/devices') + open + signed))!;
  assert.deepEqual(
    spec.routes.map(({ key, isPublic }) => [key, isPublic]),
    [
      ['GET /devices', undefined],
      ['GET /health', true],
      ['GET /alerts', undefined],
    ],
  );
});

test('an API without an authorizer is public, and methods may have any letters', () => {
  const spec = read(
    'Api:\n  Type: AWS::Serverless::HttpApi\n  Properties: { CorsConfiguration: true }\n',
    answering(get('/devices').replace('GET', 'get')),
  )!;
  assert.deepEqual(spec.routes, [
    { key: 'GET /devices', method: 'GET', path: '/devices', functionName: 'tidegate-F', isPublic: true },
  ]);
  assert.deepEqual([spec.cors?.origins, spec.cors?.headers], [['*'], ['*']]);
});

test('routes without an API share the one that SAM creates, with the settings of Globals', () => {
  const globals = 'Globals: { HttpApi: { DefaultRouteSettings: { ThrottlingRateLimit: 7 } } }\n';
  const spec = withTemplate(
    `${globals}Resources:\n${indent(answering('A: { Type: HttpApi }\nB: { Type: HttpApi, Properties: { Method: any, Path: /b } }\n'), 2)}`,
    {},
    apiFromTemplate,
  )!;
  assert.equal(spec.rate, 7);
  assert.deepEqual(
    spec.routes.map(({ key }) => key),
    ['$default', 'ANY /b'],
  );
  const match = createMatcher(spec.routes);
  assert.deepEqual(
    ['/b', '/', '/x/y'].map((path) => match('GET', path)?.route.key),
    ['ANY /b', '$default', '$default'],
  );
});

test('an API has limits and CORS', () => {
  const spec = read(`${api}    DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 9 }
    CorsConfiguration: { AllowOrigins: ['https://a.example'], AllowMethods: [GET], AllowHeaders: [X-A], MaxAge: 60, AllowCredentials: true }
`)!;
  assert.deepEqual([spec.rate, spec.burst], [5, 9]);
  assert.deepEqual(spec.cors, {
    origins: ['https://a.example'],
    methods: ['GET'],
    headers: ['x-a'],
    exposed: [],
    credentials: true,
    maxAgeSeconds: 60,
  });
});

test('a template without an API has no routes', () => {
  assert.equal(read('B: { Type: AWS::S3::Bucket }\n'), undefined);
});

test('outputs name the address that the API has here', () => {
  const spec = read(api)!;
  const outputs = { ApiUrl: spec.address, Health: `${spec.address}/devices`, Other: 'x' };
  assert.deepEqual(withAddress(outputs, spec, 'http://127.0.0.1:8080/api'), {
    ApiUrl: 'http://127.0.0.1:8080/api',
    Health: 'http://127.0.0.1:8080/api/devices',
    Other: 'x',
  });
});

const refused: readonly (readonly [resources: string[], message: string])[] = [
  [
    [api, api.replace('Api:', 'Second:')],
    'template.yaml:7: Second: the local cloud serves one HTTP API: remove this one, or put its routes into the other',
  ],
  [
    [api, answering(get('/a', 'A', 'abcdef'))],
    'template.yaml:14: F: ApiId of A names no AWS::Serverless::HttpApi of this template: refer to one',
  ],
  [[api, answering(get('devices'))], 'template.yaml:14: F: A needs a Path such as /devices/{deviceId}'],
  [[api, answering(get('/a/{rest+}/b'))], 'template.yaml:14: F: A needs a Path such as /devices/{deviceId}'],
  [
    [api, answering(get('/a/{x}') + get('/a/{y}', 'B'))],
    'template.yaml:15: F: GET /a/{y} is a route already: GET /a/{x}',
  ],
  [
    [api, answering(get('/a'), 'Environment: { Variables: { API_URL: !GetAtt Api.ApiEndpoint } }\n')],
    'template.yaml:13: F: API_URL is the address of the HTTP API, which functions cannot have in the local cloud: remove it',
  ],
  [
    [
      'Api:\n  Type: AWS::Serverless::HttpApi\n',
      answering(get('/a').replace("'/a'", "'/a', Auth: { Authorizer: AWS_IAM }")),
    ],
    'template.yaml:12: F: A wants AWS_IAM, which Api has not: set Auth.EnableIamAuthorizer of the API to true',
  ],
  [
    [`${api}    StageName: prod\n`],
    'template.yaml:7: Api: StageName is prod, which the local cloud does not support: use $default',
  ],
  [
    [`${api}    DefinitionUri: x.yaml\n`],
    'template.yaml:7: Api: property DefinitionUri is not supported by the local cloud: remove it, or run this template on AWS',
  ],
  [
    [api.replace('DefaultAuthorizer: AWS_IAM', 'DefaultAuthorizer: Mine')],
    'template.yaml:6: Api: Auth.DefaultAuthorizer is Mine, which the local cloud does not support: use AWS_IAM',
  ],
];
for (const [resources, message] of refused) {
  test(message, () =>
    assert.throws(
      () => read(...resources),
      (error) => error instanceof StartError && error.problems[0] === message,
    ),
  );
}

const paths = [
  'ANY /{rest+}',
  'GET /devices/{id}',
  'GET /devices/all',
  'ANY /devices/{id}',
  'GET /devices/{id}/windows',
  'GET /v1.0/x',
  'GET /',
];
const match = createMatcher(
  paths.map((key) => {
    const [method = '', path = ''] = key.split(' ');
    return { key, method, path, functionName: 'f' };
  }),
);
const requests: readonly (readonly [request: string, key: string | undefined, parameters?: object])[] = [
  ['GET /devices/all', 'GET /devices/all'],
  ['GET /devices/7', 'GET /devices/{id}', { id: '7' }],
  ['PUT /devices/7', 'ANY /devices/{id}', { id: '7' }],
  ['GET /devices/7/windows', 'GET /devices/{id}/windows', { id: '7' }],
  ['GET /devices/__proto__', 'GET /devices/{id}', { id: '__proto__' }],
  ['GET /devices', 'ANY /{rest+}', { rest: 'devices' }],
  ['GET /a/b/c', 'ANY /{rest+}', { rest: 'a/b/c' }],
  ['GET /v1.0/x', 'GET /v1.0/x'],
  ['GET /v1x0/x', 'ANY /{rest+}', { rest: 'v1x0/x' }],
  ['GET /', 'GET /'],
  ['PUT /', undefined],
];
for (const [request, key, parameters = {}] of requests) {
  test(`${request} takes ${key ?? 'no route'}`, () => {
    const [method = '', path = ''] = request.split(' ');
    const found = match(method, path);
    assert.deepEqual([found?.route.key, found?.parameters], [key, key && parameters]);
  });
}
