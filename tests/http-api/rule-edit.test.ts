// Changing alert rules over HTTP: whole or by field, without losing omitted fields or concurrent changes.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openRules, type RuleFixture } from './rule-fixture.ts';

let rules: RuleFixture;
beforeAll(async () => {
  rules = await openRules();
  await rules.measure('fridge-1', { temperature: 4, humidity: 50 });
});
afterAll(() => rules.tables.close());

const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' };
const warm = {
  metric: 'temperature',
  above: 8,
  clearBelow: 7,
  severity: 'critical',
  channels: ['email', 'sms'],
  match: { site: 'seattle', device: 'fridge-*' },
};
const patch = async (id: string, body: unknown, headers: Record<string, string> = {}) =>
  rules.call('PATCH', `/rules/${id}`, body, { ...MERGE_PATCH, ...headers });

test('a patch changes the fields that it names, removes those that are null, and keeps the others', async () => {
  await rules.call('PUT', '/rules/warm', warm);
  const { status, body } = await patch('warm', { above: 9, clearBelow: null, match: { device: null } });
  const { clearBelow: _removed, ...rest } = warm;
  const changed = { id: 'warm', ...rest, above: 9, match: { site: 'seattle' } };
  assert.deepEqual([status, body], [200, changed]);
  assert.deepEqual((await rules.call('GET', '/rules/warm')).body, changed);
  const plain = await rules.call('PATCH', '/rules/warm', { id: 'warm', comment: 'by JSON' });
  assert.deepEqual([plain.status, plain.body['comment']], [200, 'by JSON']);
});

test('a rule of the template can be patched: the stored copy replaces it until it is deleted', async () => {
  const { status, body } = await patch('temperature-high', { above: 6, clearBelow: 5 });
  const copy = {
    ...{ id: 'temperature-high', metric: 'temperature', anySpelling: true, stat: 'max' },
    ...{ above: 6, clearBelow: 5, severity: 'critical', channels: ['email', 'sms'] },
  };
  assert.deepEqual([status, body], [200, copy]);
  assert.equal((await rules.call('DELETE', '/rules/temperature-high')).status, 204);
  assert.equal((await rules.call('GET', '/rules/temperature-high')).body['above'], 8);
});

const refused: readonly (readonly [what: string, body: unknown, details: readonly string[]])[] = [
  ['nothing', {}, ['The body must have a field to change']],
  ['a list', [], ['The body must be a JSON object']],
  ['null', null, ['The body must be a JSON object']],
  ['a field of another name', { clearBelw: 3 }, ['`clearBelw` is not known here: did you mean clearBelow?']],
  [
    'a field to remove of another name',
    { clearBelw: null },
    ['`clearBelw` is not known here: did you mean clearBelow?'],
  ],
  ['text for a number', { above: '9' }, ['`above` must be a number, or null to remove it']],
  [
    'half a window and no severity that there is',
    { forWindows: 0.5, severity: 'bad' },
    [
      '`severity` must be warning, minor, major or critical, or null to remove it',
      '`forWindows` must be a whole number from 1 to 60, or null to remove it',
    ],
  ],
  ['another id', { id: 'other' }, ['`id` must be patched, as in the path']],
  ['the limit removed', { above: null, clearBelow: null }, ['`above` or below, levels, noDataFor']],
  ['a clear limit over its limit', { clearBelow: 20 }, ['`clearBelow` must be with above']],
  ['part of what is not there', { quietHours: { from: '22:00' } }, ['`quietHours.to` must be given: text']],
];
for (const [what, body, details] of refused) {
  test(`a patch with ${what} is refused with sentences and changes nothing`, async () => {
    await rules.call('PUT', '/rules/patched', warm);
    const found = await patch('patched', body);
    assert.equal(found.status, 400);
    const announced = (found.body['errors'] as { detail: string }[]).map(({ detail }) => detail);
    for (const detail of details)
      assert.ok(
        announced.some((each) => each.startsWith(detail)),
        JSON.stringify(announced),
      );
    assert.deepEqual((await rules.call('GET', '/rules/patched')).body, { id: 'patched', ...warm });
  });
}

test('a missing or unreadable rule is not patched, and another content type is refused', async () => {
  assert.equal((await patch('nothing', { above: 1 })).status, 404);
  const Item = { id: { S: 'torn' }, rule: { S: '{"metric":' } };
  await rules.tables.client.send(new PutItemCommand({ TableName: 'rules', Item }));
  const torn = await patch('torn', { above: 1 });
  assert.deepEqual([torn.status, /Save it again/.test(String(torn.body['detail']))], [409, true]);
  assert.equal((await rules.call('DELETE', '/rules/torn')).status, 204);
  const yaml = await patch('warm', 'above: 1', { 'content-type': 'application/json-patch+json' });
  assert.equal(yaml.status, 415);
  assert.match(String(yaml.body['detail']), /send application\/merge-patch\+json or application\/json/);
});

test('a change with the tag of an older state is refused with the tag of now, and one with this tag is made', async () => {
  const first = await rules.call('PUT', '/rules/tagged', warm);
  assert.match(first.etag ?? '', /^"[0-9a-f]{16}"$/);
  assert.equal((await rules.call('GET', '/rules/tagged')).etag, first.etag);
  const second = await patch('tagged', { above: 9 }, { 'if-match': first.etag! });
  assert.deepEqual([second.status, second.etag === first.etag], [200, false]);
  for (const [method, body] of [['PATCH', { above: 10 }], ['PUT', warm], ['DELETE']] as const) {
    const late = await rules.call(method, '/rules/tagged', body, { 'if-match': first.etag! });
    assert.equal(late.status, 412);
    assert.ok(String(late.body['detail']).includes(second.etag!), String(late.body['detail']));
  }
  assert.equal((await patch('tagged', { above: 10 }, { 'if-match': `"x", ${second.etag}` })).status, 200);
  assert.equal((await patch('tagged', { above: 11 }, { 'if-match': '*' })).status, 200);
  assert.equal((await rules.call('PUT', '/rules/new', warm, { 'if-match': '*' })).status, 412);
});

test('concurrent patches are applied on top of each other or refused, and none is lost', async () => {
  await rules.call('PUT', '/rules/busy', warm);
  const changes = [
    { comment: 'a' },
    { forWindows: 3 },
    { clearAfter: 2 },
    { judgeLate: true },
    { repeatEvery: '30m' },
  ];
  const outcomes = await Promise.all(changes.map(async (change) => patch('busy', change)));
  const { body } = await rules.call('GET', '/rules/busy');
  for (const [index, { status }] of outcomes.entries()) {
    const [[name, value] = ['', '']] = Object.entries(changes[index]!);
    assert.ok(status === 200 || status === 409);
    if (status === 200) assert.equal(body[name], value);
  }
  assert.ok(outcomes.some(({ status }) => status === 200));
});

test("a PUT without severity or channels keeps the rule's, and returns them", async () => {
  await rules.call('PUT', '/rules/kept', warm);
  const { severity: _severity, channels: _channels, ...rest } = warm;
  const bare = { ...rest, above: 9 };
  const checked = await rules.call('POST', '/rules/kept/validate', bare);
  const { status, body } = await rules.call('PUT', '/rules/kept', bare);
  const kept = { ...warm, above: 9, id: 'kept' };
  assert.deepEqual([status, body], [200, { ...kept, kept: ['severity', 'channels'] }]);
  assert.deepEqual(checked.body, body);
  assert.deepEqual((await rules.call('GET', '/rules/kept')).body, kept);
  const said = await rules.call('PUT', '/rules/kept', { ...bare, severity: 'minor' });
  assert.deepEqual(
    [said.body['severity'], said.body['channels'], said.body['kept']],
    ['minor', ['email', 'sms'], ['channels']],
  );
  const usual = await patch('kept', { severity: null, channels: null });
  assert.deepEqual([usual.body['severity'], usual.body['channels']], [undefined, undefined]);
});

test("severity and channels of a template's rule are kept too, and levels have their own severities", async () => {
  const limit = { metric: 'temperature', anySpelling: true, above: 6 };
  const { body } = await rules.call('PUT', '/rules/temperature-high', limit);
  assert.deepEqual(body, {
    ...{ id: 'temperature-high', ...limit, severity: 'critical', channels: ['email', 'sms'] },
    kept: ['severity', 'channels'],
  });
  const levels = [{ severity: 'minor', above: 6 }];
  const leveled = await rules.call('PUT', '/rules/temperature-high', { metric: 'temperature', levels });
  assert.deepEqual([leveled.status, leveled.body['kept']], [200, ['channels']]);
  const flat = await rules.call('PUT', '/rules/temperature-high', limit);
  assert.deepEqual(flat.body['warnings'], [
    'The rule had levels and now has neither levels nor `severity`: its alerts are major',
  ]);
  assert.equal((await rules.call('DELETE', '/rules/temperature-high')).status, 204);
});

test('a 201st rule is refused with a remedy, while existing ones can be changed', async () => {
  const before = (await rules.call('GET', '/rules')).body['rules'] as { id: string }[];
  const text = JSON.stringify(warm);
  const fill = Array.from({ length: 200 - before.length }, (_, n) => `fill-${n}`);
  for (const id of fill) {
    const Item = { id: { S: id }, rule: { S: text } };
    await rules.tables.client.send(new PutItemCommand({ TableName: 'rules', Item }));
  }
  const { status, body } = await rules.call('PUT', '/rules/one-more', warm);
  assert.equal(status, 409);
  assert.match(String(body['detail']), /The limit of 200 rules is reached: delete one, or/);
  assert.equal((await rules.call('PUT', '/rules/fill-3', { ...warm, above: 9 })).status, 200);
  assert.equal((await patch('temperature-low', { below: 0 })).status, 200);
  assert.equal((await rules.call('DELETE', '/rules/fill-4')).status, 204);
  assert.equal((await rules.call('PUT', '/rules/one-more', warm)).status, 200);
});
