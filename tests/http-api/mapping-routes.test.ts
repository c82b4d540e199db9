// Mappings over HTTP, over the local DynamoDB: checked and tried before they are stored, and stored as versions.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createMappingStore } from '../../adapters/mapping-store.ts';
import { createRuleStore } from '../../adapters/rule-store.ts';
import { createHttpApi } from '../../http-api/app.ts';
import { mappingRoutes } from '../../http-api/mapping-routes.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

type Json = Record<string, unknown>;

const NOW = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const lora = { expression: '{"temperature": t / 10}', match: { type: 'lora*' } };

let tables: Tables;
let now = NOW;
/** Lines of the archive, newest first. */
let archive: readonly unknown[] = [];
let call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Json }>;
beforeAll(async () => {
  tables = await openTables();
  const mappings = createMappingStore({ client: tables.client, table: 'rules' });
  const rules = createRuleStore({ client: tables.client, table: 'rules', defaults: [] });
  const lastMessages = {
    async *newestFirst() {
      for (const event of archive) yield { event, key: '', storedAt: 0 };
    },
  };
  const devices = {
    load: async (deviceId: string) => ({
      deviceId,
      ...(deviceId.startsWith('lora') && { type: 'lora-2', groups: [], attributes: {} }),
    }),
  };
  const api = createHttpApi(mappingRoutes({ mappings, rules, lastMessages, devices, now: () => now }));
  const onError = (error: unknown) => assert.fail(String(error));
  call = async (method, path, body) => {
    const request = new Request(`https://api.example${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const response = await api(request, {
      resolve: async () => ({ id: 'ann', isGuest: false, group: 'admin' as const }),
      onError,
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
  };
});
afterAll(() => tables.close());

test('a mapping is made, changed and ended, each a minute later, and its versions are kept', async () => {
  assert.equal((await call('GET', '/mappings/lora')).status, 404);
  const first = { id: 'lora', ...lora, from: NOW + MINUTE };
  const warnings = [
    'It was not tested on any message. The archive has no messages yet: they appear up to 300 seconds after they arrive. Wait, or give messages',
  ];
  assert.deepEqual(await call('PUT', '/mappings/lora', lora), { status: 200, body: { ...first, warnings } });
  // In the same millisecond.
  const second = { id: 'lora', expression: '{"temperature": t}', from: NOW + MINUTE + 1 };
  const changed = await call('PUT', '/mappings/lora', { expression: second.expression });
  assert.deepEqual(changed.body, { ...second, warnings });
  assert.deepEqual((await call('GET', '/mappings')).body, { mappings: [second], unreadable: [] });
  now = NOW + 3 * MINUTE;
  assert.equal((await call('DELETE', '/mappings/lora')).status, 204);
  assert.equal((await call('DELETE', '/mappings/lora')).status, 404);
  const last = { ...second, enabled: false, from: NOW + 4 * MINUTE };
  assert.deepEqual((await call('GET', '/mappings/lora')).body, {
    id: 'lora',
    versions: [first, second, last],
  });
});

const wrong: readonly (readonly [what: string, body: unknown, detail: RegExp])[] = [
  ['no expression', {}, /`expression` is missing/],
  ['what is not JSONata', { expression: '{"t": (' }, /`expression` is not usable: .*, at character 7/],
  ['a function of chance', { expression: '{"t": $random()}' }, /\$random is not available/],
  ['another id', { ...lora, id: 'other' }, /`id` must be lora-2, as in the path/],
  ['an unknown field', { ...lora, unit: 'C' }, /`unit` is not known here/],
  [
    'a message that it fails on',
    { ...lora, messages: [{ t: 215 }, { t: 'x' }] },
    /`messages\.1` is rejected: mapping lora-2: /,
  ],
  ['a unit that is none', { units: { temperature: '' } }, /units\.temperature.*must be a unit/],
  ['a metric that is none', { units: { 'a b': 'V' } }, /units/],
  ['messages without a reading', { expression: 'null', messages: [{ t: 1 }] }, /gives no reading for any/],
];
for (const [what, body, detail] of wrong) {
  test(`a mapping with ${what} is refused and not stored`, async () => {
    for (const [method, path] of [
      ['PUT', '/mappings/lora-2'],
      ['POST', '/mappings/lora-2/validate'],
    ] as const) {
      const answer = await call(method, path, body);
      assert.equal(answer.status, 400);
      assert.match(String(answer.body['detail']), detail);
    }
    assert.equal((await call('GET', '/mappings/lora-2')).status, 404);
  });
}

test('a mapping is kept with messages that it reads, and without the messages', async () => {
  const body = { ...lora, messages: [{ t: 215 }, { t: 3 }] };
  assert.deepEqual((await call('POST', '/mappings/tried/validate', body)).body, { id: 'tried', ...lora });
  assert.deepEqual((await call('PUT', '/mappings/tried', body)).body, {
    id: 'tried',
    ...lora,
    from: now + MINUTE,
  });
});

test('a trial shows readings, rejections and skipped members, for payloads and for archive lines', async () => {
  const expression = '{"temperature": t / 10, "state": s}';
  const context = { deviceId: 'n1', site: 'seattle', receivedAt: 1_600_000_000_000, traceId: 't' };
  const raw = Buffer.from('{"t": 1}').toString('base64');
  const messages = [
    { t: 215, s: 'ok' },
    { ...context, t: 40 },
    { ...context, rawPayload: raw },
    { t: 'x' },
    5,
  ];
  const { status, body } = await call('POST', '/mappings/lora/try', { expression, messages });
  assert.equal(status, 200);
  const reading = (deviceId: string, timestamp: number, value: string) => ({
    ...{ deviceId, timestamp },
    metrics: [{ name: 'temperature', value }],
  });
  const [first, second, third, fourth, fifth] = body['messages'] as Json[];
  assert.deepEqual(first, {
    readings: [reading('device', now, '21.5')],
    rejected: [],
    skipped: ['state (text)'],
  });
  assert.deepEqual(second?.['readings'], [reading('n1', context.receivedAt, '4')]);
  assert.deepEqual(third?.['readings'], [reading('n1', context.receivedAt, '0.1')]);
  assert.match(JSON.stringify(fourth), /mapping-failed.*mapping lora: The left side/);
  assert.match(JSON.stringify(fifth), /no-metrics/);
});

test('a mapping has 50 versions at most, and can be ended then', async () => {
  for (let n = 0; n < 50; n++) assert.equal((await call('PUT', '/mappings/busy', lora)).status, 200);
  const { status, body } = await call('PUT', '/mappings/busy', lora);
  assert.equal(status, 409);
  assert.match(String(body['detail']), /busy has 50 versions/);
  assert.equal((await call('DELETE', '/mappings/busy')).status, 204);
});

const line = (deviceId: string, t: unknown) => ({
  ...{ deviceId, site: 'seattle', receivedAt: NOW, traceId: `${deviceId}-${String(t)}` },
  t,
});

test('without messages a mapping is tried on the last ones of the devices that it matches', async () => {
  archive = [line('lora-1', 215), line('fridge', 'x'), line('lora-2', 'broken'), line('lora-1', 40)];
  const { status, body } = await call('POST', '/mappings/lora/try', lora);
  assert.equal(status, 200);
  const found = (body['messages'] as { readings: { deviceId: string }[]; rejected: Json[] }[]).map(
    ({ readings, rejected }) => readings[0]?.deviceId ?? String(rejected[0]?.['reason']),
  );
  assert.deepEqual(found, ['lora-1', 'mapping-failed', 'lora-1']);
  assert.equal(body['note'], undefined);
});

test('a PUT of a mapping returns its results on the last messages, and stores it in any case', async () => {
  archive = [line('lora-1', 215), line('lora-2', 'broken'), line('lora-1', 40)];
  const [warning] = (await call('PUT', '/mappings/warned', lora)).body['warnings'] as string[];
  assert.match(warning!, /^It fails on 1 of the last 3 messages that match: mapping warned: The left side/);
  archive = [line('lora-1', 215)];
  assert.equal((await call('PUT', '/mappings/warned', lora)).body['warnings'], undefined);
  const silent = { ...lora, expression: 'null' };
  assert.deepEqual((await call('PUT', '/mappings/warned', silent)).body['warnings'], [
    'It gives no reading for 1 of the last 1 messages that match',
  ]);
});

test('if no message is from such a device, the answer says how many were checked', async () => {
  archive = [line('fridge', 1), line('fridge', 2)];
  const { body } = await call('POST', '/mappings/lora/try', lora);
  assert.deepEqual(body['messages'], []);
  assert.match(String(body['note']), /^None of the last 2 messages in the archive is from a device/);
});

test('the last messages are 20 at most', async () => {
  archive = Array.from({ length: 500 }, (_, n) => line('lora-1', n));
  const { body } = await call('POST', '/mappings/lora/try', lora);
  assert.equal((body['messages'] as unknown[]).length, 20);
});

test('a mapping may say units and ask for Celsius without an expression', async () => {
  archive = [{ ...line('lora-1', 41), temperature: '41 °F' }];
  const mapping = { units: { t: 'V' }, celsius: true };
  assert.deepEqual((await call('PUT', '/mappings/units', mapping)).body, {
    ...{ id: 'units', ...mapping, from: now + MINUTE },
  });
  const { body } = await call('POST', '/mappings/units/try', mapping);
  const [first] = body['messages'] as { readings: { metrics: Json[] }[] }[];
  assert.deepEqual(first?.readings[0]?.metrics, [
    { name: 't', value: '41', unit: 'V' },
    { name: 'temperature', value: '5', unit: '°C' },
  ]);
});

test('a trial lists the rules that skip a metric only because of its spelling', async () => {
  const rules = createRuleStore({ client: tables.client, table: 'rules', defaults: [] });
  const fridges = { site: 'seattle', device: 'fridge-*' };
  await rules.put({ id: 'warm', metric: 'temperature', above: 8, match: fridges }, {});
  await rules.put({ id: 'any', metric: 'temperature', above: 8, anySpelling: true }, {});
  const hint =
    'Rule `warm` judges `temperature`, but this gives `Temp`: name it `temperature` in the expression, or set `anySpelling` in the rule';
  const line = (deviceId: string) => ({
    ...{ deviceId, site: 'seattle', receivedAt: 1_600_000_000_000, traceId: 't' },
    t: 40,
  });
  const hints = async (expression: string) => {
    const body = { expression, messages: [{ t: 215 }, line('fridge-1'), line('oven-1')] };
    const found = (await call('POST', '/mappings/lora/try', body)).body['messages'] as Json[];
    return found.map((each) => each['hints']);
  };
  assert.deepEqual(await hints('{"Temp": t / 10}'), [[hint], [hint], undefined]);
  assert.deepEqual(await hints('{"temperature": t / 10}'), [undefined, undefined, undefined]);
  for (const id of ['warm', 'any']) await rules.remove(id, await rules.load(id));
});

test('a 101st mapping in use is refused with a remedy; ended ones do not count', async () => {
  const inUse = async () =>
    ((await call('GET', '/mappings')).body['mappings'] as { enabled?: boolean }[]).filter(
      ({ enabled }) => enabled !== false,
    ).length;
  const store = createMappingStore({ client: tables.client, table: 'rules' });
  for (let n = await inUse(); n < 100; n += 1) {
    assert.ok(await store.append({ id: `fill-${n}`, from: NOW, expression: '{"t": t}' }));
  }
  const { status, body } = await call('PUT', '/mappings/one-more', lora);
  assert.equal(status, 409);
  assert.match(String(body['detail']), /The limit of 100 mappings is reached: delete one/);
  assert.equal((await call('PUT', '/mappings/fill-99', lora)).status, 200);
  assert.equal((await call('DELETE', '/mappings/fill-98')).status, 204);
  assert.equal((await call('PUT', '/mappings/one-more', lora)).status, 200);
});
