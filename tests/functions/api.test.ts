// The HTTP API on its sample events: responses that match its description, and refusals.

import { afterAll, beforeAll, jest, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { DeleteItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { describeRoutes } from '../../http-api/routes.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { contextOf, sampleEvent, startLambda, tableVariables } from './lambda.ts';

interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const START = 1_790_000_000_000;
const context = contextOf('api');
let written: string[];

let tables: Tables;
let api: (event: unknown) => Promise<Answer>;

const put = (TableName: string, Item: Record<string, AttributeValue>) =>
  tables.client.send(new PutItemCommand({ TableName, Item }));

/** A window of one reading each of 4.2 and of ten to the minus fifteen, over three readings. */
const windowItem = (deviceId: string, start: number, more: Record<string, AttributeValue> = {}) => ({
  deviceId: { S: deviceId },
  windowStart: { N: String(start) },
  site: { S: 'seattle' },
  readings: { N: '3' },
  seen: { BS: [Buffer.from('12345678')] },
  expiresAt: { N: String(Math.floor(start / 1000) + 400_000_000) },
  'temperature.min': { N: '4.2' },
  'temperature.max': { N: '9.7' },
  'temperature.sum': { N: '1000000000000014.000000000000001' },
  'temperature.count': { N: '3' },
  ...more,
});

beforeAll(async () => {
  tables = await openTables();
  ({ written } = startLambda({
    ...tableVariables,
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    WINDOW_RETENTION_DAYS: '90',
  }));
  const { handler } = await import('../../functions/api.ts');
  api = (event) => handler(event as never, context) as Promise<Answer>;
  await put('devices', {
    deviceId: { S: 'store-sensor-seattle1' },
    site: { S: 'seattle' },
    lastSeenAt: { N: String(START) },
    online: { BOOL: true },
    presenceSince: { N: String(START - 5000) },
    ipAddress: { S: '192.0.2.17' },
    presenceVersion: { N: '3' },
    sessionId: { S: 's' },
    type: { S: 'sensor' },
    groups: { SS: ['cold'] },
    attributes: { M: { floor: { S: '2' }, units: { S: 'temperature:C' } } },
    'unit:temperature': { S: 'K' },
    'unit:humidity': { S: '%' },
    'previousUnit:humidity': { S: 'g/m³' },
  });
  await put('devices', { deviceId: { S: 'silent' } });
  await put('devices', { deviceId: { S: 'shed (new)' } });
  const times = (second: number): Record<string, AttributeValue> => ({
    firstReadingAt: { N: String(START + second * 1000 + 1000) },
    lastReadingAt: { N: String(START + second * 1000 + 9000) },
    lastFingerprint: { B: Buffer.from('12345678') },
    last: { M: { temperature: { N: '5.5' } } },
  });
  // The first was stored before windows had times.
  for (const second of [0, 10, 50, 60, 3590])
    await put(
      'windows',
      windowItem('store-sensor-seattle1', START + second * 1000, second > 0 ? times(second) : {}),
    );
});
afterAll(() => tables.close());

function sample(name: string): Record<string, unknown> {
  return sampleEvent(`api-${name}`) as Record<string, unknown>;
}

/** What the sample would be for another path and query. */
function asked(path: string, query = '', method = 'GET', more: object = {}): Record<string, unknown> {
  const event = sample('devices');
  const requestContext = event['requestContext'] as { http: object };
  return {
    ...event,
    rawPath: path,
    rawQueryString: query,
    requestContext: { ...requestContext, http: { ...requestContext.http, method, path } },
    ...more,
  };
}

type Json = Record<string, unknown>;

async function ask(event: unknown): Promise<{ status: number; type: string | undefined; body: Json }> {
  const { statusCode: status, headers, body } = await api(event);
  return { status, type: headers['content-type'], body: JSON.parse(body) as Json };
}

/** The body of an answer that keeps what the description promises. */
async function answered(event: unknown, path: string): Promise<Json> {
  const { status, type, body } = await ask(event);
  assert.deepEqual([status, type], [200, 'application/json'], JSON.stringify(body));
  const routes = describeRoutes();
  const route = routes.find((each) => each.path === path && each.method === 'GET')!;
  return route.answer.parse(body) as Json;
}

const ids = (page: Json) => (page['devices'] as { deviceId: string }[]).map(({ deviceId }) => deviceId);

test('devices by name, page by page, of names that no thing could have too', async () => {
  const all = ['shed (new)', 'silent', 'store-sensor-seattle1'];
  assert.deepEqual(ids(await answered(sample('devices'), '/devices')), all);
  const found: string[] = [];
  let next: string | undefined;
  do {
    const query = `limit=1${next === undefined ? '' : `&next=${encodeURIComponent(next)}`}`;
    const page = await answered(asked('/devices', query), '/devices');
    found.push(...ids(page));
    next = page['next'] as string | undefined;
  } while (next !== undefined);
  assert.deepEqual(found, all);
  const shed = await answered(asked('/devices/shed (new)'), '/devices/{deviceId}');
  assert.deepEqual(shed, { deviceId: 'shed (new)' });
});

test('a device with its newest window', async () => {
  assert.deepEqual(await answered(sample('device'), '/devices/{deviceId}'), {
    deviceId: 'store-sensor-seattle1',
    site: 'seattle',
    lastSeenAt: START,
    online: true,
    presenceSince: START - 5000,
    ipAddress: '192.0.2.17',
    type: 'sensor',
    groups: ['cold'],
    attributes: { floor: '2', units: 'temperature:C' },
    units: { temperature: '°C', humidity: '%' },
    previousUnits: { humidity: 'g/m³' },
    lastWindow: {
      start: START + 3_590_000,
      readings: 3,
      firstReadingAt: START + 3_591_000,
      lastReadingAt: START + 3_599_000,
      metrics: {
        temperature: {
          min: 4.2,
          max: 9.7,
          sum: 1000000000000014,
          count: 3,
          mean: 333333333333338,
          last: 5.5,
        },
      },
    },
  });
});

test('unsigned requests get the health status and nothing else', async () => {
  const requestContext = { ...(sample('devices')['requestContext'] as object), authorizer: undefined };
  const unsigned = (path: string) => ({
    ...asked(path),
    routeKey: `GET ${path}`,
    requestContext: { ...requestContext, http: { method: 'GET', path } },
  });
  const { statusCode, body } = await api(unsigned('/health'));
  assert.deepEqual([statusCode, body], [200, '{"status":"ok"}']);
  await assert.rejects(api(unsigned('/devices')), /does not say who signed it/);
  // What API Gateway authorised is the route, not the path.
  const { statusCode: other } = await api({ ...unsigned('/devices'), routeKey: 'GET /health' });
  assert.equal(other, 404);
  await assert.rejects(
    api({ ...unsigned('/health'), routeKey: 'GET /devices' }),
    /does not say who signed it/,
  );
});

test('devices of a site, a type, a group and a state, with asterisks', async () => {
  for (const query of ['site=sea*', 'type=sensor', 'group=cold', 'state=online', 'site=seattle&type=s*'])
    assert.deepEqual(
      ids(await answered(asked('/devices', query), '/devices')),
      ['store-sensor-seattle1'],
      query,
    );
  for (const query of [
    'site=Seattle',
    'group=warm',
    'state=offline',
    'state=silent',
    'type=sensor&state=offline',
  ])
    assert.deepEqual(ids(await answered(asked('/devices', query), '/devices')), [], query);
});

test('a guest does not see the IP addresses of devices', async () => {
  const device = await answered(askedByGuest(), '/devices/{deviceId}');
  assert.deepEqual([device['deviceId'], device['ipAddress']], ['store-sensor-seattle1', undefined]);
});

test('a device of which little is known', async () => {
  assert.deepEqual(await answered(asked('/devices/silent'), '/devices/{deviceId}'), { deviceId: 'silent' });
});

const windowsOf = async (query: string) =>
  answered(asked('/devices/store-sensor-seattle1/windows', query), '/devices/{deviceId}/windows');
const startsOf = (page: Json) =>
  (page['windows'] as { start: number }[]).map(({ start }) => (start - START) / 1000);

test('a window has the times of its first and last reading and the last values, if known', async () => {
  const shown = ({ metrics, firstReadingAt, lastReadingAt }: Json) => [
    (metrics as Record<string, Json>)['temperature']!['last'],
    ...[firstReadingAt, lastReadingAt].map((time) => time && ((time as number) - START) / 1000),
  ];
  const page = async (query: string) => ((await windowsOf(query))['windows'] as Json[]).map(shown);
  const span = `from=${START}&to=${START + 70_000}`;
  const stored = [
    [undefined, undefined, undefined],
    [5.5, 11, 19],
    [5.5, 51, 59],
    [5.5, 61, 69],
  ];
  assert.deepEqual(await page(span), stored);
  assert.deepEqual(await page(`${span}&metric=temperature`), stored);
  assert.deepEqual(await page(`${span}&resolution=1m`), [
    [5.5, 11, 19],
    [5.5, 51, 69],
  ]);
});

test('windows of an hour, by the minute', async () => {
  const page = await answered(sample('windows'), '/devices/{deviceId}/windows');
  // The start lies twenty seconds after a whole minute.
  assert.deepEqual(startsOf(page), [-20, 40, 3580]);
  assert.deepEqual([page['windowSeconds'], page['next']], [60, undefined]);
  const [first] = page['windows'] as Json[];
  assert.deepEqual(first, {
    start: START - 20_000,
    end: START + 40_000,
    readings: 6,
    firstReadingAt: START + 11_000,
    lastReadingAt: START + 19_000,
    metrics: {
      temperature: { min: 4.2, max: 9.7, sum: 2000000000000028, count: 6, mean: 333333333333338, last: 5.5 },
    },
  });
});

test('statistics are numbers with all their digits', async () => {
  const { body } = await api(
    asked('/devices/store-sensor-seattle1/windows', `from=${START}&to=${START + 10_000}`),
  );
  assert.match(body, /"sum":1000000000000014\.000000000000001,"count":3/);
});

const spans: readonly (readonly [query: string, starts: number[]])[] = [
  [`from=${START}&to=${START + 60_000}`, [0, 10, 50]],
  [`from=${START}&to=${START + 60_001}`, [0, 10, 50, 60]],
  [`from=${START + 1}&to=${START + 20_000}`, [0, 10]],
  [`from=${START + 10_000}&to=${START + 10_001}`, [10]],
  ['from=2026-09-21T14:13:20Z&to=2026-09-21T14:13:40Z', [0, 10]],
  ['from=1790000000&to=1790000020', [0, 10]],
  [`from=${START}&to=${START + 3_600_000}&resolution=10s`, [0, 10, 50, 60, 3590]],
  [`from=${START}&to=${START + 3_600_000}&resolution=10m`, [-200, 3400]],
  [`from=${START}&to=${START + 3_600_000}&resolution=1h`, [-800, 2800]],
  [`from=${START}&to=${START + 3_600_000}&metric=humidity`, []],
  [`to=${START + 3_600_000}`, [0, 10, 50, 60, 3590]],
  [`from=${START + 5_000_000}&to=${START + 6_000_000}`, []],
];
for (const [query, starts] of spans) {
  test(`windows with ${query}`, async () => assert.deepEqual(startsOf(await windowsOf(query)), starts));
}

test('pages of windows join without gap or overlap, and no bucket is cut by a page', async () => {
  const span = `from=${START}&to=${START + 3_600_000}`;
  for (const resolution of ['10s', '1m', '10m']) {
    const whole = await windowsOf(`${span}&resolution=${resolution}`);
    const parts: unknown[] = [];
    let next: string | undefined;
    do {
      const page = await windowsOf(
        `${span}&resolution=${resolution}&limit=1${next === undefined ? '' : `&next=${next}`}`,
      );
      parts.push(...(page['windows'] as unknown[]));
      next = page['next'] as string | undefined;
    } while (next !== undefined);
    assert.deepEqual(parts, whole['windows']);
  }
});

test('windows of several devices are returned in the requested order, each device once, with the requested metrics', async () => {
  await put('windows', windowItem('second', START + 10_000));
  const [first, second] = ['store-sensor-seattle1', 'second'];
  const span = `from=${START}&to=${START + 20_000}&resolution=10s`;
  const body = await answered(
    asked('/windows', `device=${second}&device=${first}&device=${second}&device=nobody&${span}`),
    '/windows',
  );
  const series = body['series'] as Json[];
  assert.deepEqual(
    series.map((each) => [each['deviceId'], startsOf(each)]),
    [
      [second, [10]],
      [first, [0, 10]],
      ['nobody', []],
    ],
  );
  assert.equal(body['windowSeconds'], 10);
  const alone = await ask(asked(`/devices/${first}/windows`, span));
  assert.deepEqual(series[1]!['windows'], alone.body['windows']);
  const metrics = 'metric=humidity&metric=pressure';
  const none = await ask(asked('/windows', `device=${first}&${metrics}&${span}`));
  assert.deepEqual((none.body['series'] as Json[])[0]!['windows'], []);
});

test('pages of several devices join without gap or double', async () => {
  const query = `device=store-sensor-seattle1&device=second&from=${START}&to=${START + 3_600_000}&limit=1`;
  const found: string[] = [];
  let next: string | undefined;
  do {
    const { body } = await ask(asked('/windows', `${query}${next === undefined ? '' : `&next=${next}`}`));
    for (const each of body['series'] as Json[])
      found.push(...startsOf(each).map((start) => `${String(each['deviceId'])} ${start}`));
    next = body['next'] as string | undefined;
  } while (next !== undefined);
  const expected = [0, 10, 50, 60, 3590].map((start) => `store-sensor-seattle1 ${start}`);
  assert.deepEqual(found.sort(), [...expected, 'second 10'].sort());
});

test('the fleet has each device with its newest window and its worst alert, and guests see no alert', async () => {
  await put('devices', { deviceId: { S: 'fleet-gw' }, site: { S: 'fleet-site' }, online: { BOOL: true } });
  await put('devices', {
    deviceId: { S: 'fleet-gw:door' },
    site: { S: 'fleet-site' },
    ipAddress: { S: '192.0.2.18' },
  });
  await put('windows', windowItem('fleet-gw:door', START));
  const announced = {
    ...{
      alertId: 'a',
      transition: 'raised',
      deviceId: 'fleet-gw:door',
      site: 'x',
      ruleId: 'r',
      channels: [],
    },
    ...{ severity: 'major', windowStart: START, since: START, decidedAt: START, unit: '°C' },
  };
  for (const [ruleId, severity] of [
    ['low', 'warning'],
    ['high', 'critical'],
  ] as const)
    await put('alerts', {
      ...{ deviceId: { S: 'fleet-gw:door' }, ruleId: { S: ruleId }, state: { S: 'alarm' } },
      ...{ severity: { S: severity }, version: { N: '1' }, windowStart: { N: '1' }, value: { N: '9.4' } },
      alarm: { S: JSON.stringify({ raisedAt: START, firstNotifiedAt: START, notifiedAt: START, announced }) },
    });
  const body = await answered(asked('/fleet', 'site=fleet-*'), '/fleet');
  const [gateway, door] = body['devices'] as Json[];
  assert.deepEqual(gateway, {
    ...{ deviceId: 'fleet-gw', site: 'fleet-site', online: true, units: {}, alerts: 0 },
  });
  assert.deepEqual(door, {
    ...{ deviceId: 'fleet-gw:door', gateway: 'fleet-gw', site: 'fleet-site', units: {}, alerts: 2 },
    lastWindow: {
      ...{ start: START, readings: 3 },
      metrics: {
        temperature: { min: 4.2, max: 9.7, sum: 1000000000000014, count: 3, mean: 333333333333338 },
      },
    },
    worstAlert: {
      ruleId: 'high',
      state: 'alarm',
      severity: 'critical',
      since: START,
      value: '9.4',
      unit: '°C',
    },
  });
  assert.equal(body['total'], 2);
  const alarming = await ask(asked('/fleet', 'site=fleet-*&state=alarm'));
  assert.deepEqual((alarming.body['devices'] as Json[]).length, 1);
  const pages = [await ask(asked('/fleet', 'site=fleet-*&limit=1'))];
  pages.push(await ask(asked('/fleet', `site=fleet-*&limit=1&next=${String(pages[0]!.body['next'])}`)));
  assert.deepEqual(
    pages.map((page) => (page.body['devices'] as Json[]).map(({ deviceId }) => deviceId)),
    [['fleet-gw'], ['fleet-gw:door']],
  );
  assert.equal(pages[1]!.body['next'], undefined);
  const guest = (query: string) =>
    ask({ ...(askedByGuest() as Json), rawPath: '/fleet', rawQueryString: query });
  const seen = (await guest('site=fleet-*')).body['devices'] as Json[];
  assert.deepEqual(
    seen.map((each) => [each['alerts'], each['worstAlert'], each['ipAddress']]),
    [
      [undefined, undefined, undefined],
      [undefined, undefined, undefined],
    ],
  );
  assert.equal((await guest('state=alarm')).status, 403);
  for (const ruleId of ['low', 'high'])
    await tables.client.send(
      new DeleteItemCommand({
        TableName: 'alerts',
        Key: { deviceId: { S: 'fleet-gw:door' }, ruleId: { S: ruleId } },
      }),
    );
});

test('a window that has expired is not shown, though it is still stored', async () => {
  await put('devices', { deviceId: { S: 'old' } });
  await put('windows', windowItem('old', START, { expiresAt: { N: '1790000001' } }));
  const now = jest.spyOn(Date, 'now').mockReturnValue(START + 999);
  const query = `from=${START}&to=${START + 10_000}`;
  const shown = async () => startsOf((await ask(asked('/devices/old/windows', query))).body);
  assert.deepEqual(await shown(), [0]);
  now.mockReturnValue(START + 2000);
  assert.deepEqual(await shown(), []);
  assert.equal((await ask(asked('/devices/old'))).body['lastWindow'], undefined);
  now.mockRestore();
});

/** The sample for a device, asked by another identity of the pool. */
const guestId = 'us-east-1:8c1c34ef-d3c3-4f2d-82aa-f1a3dc3f06f6';

/** The same request by a guest instead of the account. */
function askedByGuest(identityId = guestId): unknown {
  const event = structuredClone(sample('device')) as {
    requestContext: { authorizer: { iam: { cognitoIdentity: object | null } } };
  };
  const identityPoolId = 'us-east-1:0d0ac5b1-30ab-4c0f-8b2a-b66b5b1b2f11';
  const { iam } = event.requestContext.authorizer;
  iam.cognitoIdentity = { amr: ['unauthenticated'], identityId, identityPoolId };
  return event;
}

test('a guest with too many requests gets 429 with Retry-After, is counted, and does not affect others', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(START);
  written.length = 0;
  const statuses = async (event: unknown, count: number) => {
    const found: number[] = [];
    for (let n = 0; n < count; n += 1) found.push((await api(event)).statusCode);
    return found;
  };
  const flood = await statuses(askedByGuest('us-east-1:greedy'), 35);
  assert.deepEqual([flood.indexOf(429), flood.lastIndexOf(200)], [30, 29]);
  assert.deepEqual(await statuses(askedByGuest('us-east-1:other'), 1), [200]);
  assert.deepEqual(await statuses(sample('device'), 1), [200]);
  const { headers, body } = await api(askedByGuest('us-east-1:greedy'));
  assert.deepEqual([headers['content-type'], headers['retry-after']], ['application/problem+json', '1']);
  assert.match(body, /"detail":"You may make 10 requests a second, and 30 at once: try again in 1 s/);
  const counted = written.filter((line) => /"ApiThrottled":1/.test(line) && /"reason":"guest"/.test(line));
  assert.equal(counted.length, 6);
  now.mockReturnValue(START + 1000);
  assert.deepEqual(
    (await statuses(askedByGuest('us-east-1:greedy'), 12)).filter((status) => status === 200).length,
    10,
  );
  now.mockRestore();
});

type Refusal = readonly [event: [string, string?, string?, object?], status: number, fault: string];
const refusals: readonly Refusal[] = [
  [['/devices/nobody'], 404, 'There is no device nobody'],
  [['/devices/__proto__'], 404, 'There is no device __proto__'],
  [['/nothing'], 404, 'There is no route GET /nothing'],
  [['/devices', '', 'POST'], 404, 'There is no route POST /devices'],
  [['/devices/a b'], 404, 'There is no device a b'],
  [
    ['/devices/a?b#c'],
    400,
    'path parameter `deviceId` must be a device id: 1 to 128 characters without #, + and /',
  ],
  [['/devices/../rules'], 404, 'There is no route GET /devices/%252e%252e/rules'],
  [['/devices/100%'], 404, 'There is no device 100%'],
  [['/devices', 'limit=0'], 400, 'query parameter `limit` must be a whole number from 1 to 500'],
  [['/devices', 'limit=501'], 400, 'query parameter `limit` must be a whole number from 1 to 500'],
  [['/devices', 'limit=1e2'], 400, 'query parameter `limit` must be a whole number from 1 to 500'],
  [['/devices', 'limit='], 400, 'query parameter `limit` must be a whole number from 1 to 500'],
  [['/devices', 'limit=1&limit=2'], 400, 'query parameter `limit` must be given only once'],
  [
    ['/devices', 'colour=red'],
    400,
    'query parameter `colour` is not known here: use limit, next, site, type, group, state',
  ],
  [
    ['/devices', '__proto__=1'],
    400,
    'query parameter `__proto__` is not known here: use limit, next, site, type, group, state',
  ],
  [['/devices', '', 'GET', { body: '{}' }], 200, ''],
  [['/devices/x/windows', 'metric=1x'], 400, 'query parameter `metric` must be the name of a metric'],
  [
    ['/devices/x/windows', 'resolution=4m'],
    400,
    'query parameter `resolution` must be 10s, 20s, 30s, 1m, 2m, 5m, 10m, 15m, 30m, 1h, 2h, 3h, 6h, 12h or 1d',
  ],
  [['/windows'], 400, 'query parameter `device` must be given: a list of 1 to 20'],
  [['/windows', 'device=a%2Fb'], 400, 'query parameter `device.0` must be a device id'],
  [['/windows', 'device=a&metric=1x'], 400, 'query parameter `metric.0` must be the name of a metric'],
  [['/windows', 'device=a&from=-1h&from=-2h'], 400, 'query parameter `from` must be given only once'],
  [['/windows', 'device=a&device=b'], 200, ''],
  [
    ['/devices/x/windows', 'from=yesterday'],
    400,
    'query parameter `from` must be a time such as -1h, 2026-11-20T13:00:00Z, 2026-11-20 14:00 Europe/Berlin',
  ],
  [
    ['/devices/x/windows', 'from=2026-11-20+14:00+Europe/Nowhere'],
    400,
    'query parameter `from` must be a time, but has an unknown time zone: Europe/Nowhere',
  ],
  [['/devices/x/windows', 'from=2026-11-20+14:00+Europe/Berlin'], 200, ''],
  [['/devices/x/windows', 'from=2026-11-20T14:00:00+01:00'], 200, ''],
  [['/devices/x/windows', 'from=-90m&to=now'], 200, ''],
  [['/devices', 'state=gone'], 400, 'query parameter `state` must be online, offline, alarm or silent'],
  [['/devices/x/windows', 'from=1790000000000000'], 200, ''],
  [
    ['/devices/x/windows', 'from=1790000000000&to=1790000000000'],
    400,
    'query parameter `from` must be before to',
  ],
];
for (const [args, expected, fault] of refusals) {
  test(`${args[2] ?? 'GET'} ${args[0]} ${args[1] ?? ''} gives ${expected} ${fault}`, async () => {
    const { status, type, body } = await ask(asked(...args));
    assert.equal(status, expected);
    if (expected === 200) return;
    assert.equal(type, 'application/problem+json');
    assert.equal(body['status'], expected);
    assert.ok(String(body['detail']).includes(fault), String(body['detail']));
  });
}

test('a problem names all that is wrong', async () => {
  const { body } = await ask(asked('/devices/x/windows', 'metric=1x&limit=0&colour=red'));
  const places = (body['errors'] as { in: string; name: string }[]).map(
    (fault) => `${fault.in} ${fault.name}`,
  );
  assert.deepEqual(places.sort(), ['query colour', 'query limit', 'query metric']);
});

test('a table that cannot be reached is a problem without its secrets, and is logged', async () => {
  written.length = 0;
  const { prototype } = tables.client.constructor as unknown as { prototype: { send(): unknown } };
  const broken = jest.spyOn(prototype, 'send').mockImplementation(() => {
    throw new Error('secret-of-the-table');
  });
  const { status, body } = await ask(sample('devices'));
  broken.mockRestore();
  assert.deepEqual(
    [status, body],
    [500, { status: 500, title: 'Internal error', detail: 'The error is in the log of the function' }],
  );
  assert.ok(written.some((line) => line.includes('secret-of-the-table')));
});

test('an unsigned request is not served', async () => {
  const event = sample('devices');
  const { authorizer: _authorizer, ...requestContext } = event['requestContext'] as Json;
  await assert.rejects(api({ ...event, requestContext }), /does not say who signed it/);
});

const send = (method: string, path: string, body: unknown) =>
  ask(
    asked(path, '', method, {
      body: JSON.stringify(body),
      headers: { ...(sample('devices')['headers'] as object), 'content-type': 'application/json' },
    }),
  );
const warm = {
  metric: 'temperature',
  stat: 'mean',
  levels: [{ severity: 'warning', above: 5, clearBelow: 4 }],
  forWindows: 3,
  match: { site: 'sea*' },
  channels: ['email'],
};

test('a rule that is put is listed, replaced and removed', async () => {
  const { status, body } = await send('PUT', '/rules/warm', warm);
  assert.deepEqual([status, body], [200, { id: 'warm', ...warm }]);
  assert.deepEqual(await answered(asked('/rules/warm'), '/rules/{ruleId}'), body);
  assert.equal((await send('PUT', '/rules/warm', { ...warm, enabled: false })).status, 200);
  const { rules } = await answered(asked('/rules'), '/rules');
  const known = (rules as { id: string; enabled?: boolean }[]).map(({ id, enabled }) => [id, enabled]);
  assert.deepEqual(known, [
    ['temperature-high', undefined],
    ['temperature-low', undefined],
    ['warm', false],
  ]);
  assert.equal((await api(asked('/rules/warm', '', 'DELETE'))).statusCode, 204);
  assert.equal((await ask(asked('/rules/warm', '', 'DELETE'))).status, 404);
  assert.equal((await ask(asked('/rules/warm'))).status, 404);
});

test('an unreadable stored rule is listed with its problem, does not hide others, and is repaired by a PUT', async () => {
  await put('rules', { id: { S: 'torn' }, rule: { S: '{"metric":"temper' } });
  const { rules, unreadable } = await answered(asked('/rules'), '/rules');
  assert.equal((rules as object[]).length, 2);
  assert.deepEqual(unreadable, [{ id: 'torn', problem: 'its attribute rule is not JSON' }]);
  const one = await ask(asked('/rules/torn'));
  assert.equal(one.status, 500);
  assert.match(
    String(one.body['detail']),
    /Rule torn .* judges nothing: .* Save it again through the API, or delete/,
  );
  assert.equal((await send('PUT', '/rules/torn', warm)).status, 200);
  assert.deepEqual((await answered(asked('/rules'), '/rules'))['unreadable'], []);
  assert.equal((await api(asked('/rules/torn', '', 'DELETE'))).statusCode, 204);
});

test('a patch changes fields of a rule of the template, and its copy replaces that until it is deleted', async () => {
  const { statusCode, headers, body } = await api(sample('patch-rule'));
  const { above, clearBelow, severity } = JSON.parse(body) as Json;
  assert.deepEqual([statusCode, above, clearBelow, severity], [200, 6, 5, 'critical']);
  assert.match(String(headers['etag']), /^"[0-9a-f]{16}"$/);
  assert.equal((await api(asked('/rules/temperature-high', '', 'DELETE'))).statusCode, 204);
});

const wrongRules: [title: string, id: string, rule: unknown, names: string[]][] = [
  ['an unknown field', 'r', { ...warm, forMinutes: '2m' }, ['forMinutes']],
  ['silence of a figure', 'r', { ...warm, noDataFor: '2m' }, ['stat', 'levels', 'forWindows']],
  ['no levels', 'r', { ...warm, levels: [] }, ['levels']],
  [
    'a severity that nobody knows',
    'r',
    { ...warm, levels: [{ severity: 'bad', above: 1 }] },
    ['levels.0.severity'],
  ],
  [
    'a clear limit over its limit',
    'r',
    { ...warm, levels: [{ severity: 'minor', above: 1, clearBelow: 2 }] },
    ['levels.0.clearBelow'],
  ],
  ['half a window', 'r', { ...warm, forWindows: 0.5 }, ['forWindows']],
  ['another site form', 'r', { ...warm, match: { city: 'x' } }, ['match.city']],
  ['an id with a slash', '..%2Fx', warm, ['ruleId']],
];
for (const [title, id, rule, names] of wrongRules) {
  test(`a rule with ${title} is refused with the name of the field`, async () => {
    const { status, type, body } = await send('PUT', `/rules/${id}`, rule);
    assert.deepEqual([status, type], [400, 'application/problem+json']);
    const found = (body['errors'] as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(found, names);
  });
}

const alarm = {
  deviceId: { S: 'store-sensor-seattle1' },
  ruleId: { S: 'temperature-high' },
  state: { S: 'alarm' },
  severity: { S: 'critical' },
  version: { N: '1' },
  windowStart: { N: String(START) },
  value: { N: '9.4' },
};
const shown = {
  deviceId: 'store-sensor-seattle1',
  ruleId: 'temperature-high',
  state: 'alarm',
  severity: 'critical',
  windowStart: START,
  value: '9.4',
  pendingNotifications: 0,
};

test('active alerts are listed, and the signer of an acknowledgement is recorded', async () => {
  await put('alerts', alarm);
  await put('alerts', { ...alarm, ruleId: { S: 'over' }, state: { S: 'ok' }, severity: { S: 'minor' } });
  await put('alerts', { ...alarm, deviceId: { S: 'fridge-2' } });
  const all = (await answered(asked('/alerts'), '/alerts')) as { alerts: Json[]; isComplete: boolean };
  assert.deepEqual(
    [all.alerts.map(({ deviceId }) => String(deviceId)).toSorted((a, b) => (a < b ? -1 : 1)), all.isComplete],
    [['fridge-2', 'store-sensor-seattle1'], true],
  );
  const one = (await answered(asked('/alerts', 'limit=1'), '/alerts')) as {
    alerts: Json[];
    isComplete: boolean;
  };
  assert.deepEqual([one.alerts.length, one.isComplete], [1, false]);
  const path = '/devices/store-sensor-seattle1/alerts';
  const { alerts } = await answered(asked(path), '/devices/{deviceId}/alerts');
  assert.equal((alerts as Json[]).length, 2);
  const taken = await send('POST', `${path}/temperature-high/acknowledge`, { comment: 'door was open' });
  const { acknowledged, ...rest } = taken.body;
  assert.deepEqual([taken.status, rest], [200, { ...shown, state: 'acknowledged' }]);
  const { by, comment } = acknowledged as { by: string; comment: string };
  assert.match(by, /^arn:aws:/);
  assert.equal(comment, 'door was open');
  const stored = await tables.item('alerts', { deviceId: alarm.deviceId, ruleId: alarm.ruleId });
  assert.deepEqual([stored?.['state']?.S, stored?.['version']?.N], ['acknowledged', '2']);
});

for (const [title, path, body, status] of [
  ['an alert that is over', 'store-sensor-seattle1/alerts/over', {}, 404],
  ['an alert that never was', 'store-sensor-seattle1/alerts/never', {}, 404],
  ['an alert in the name of another', 'store-sensor-seattle1/alerts/temperature-high', { by: 'ann' }, 400],
  [
    'an alert with an endless comment',
    'store-sensor-seattle1/alerts/temperature-high',
    { comment: 'x'.repeat(501) },
    400,
  ],
] as const) {
  test(`acknowledging ${title} is refused`, async () => {
    const answer = await send('POST', `/devices/${path}/acknowledge`, body);
    assert.deepEqual([answer.status, answer.type], [status, 'application/problem+json']);
  });
}
