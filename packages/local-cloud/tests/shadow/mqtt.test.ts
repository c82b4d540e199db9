// Shadows as devices and apps see them over MQTT.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { MqttClient } from 'mqtt';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { silentLog } from '../../log.ts';
import type { InboundMessage } from '../../mqtt/message.ts';
import { emptyDocument } from '../../shadow/document.ts';
import { openShadowStore } from '../../shadow/store.ts';
import { listen, seconds, start, startCloud, type Heard } from './fixture.ts';

const classic = '$aws/things/t1/shadow';
const named = '$aws/things/t1/shadow/name/config';

/** Publishes and waits until the answer to this request, accepted or rejected, has come. */
async function ask(
  client: MqttClient,
  heard: Heard[],
  topic: string,
  payload: string | Buffer = '',
): Promise<Heard> {
  const before = heard.filter((each) => /(accepted|rejected)$/.test(each.topic)).length;
  await client.publishAsync(topic, payload, { qos: 1 });
  return eventually(`an answer to ${topic}`, () => {
    return heard.filter((each) => /(accepted|rejected)$/.test(each.topic))[before];
  });
}

for (const prefix of [classic, named]) {
  test(`an update of ${prefix} is accepted, its delta and documents are published, and it can be read and deleted`, async () => {
    const { connect, clock } = await startCloud();
    const client = await connect('app');
    const heard = await listen(client, prefix);
    const desired = { rate: 2, mode: { night: true } };
    await client.publishAsync(`${prefix}/update`, JSON.stringify({ state: { desired }, clientToken: 'k1' }), {
      qos: 1,
    });
    const first = await eventually('three messages', () => heard.length === 3 && [...heard]);
    const at = { timestamp: seconds };
    const stamped = { rate: at, mode: { night: at } };
    const common = { timestamp: seconds, clientToken: 'k1' };
    assert.deepEqual(first, [
      {
        topic: 'update/accepted',
        payload: { state: { desired }, metadata: { desired: stamped }, version: 1, ...common },
      },
      { topic: 'update/delta', payload: { version: 1, state: desired, metadata: stamped, ...common } },
      {
        topic: 'update/documents',
        payload: {
          previous: null,
          current: { state: { desired }, metadata: { desired: stamped }, version: 1 },
          ...common,
        },
      },
    ]);

    await clock.advance(1_500);
    heard.length = 0;
    const reported = JSON.stringify({ state: { reported: { rate: 2 } } });
    await client.publishAsync(`${prefix}/update`, reported, { qos: 1 });
    await eventually('documents', () => heard.some(({ topic }) => topic === 'update/documents'));
    const delta = heard.find(({ topic }) => topic === 'update/delta')!.payload;
    assert.deepEqual(delta, {
      version: 2,
      timestamp: seconds + 1,
      state: { mode: { night: true } },
      metadata: { mode: { night: at } },
    });

    const { topic, payload } = await ask(client, heard, `${prefix}/get`, '{"clientToken":"k2"}');
    assert.equal(topic, 'get/accepted');
    assert.deepEqual(payload, {
      state: { desired, reported: { rate: 2 }, delta: { mode: { night: true } } },
      metadata: { desired: stamped, reported: { rate: { timestamp: seconds + 1 } } },
      version: 2,
      timestamp: seconds + 1,
      clientToken: 'k2',
    });

    const deleted = await ask(client, heard, `${prefix}/delete`);
    assert.deepEqual(deleted, { topic: 'delete/accepted', payload: { version: 2, timestamp: seconds + 1 } });
    const gone = await ask(client, heard, `${prefix}/get`);
    const name = prefix === classic ? 't1' : 't1~config';
    assert.deepEqual(gone, {
      topic: 'get/rejected',
      payload: { code: 404, message: `No shadow exists with name: '${name}'`, timestamp: seconds + 1 },
    });
  });
}

test('no delta is published when desired and reported agree', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  await client.publishAsync(`${classic}/update`, '{"state":{"desired":{"a":1},"reported":{"a":1}}}', {
    qos: 1,
  });
  await eventually('documents', () => heard.length >= 2);
  assert.deepEqual(
    heard.map(({ topic }) => topic),
    ['update/accepted', 'update/documents'],
  );
});

test('the accepted answer repeats the update, nulls included', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  await ask(client, heard, `${classic}/update`, '{"state":{"desired":{"a":1,"b":2}}}');
  const { payload } = await ask(
    client,
    heard,
    `${classic}/update`,
    '{"state":{"desired":{"a":null},"reported":null}}',
  );
  const at = { timestamp: seconds };
  assert.deepEqual(payload['state'], { desired: { a: null }, reported: null });
  assert.deepEqual(payload['metadata'], { desired: { a: at }, reported: at });
});

test('a state of null empties the shadow and does not delete it', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  await ask(client, heard, `${classic}/update`, '{"state":{"desired":{"a":1}}}');
  await ask(client, heard, `${classic}/update`, '{"state":null}');
  const { payload } = await ask(client, heard, `${classic}/get`);
  assert.deepEqual(payload, { state: {}, metadata: {}, version: 2, timestamp: seconds });
});

const deep = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
const state = (text: string) => `{"state":{"desired":${text}}}`;
const refusals: readonly (readonly [
  title: string,
  payload: string | Buffer,
  code: number,
  message: string,
])[] = [
  ['text that is not JSON', 'hello', 400, 'Invalid JSON'],
  ['nothing', '', 400, 'Invalid JSON'],
  ['an array', '[]', 400, 'Invalid JSON'],
  ['no state', '{"clientToken":"k"}', 400, 'Missing required node: state'],
  ['a state that is not an object', '{"state":[]}', 400, 'State node must be an object'],
  ['a desired that is not an object', '{"state":{"desired":1}}', 400, 'Desired node must be an object'],
  ['a reported that is not an object', '{"state":{"reported":[1]}}', 400, 'Reported node must be an object'],
  ['a section of another name', '{"state":{"wanted":{}}}', 400, 'State contains an invalid node'],
  ['a section named __proto__', '{"state":{"__proto__":{}}}', 400, 'State contains an invalid node'],
  ['an array with a null in it', state('{"a":[1,null]}'), 400, 'State contains an invalid node'],
  ['a version that is text', '{"state":{},"version":"1"}', 400, 'Invalid version'],
  ['a negative version', '{"state":{},"version":-1}', 400, 'Invalid version'],
  ['a version that is a fraction', '{"state":{},"version":1.5}', 400, 'Invalid version'],
  ['a version beyond any', '{"state":{},"version":1e30}', 400, 'Invalid version'],
  ['a token that is a number', '{"state":{},"clientToken":5}', 400, 'Invalid clientToken'],
  ['a token of 65 bytes', `{"state":{},"clientToken":"${'k'.repeat(65)}"}`, 400, 'Invalid clientToken'],
  [
    'seven levels, where the pages of AWS say 5, 6 or 8',
    state(deep(7)),
    400,
    'JSON contains too many levels of nesting; maximum is 6',
  ],
  [
    'an array on the seventh level',
    state(deep(6).replace('1', '[1]')),
    400,
    'JSON contains too many levels of nesting; maximum is 6',
  ],
  ['ten thousand levels', state(deep(10_000)), 400, 'Invalid JSON'],
  ['another version than the shadow has', '{"state":{},"version":7}', 409, 'Version conflict'],
  [
    'a state of 8,193 bytes',
    state(`{"a":"${'x'.repeat(8193 - 8)}"}`),
    413,
    'The payload exceeds the maximum size allowed',
  ],
  [
    'bytes that are not UTF-8',
    Buffer.from([0x7b, 0xff, 0x7d]),
    415,
    'Unsupported documented encoding; supported encoding is UTF-8',
  ],
];

test('an invalid update is rejected with the code and message of AWS, and changes nothing', async () => {
  const { connect, clock } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  for (const [title, payload, code, message] of refusals) {
    await clock.advance(50);
    const answer = await ask(client, heard, `${classic}/update`, payload);
    assert.equal(answer.topic, 'update/rejected', title);
    assert.deepEqual([answer.payload['code'], answer.payload['message']], [code, message], title);
  }
  const { payload } = await ask(client, heard, `${classic}/get`);
  assert.equal(payload['code'], 404);
});

test('a state of 8,192 bytes and six levels is accepted', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  for (const payload of [
    state(`{"a":"${'x'.repeat(8192 - 8)}"}`),
    `{"state":{"desired":null,"reported":${deep(6)}}}`,
  ]) {
    const { topic, payload: answer } = await ask(client, heard, `${classic}/update`, payload);
    assert.equal(topic, 'update/accepted', JSON.stringify(answer));
  }
});

test('a get request that is not a JSON object is rejected, and an empty one is not', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  await ask(client, heard, `${classic}/update`, state('{"a":1}'));
  for (const payload of ['x', '[]', '1']) {
    const { topic, payload: answer } = await ask(client, heard, `${classic}/get`, payload);
    assert.equal(topic, 'get/rejected');
    assert.deepEqual([answer['code'], answer['message']], [400, 'Invalid JSON']);
  }
  assert.equal((await ask(client, heard, `${classic}/get`)).topic, 'get/accepted');
});

test('the content of a delete request is ignored, except for its client token', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  const tokens: unknown[] = [];
  for (const payload of ['', 'x', '[]', '{"clientToken":1}', '{"clientToken":"c"}']) {
    await ask(client, heard, `${classic}/update`, state('{"a":1}'));
    const { topic, payload: answer } = await ask(client, heard, `${classic}/delete`, payload);
    assert.equal(topic, 'delete/accepted', payload);
    tokens.push(answer['clientToken']);
  }
  assert.deepEqual(tokens, [undefined, undefined, undefined, undefined, 'c']);
});

test('the version locks: the right one is accepted once, and 0 is that of a shadow that is not there', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  const results: unknown[] = [];
  for (const version of [0, 0, 1, 1, 2]) {
    const payload = JSON.stringify({ state: { reported: { version } }, version, clientToken: `v${version}` });
    const answer = await ask(client, heard, `${classic}/update`, payload);
    results.push(answer.payload['code'] ?? answer.payload['version']);
    assert.equal(answer.payload['clientToken'], `v${version}`);
  }
  assert.deepEqual(results, [1, 409, 2, 409, 3]);
});

test('a shadow made again continues the versions for 48 hours, and then begins with 1', async () => {
  const { dataPlane, clock } = await startCloud();
  const { shadows } = dataPlane;
  const id = { thingName: 't1' };
  const update = async () => {
    const answer = await shadows.update(id, Buffer.from(state('{"a":1}')));
    return (JSON.parse(answer) as { version: number }).version;
  };
  const hours = (count: number) => clock.advance(count * 3_600_000);
  assert.deepEqual([await update(), await update()], [1, 2]);
  await shadows.remove(id);
  await hours(47);
  assert.equal(await update(), 3);
  await shadows.remove(id);
  await hours(48);
  assert.equal(await update(), 1);
});

test('documents have no previous state for a new shadow, and an empty one for an emptied shadow', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  const previous: unknown[] = [];
  const update = async (payload: string) => {
    heard.length = 0;
    await client.publishAsync(`${classic}/update`, payload, { qos: 1 });
    const documents = () => heard.find(({ topic }) => topic === 'update/documents');
    previous.push((await eventually('documents', documents)).payload['previous']);
  };
  await update(state('{"a":1}'));
  await update('{"state":null}');
  await update(state('{"a":1}'));
  await ask(client, heard, `${classic}/delete`);
  await update(state('{"a":1}'));
  assert.equal(previous[0], null);
  assert.partialDeepStrictEqual(previous[1], { version: 1 });
  assert.deepEqual(previous[2], { state: {}, metadata: {}, version: 2 });
  assert.equal(previous[3], null);
});

test('shadows exist for names without a thing in the registry, as on AWS', async () => {
  const { connect, dataPlane } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, '$aws/things/nobody/shadow');
  await ask(client, heard, '$aws/things/nobody/shadow/update', state('{"a":1}'));
  assert.match(await dataPlane.shadows.get({ thingName: 'nobody' }), /"a":1/);
});

test('the named shadows of a thing and its classic one do not touch each other', async () => {
  const { connect, dataPlane } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  const heardNamed = await listen(client, named);
  await ask(client, heard, `${classic}/update`, state('{"a":1}'));
  await ask(client, heardNamed, `${named}/update`, state('{"a":2}'));
  await ask(client, heard, `${classic}/delete`);
  assert.deepEqual(dataPlane.shadows.namesOf('t1'), ['config']);
  assert.match(await dataPlane.shadows.get({ thingName: 't1', shadowName: 'config' }), /"a":2/);
});

test('no client publishes to the answers, to unknown requests or to names that AWS does not allow', async () => {
  const { connect, log } = await startCloud();
  for (const topic of [
    `${classic}/update/accepted`,
    `${classic}/update/delta`,
    `${classic}/patch`,
    `${classic}/name/update`,
    `${classic}/name/a b/update`,
    `${classic}/name/${'n'.repeat(65)}/update`,
    '$aws/things/a~b/shadow/update',
    '$aws/things//shadow/update',
  ]) {
    const client = await connect('app');
    client.on('error', () => {});
    log.length = 0;
    client.publish(topic, state('{"a":1}'), { qos: 1 }, () => {});
    await eventually(`${topic} to be refused`, () => log.some((line) => line.includes('a reserved topic')));
  }
});

test('the policy decides which clients may ask and receive', async () => {
  const asked: string[] = [];
  const { connect, log } = await startCloud({
    authorize: ({ clientId, action, resource }) => {
      asked.push(`${action} ${resource}`);
      return action === 'iot:Connect' || (clientId === 'owner' && resource.includes('/t1/'));
    },
  });
  const owner = await connect('owner');
  const heard = await listen(owner, classic);
  await ask(owner, heard, `${classic}/update`, state('{"a":1}'));
  assert.ok(asked.includes(`iot:Publish topic/${classic}/update`));
  assert.ok(asked.includes(`iot:Receive topic/${classic}/update/accepted`));
  const other = await connect('other');
  other.on('error', () => {});
  other.publish(`${classic}/update`, state('{"a":2}'), { qos: 1 }, () => {});
  const refused = `"action":"iot:Publish","resource":"topic/${classic}/update"`;
  await eventually('the refusal', () => log.some((line) => line.includes(refused)));
});

test('updates of one shadow are applied one after the other, from any sender', async () => {
  const { connect, dataPlane } = await startCloud();
  const clients = await Promise.all(['a', 'b', 'c'].map((clientId) => connect(clientId)));
  const heard = await listen(clients[0]!, classic);
  await Promise.all(
    clients.flatMap((client, who) =>
      Array.from({ length: 6 }, (_, index) =>
        client.publishAsync(`${classic}/update`, state(`{"c${who}n${index}":1}`), { qos: 1 }),
      ),
    ),
  );
  const accepted = () => heard.filter(({ topic }) => topic === 'update/accepted');
  await eventually('eighteen answers', () => accepted().length === 18);
  assert.deepEqual(
    accepted().map(({ payload }) => payload['version']),
    Array.from({ length: 18 }, (_, index) => index + 1),
  );
  const document = JSON.parse(await dataPlane.shadows.get({ thingName: 't1' })) as {
    state: { desired: object };
  };
  assert.equal(Object.keys(document.state.desired).length, 18);
});

test('one shadow takes twenty requests a second, from whomever and whichever way, and beyond that answers 429', async () => {
  const { connect, dataPlane, clock } = await startCloud();
  const clients = await Promise.all(['a', 'b'].map((clientId) => connect(clientId)));
  const heard = await listen(clients[0]!, classic);
  const askAll = async (count: number) => {
    for (let n = 0; n < count; n += 1)
      await ask(clients[n % 2]!, heard, `${classic}/update`, state('{"a":1}'));
  };
  const codes = () => heard.splice(0).flatMap(({ payload }) => payload['code'] ?? []);
  await askAll(19);
  await dataPlane.shadows.get({ thingName: 't1' });
  assert.deepEqual(codes(), []);
  await askAll(1);
  assert.deepEqual(codes(), [429]);
  const tooMany = { name: 'ThrottlingException', status: 429 };
  await assert.rejects(dataPlane.shadows.get({ thingName: 't1' }), tooMany);
  await assert.rejects(dataPlane.shadows.get({ thingName: 't1', shadowName: 'config' }), { status: 404 });
  await clock.advance(100);
  await askAll(3);
  assert.deepEqual(codes(), [429], 'two more after a tenth of a second');
  clock.step(-3_600_000);
  await askAll(1);
  assert.deepEqual(codes(), [], 'the time set back stops nobody');
});

test('requests that a crash cut short are paced by when they came', async () => {
  const { dataPlane, messages } = await startCloud();
  for (let n = 0; n < 40; n += 1) {
    const receivedAt = start + n * 100;
    await dataPlane.shadows.handle({ ...request('get', '', `r${n}`), receivedAt });
  }
  const codes = messages.map(({ payload }) => (JSON.parse(payload.toString()) as { code?: number }).code);
  assert.deepEqual(new Set(codes), new Set([404]));
});

test('of more than ten requests of one client at once the others are rejected with 429, and later ones are not', async () => {
  const { dataPlane, messages } = await startCloud();
  const update = (id: string) => dataPlane.shadows.handle(request('update', state('{"a":1}'), id));
  await Promise.all(Array.from({ length: 12 }, (_, index) => update(`u${index}`)));
  await update('later');
  const answers = messages.filter(({ topic }) => /(accepted|rejected)$/.test(topic));
  const codes = answers.map(({ payload }) => (JSON.parse(payload.toString()) as { code?: number }).code);
  assert.deepEqual(
    codes.filter((code) => code !== undefined),
    [429, 429],
  );
  assert.equal(codes.length, 13);
});

test('rules and subscribers see requests and answers as ordinary messages, answers with QoS 1', async () => {
  const { connect, messages } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  await ask(client, heard, `${classic}/update`, state('{"a":1}'));
  await eventually('documents', () => messages.some(({ topic }) => topic.endsWith('/documents')));
  const seen = messages.filter(({ topic }) => topic.startsWith(classic));
  assert.deepEqual(
    seen.map(({ topic, clientId, principal, qos }) => [
      topic.slice(classic.length),
      clientId,
      principal,
      qos,
    ]),
    [
      ['/update', 'app', 'app', 1],
      ['/update/accepted', 'n/a', 'local-cloud', 1],
      ['/update/delta', 'n/a', 'local-cloud', 1],
      ['/update/documents', 'n/a', 'local-cloud', 1],
    ],
  );
});

test('shadows, their versions and those of deleted ones survive a restart', async () => {
  const dir = temporaryFolder();
  const first = await startCloud({ dir });
  const big = '{"n":12345678901234567890,"__proto__":{"x":1}}';
  await first.dataPlane.shadows.update({ thingName: 't1' }, Buffer.from(state(big)));
  await first.dataPlane.shadows.update({ thingName: 't2' }, Buffer.from(state('{"a":1}')));
  await first.dataPlane.shadows.remove({ thingName: 't2' });
  await first.stop();
  const { dataPlane } = await startCloud({ dir });
  assert.match(
    await dataPlane.shadows.get({ thingName: 't1' }),
    /"desired":\{"n":12345678901234567890,"__proto__":\{"x":1\}\}/,
  );
  const again = await dataPlane.shadows.update({ thingName: 't2' }, Buffer.from(state('{"a":1}')));
  assert.equal((JSON.parse(again) as { version: number }).version, 2);
});

const request = (topic: string, payload: string, traceId: string): InboundMessage => ({
  topic: `${classic}/${topic}`,
  payload: Buffer.from(payload),
  qos: 1,
  retain: false,
  clientId: 'app',
  principal: 'app',
  sourceIp: '127.0.0.1',
  receivedAt: start,
  traceId,
});

test('a request that comes a second time after a crash is answered again and not done again', async () => {
  const dir = temporaryFolder();
  const requests = [
    request('update', '{"state":{"desired":{"a":1}},"version":0}', 'u1'),
    request('update', '{"state":{"desired":{"a":2}},"version":1}', 'u2'),
    request('delete', '', 'd1'),
    request('update', '{"state":{"desired":{"b":1}},"version":2}', 'u3'),
  ];
  const first = await startCloud({ dir });
  for (const message of requests) await first.dataPlane.shadows.handle(message);
  const document = await first.dataPlane.shadows.get({ thingName: 't1' });
  await first.stop();
  const { dataPlane, messages } = await startCloud({ dir });
  for (const message of requests) await dataPlane.shadows.handle(message);
  assert.equal(await dataPlane.shadows.get({ thingName: 't1' }), document);
  const answers = messages.filter(({ topic }) => topic.endsWith('/accepted'));
  assert.deepEqual(
    answers.map(({ payload }) => (JSON.parse(payload.toString()) as { version: number }).version),
    [1, 2, 2, 3],
  );
  assert.equal(
    messages.some(({ topic }) => topic.endsWith('/rejected')),
    false,
  );
});

test('an update that the disk refuses is rejected with 503 and leaves the shadow as it was', async () => {
  const { dataPlane, messages, log } = await startCloud();
  await dataPlane.shadows.handle(request('update', state('{"a":1}'), 'u1'));
  await dataPlane.close(); // the next write finds its file closed
  messages.length = 0;
  await dataPlane.shadows.handle(request('update', state('{"a":2}'), 'u2'));
  const [answer, ...others] = messages.map(({ topic, payload }) => [topic, JSON.parse(payload.toString())]);
  assert.deepEqual(others, []);
  assert.equal(answer![0], `${classic}/update/rejected`);
  assert.equal((answer![1] as { code: number }).code, 503);
  assert.match(await dataPlane.shadows.get({ thingName: 't1' }), /"desired":\{"a":1\}/);
  assert.match(log.join('\n'), /could not be written/);
});

test('all shadows together take no more room than they may', async () => {
  const dir = temporaryFolder();
  const clock = createManualClock(start);
  const store = await openShadowStore({ dir, clock, log: silentLog, maximum: 200 });
  const document = (length: number) => ({
    exists: true,
    document: { ...emptyDocument(1), state: { desired: { a: 'x'.repeat(length) } } },
    requests: [],
  });
  const id = { thingName: 't1' };
  await store.write(id, document(100));
  await assert.rejects(store.write({ thingName: 't2' }, document(100)), /No room for more shadows/);
  await store.write(id, document(50));
  await store.write(id, { exists: false, document: emptyDocument(1), requests: [] });
  await store.write({ thingName: 't2' }, document(100));
  await store.close();
});

test('a last will on the topic of a shadow reaches subscribers and rules, and not the shadow', async () => {
  const { connect, messages } = await startCloud();
  const app = await connect('app');
  const heard = await listen(app, classic);
  await app.subscribeAsync(`${classic}/update`, { qos: 1 });
  const topic = `${classic}/update`;
  const payload = Buffer.from('{"state":{"reported":{"on":false}}}');
  const device = await connect('t1', { will: { topic, payload, qos: 1, retain: false } });
  device.stream.destroy();
  await eventually('the will', () => messages.some((message) => message.topic === topic));
  const answer = await ask(app, heard, `${classic}/get`);
  assert.equal(answer.topic, 'get/rejected');
  assert.deepEqual(
    heard.map((each) => each.topic),
    ['update', 'get/rejected'],
  );
});

test('an update with null for a state has its time', async () => {
  const { connect } = await startCloud();
  const client = await connect('app');
  const heard = await listen(client, classic);
  const { payload } = await ask(client, heard, `${classic}/update`, '{"state":null}');
  const metadata = { timestamp: seconds };
  assert.deepEqual(payload, { state: null, metadata, version: 1, timestamp: seconds });
});
