// Events that the rules may send, well formed or not: each case lists the accepted readings and the reasons for the others.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decimalText } from '../../core/decimal.ts';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';

const AT = 1790000005000;
const DAY = 86_400_000;
const LIMITS = { maxLatenessSeconds: 7 * 86_400, maxSkewSeconds: 60 };
const CONTEXT = {
  deviceId: 'store-1',
  site: 'seattle',
  receivedAt: AT,
  clientId: 'store-1',
  traceId: '6f1c2a7e-0b44-4d0a-9a53-000000000001',
};

/** The metrics of a member called `__proto__`, beside `t`. */
const proto = (behind: string) => ({ [`proto${behind}`]: '1', t: '1' });

/** The event as the function gets it: through JSON text, so that `__proto__` is an ordinary member. */
function parse(payload: unknown, context: object = CONTEXT): ParsedMessage {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const added = JSON.stringify(context).slice(1, -1);
  const event = text === '{}' ? `{${added}}` : `${text.slice(0, -1)}${added && `,${added}`}}`;
  return parseMessage(JSON.parse(event), LIMITS);
}

function metricsOf(message: ParsedMessage): Record<string, string>[] {
  return message.accepted.map(({ metrics }) =>
    Object.fromEntries(metrics.map(({ name, value }) => [name, decimalText(value)])),
  );
}

const skipsOf = ({ skipped }: ParsedMessage) => skipped.map(({ name, reason }) => `${name} ${reason}`);

const accepted: [title: string, payload: unknown, metrics: Record<string, string>, skipped?: string[]][] = [
  [
    'a plain reading',
    { id: 'a1', timestamp: AT, temperature: 4.2, humidity: 51 },
    { temperature: '4.2', humidity: '51' },
  ],
  ['a reading without id and time', { temperature: 4.2 }, { temperature: '4.2' }],
  [
    'null for id and time as absent',
    { id: null, timestamp: null, t: 1 },
    { t: '1' },
    ['id no-value', 'timestamp no-value'],
  ],
  ['negative zero as zero', { t: -0 }, { t: '0' }],
  [
    'booleans and nested numbers, and names members that are not numbers',
    { t: 1, a: null, b: 'x', c: true, d: { e: 5 }, f: [6], g: {} },
    { t: '1', c: '1', d_e: '5' },
    ['a no-value', 'b text', 'f structure', 'g structure'],
  ],
  ['reserved words as metrics', { size: 1, date: 2, SELECT: 3 }, { size: '1', date: '2', SELECT: '3' }],
  [
    'names from Object.prototype as metrics',
    { constructor: 1, toString: 2 },
    { constructor: '1', toString: '2' },
  ],
  ['a nested __proto__ as a name like any other', '{"__proto__":{"admin":1},"t":1}', proto('_admin')],
  ['a metric called __proto__ by its letters', '{"__proto__":1,"t":1}', proto('')],
  ['the last of duplicate keys', '{"t":1,"t":2}', { t: '2' }],
  ['a name of 64 characters', { [`a${'b'.repeat(63)}`]: 1 }, { [`a${'b'.repeat(63)}`]: '1' }],
  ['64 characters of a longer name', { [`a${'b'.repeat(64)}`]: 1 }, { [`a${'b'.repeat(63)}`]: '1' }],
  ['a name with a space', { 'a b': 1 }, { a_b: '1' }],
  ['an empty name as value', { '': 1 }, { value: '1' }],
  [
    'names that become the same, numbered',
    { 'a.b': 1, 'a b': 2, a: { b: 3 } },
    { a_b: '1', a_b_2: '2', a_b_3: '3' },
  ],
  ['a letter without a plain form by its code point', { é: 1, ß: 2 }, { e: '1', udf: '2' }],
  ['an id of 64 characters', { id: 'i'.repeat(64), t: 1 }, { t: '1' }],
  ['an id of 65 characters', { id: 'i'.repeat(65), t: 1 }, { t: '1' }],
  ['an id that is a number', { id: 9007199254740992, t: 1 }, { t: '1' }],
  ['an empty id as absent', { id: '', t: 1 }, { t: '1' }, ['id no-value']],
  ['an id with half a surrogate pair', '{"id":"\\ud800","t":1}', { t: '1' }],
  ['the oldest time allowed', { timestamp: AT - 7 * DAY, t: 1 }, { t: '1' }],
  ['the latest time allowed', { timestamp: AT + 60_000, t: 1 }, { t: '1' }],
  ['microseconds', { timestamp: AT * 1000, t: 1 }, { t: '1' }],
  ['nanoseconds', { timestamp: AT * 1e6, t: 1 }, { t: '1' }],
  ['a time as digits in text', { timestamp: String(AT), t: 1 }, { t: '1' }],
  ['an object called timestamp as values', { timestamp: { x: 5 }, t: 1 }, { timestamp_x: '5', t: '1' }],
  [
    'a JSON number below the smallest double as zero, the value of its double',
    '{"t":1e-999,"h":-0}',
    { t: '0', h: '0' },
  ],
  ['5.1e-16, the smallest value that rounding keeps', { t: 5.1e-16 }, { t: '0.000000000000001' }],
  [
    'numeric text as the double that it is without quotes',
    '{"v":"123456789012345.678","n":123456789012345.678,"s":"0e-5"}',
    { v: '123456789012345.67', n: '123456789012345.67', s: '0' },
  ],
  ['16 decimals, the last rounded', { t: 0.1234567890123456 }, { t: '0.123456789012346' }],
  [
    'a rawPayload beside metrics, which is not a metric',
    { rawPayload: 'x', t: 1 },
    { t: '1' },
    ['rawPayload text'],
  ],
  ['context names, which are not metrics', { t: 1, clientId: 7 }, { t: '1' }],
  ['a number called topicLevel4, which is not a topic level', { topicLevel4: 12.5 }, { topicLevel4: '12.5' }],
  ['readings that are an object as one reading', { readings: { t: 1 } }, { t: '1' }],
];
for (const [title, payload, metrics, skipped = []] of accepted) {
  test(`takes ${title}`, () => {
    const message = parse(payload);
    assert.deepEqual(message.rejected, []);
    assert.deepEqual(metricsOf(message), [metrics]);
    assert.deepEqual(skipsOf(message), skipped);
  });
}

const unusable: [title: string, payload: unknown, skipped: string][] = [
  ['1e300', { t: 1e300, h: 2 }, 't out-of-range'],
  ['1e-200', { t: 1e-200, h: 2 }, 't underflow'],
  ['1e-20', { t: 1e-20, h: 2 }, 't underflow'],
  ['-1e-16', { t: -1e-16, h: 2 }, 't underflow'],
  ['half of the last decimal', { t: 5e-16, h: 2 }, 't underflow'],
  ['the text 1e-999', { t: '1e-999', h: 2 }, 't underflow'],
  ['text of 1e-20 with a unit', { t: '1e-20 V', h: 2 }, 't underflow'],
  ['1e999', '{"t":1e999,"h":2}', 't out-of-range'],
  ['over 1e15', { m: 1e15 + 1, h: 2 }, 'm out-of-range'],
];
for (const [title, payload, skipped] of unusable) {
  test(`skips ${title} by name, and keeps its neighbour`, () => {
    const message = parse(payload);
    assert.deepEqual(metricsOf(message), [{ h: '2' }]);
    assert.deepEqual(skipsOf(message), [skipped]);
  });
}

const manyMetrics = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`m${i}`, i]));
test('of 10,000 metrics the first 32 are accepted, and the others are named', () => {
  const message = parse(manyMetrics);
  assert.deepEqual(metricsOf(message), [
    Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`m${n}`, String(n)])),
  ]);
  assert.equal(message.skipped.length, 10_000 - 32);
  assert.deepEqual(skipsOf(message).slice(0, 2), ['m32 too-many', 'm33 too-many']);
});

const deep = `{"t":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
const rejected: [title: string, payload: unknown, reason: string][] = [
  ['no metric', {}, 'no-metrics'],
  ['a value 10,000 levels deep and nothing else', deep, 'no-metrics'],
  ['zero as its time', { timestamp: 0, t: 1 }, 'timestamp-not-positive'],
  ['a negative time', { timestamp: -AT, t: 1 }, 'timestamp-not-positive'],
  ['a time that is a list', { timestamp: [AT], t: 1 }, 'timestamp-type'],
  ['a time in 1970', { timestamp: 5, t: 1 }, 'too-late'],
  ['a clock a year behind', { timestamp: AT - 365 * DAY, t: 1 }, 'too-late'],
  ['a clock a year ahead', { timestamp: AT + 365 * DAY, t: 1 }, 'too-far-ahead'],
  ['a time just over the lateness', { timestamp: AT - 7 * DAY - 1, t: 1 }, 'too-late'],
  ['a time just over the skew', { timestamp: AT + 60_001, t: 1 }, 'too-far-ahead'],
  ['nothing but 1e300', { t: 1e300 }, 'no-metrics'],
  ['nothing but 1e999', '{"t":1e999}', 'no-metrics'],
  ['readings that are not an array', { readings: 'many' }, 'readings-not-array'],
  ['no readings', { readings: [] }, 'no-readings'],
  ['1,001 readings', { readings: Array.from({ length: 1001 }, () => ({ t: 1 })) }, 'too-many-readings'],
  ['a payload that is not JSON', { rawPayload: 'bm90IGpzb24=' }, 'not-json-object'],
];
for (const [title, payload, reason] of rejected) {
  test(`rejects ${title} and keeps the original`, () => {
    const message = parse(payload);
    assert.deepEqual(message.accepted, []);
    assert.equal(message.rejected.length, 1);
    assert.equal(message.rejected[0]!.reason, reason);
    assert.ok(message.rejected[0]!.detail.length < 200);
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    if (payload !== deep) assert.deepEqual(message.rejected[0]!.original, JSON.parse(text));
  });
}

test('a rejected reading does not affect its neighbours', () => {
  const readings = [
    { t: 1 },
    { t: 1e300 },
    'text',
    null,
    [1],
    7,
    { timestamp: 0, t: 1 },
    { list: [{ t: 1 }] },
    { t: 2 },
  ];
  const message = parse({ readings });
  assert.deepEqual(metricsOf(message), [{ t: '1' }, { t: '2' }]);
  assert.deepEqual(
    message.rejected.map(({ index, reason, original }) => ({ index, reason, original })),
    [
      { index: 1, reason: 'no-metrics', original: { t: 1e300 } },
      { index: 2, reason: 'reading-not-object', original: 'text' },
      { index: 3, reason: 'reading-not-object', original: null },
      { index: 4, reason: 'reading-not-object', original: [1] },
      { index: 5, reason: 'reading-not-object', original: 7 },
      { index: 6, reason: 'timestamp-not-positive', original: { timestamp: 0, t: 1 } },
      { index: 7, reason: 'no-metrics', original: { list: [{ t: 1 }] } },
    ],
  );
});

test('a thousand packed readings are accepted', () => {
  const readings = Array.from({ length: 1000 }, (_, i) => ({ id: String(i), timestamp: AT - i, t: i }));
  assert.equal(parse({ readings }).accepted.length, 1000);
});

test("a device id in a packed reading does not replace the topic's", () => {
  const [reading] = parse({ readings: [{ deviceId: 'another', site: 'x', t: 1 }] }).accepted;
  assert.equal(reading?.deviceId, 'store-1');
  assert.equal(reading?.site, 'seattle');
});

for (const deviceId of ['__proto__', 'constructor', 'toString']) {
  test(`a device may be called ${deviceId}`, () => {
    assert.equal(parse({ t: 1 }, { ...CONTEXT, deviceId }).accepted[0]?.deviceId, deviceId);
  });
}

const contexts: [string, object][] = [
  ['no device id', { ...CONTEXT, deviceId: undefined }],
  ['a device id that is a number', { ...CONTEXT, deviceId: 7 }],
  ['an empty device id', { ...CONTEXT, deviceId: '' }],
  ['a device id of 129 characters', { ...CONTEXT, deviceId: 'd'.repeat(129) }],
  ['a device id with a control character', { ...CONTEXT, deviceId: 'a\u0000b' }],
  ['no site', { ...CONTEXT, site: undefined }],
  ['no arrival time', { ...CONTEXT, receivedAt: undefined }],
  ['an arrival time as text', { ...CONTEXT, receivedAt: '2026' }],
  ['an arrival time in microseconds', { ...CONTEXT, receivedAt: AT * 1000 }],
  ['a trace id that is an object', { ...CONTEXT, traceId: {} }],
];
for (const [title, context] of contexts) {
  test(`rejects an event with ${title}`, () => {
    const message = parse({ t: 1 }, context);
    assert.equal(message.context, undefined);
    assert.equal(message.rejected[0]?.reason, 'bad-context');
  });
}

for (const event of [null, undefined, 7, 'text', [], [{ t: 1 }]]) {
  test(`rejects the event ${JSON.stringify(event)}`, () => {
    assert.equal(parseMessage(event, LIMITS).rejected[0]?.reason, 'bad-context');
  });
}

const print = (payload: unknown, context: object = CONTEXT) =>
  parse(payload, context).accepted[0]!.fingerprint;
const later = { ...CONTEXT, receivedAt: AT + 3000, traceId: '6f1c2a7e-0b44-4d0a-9a53-000000000002' };

test('a resend with an id is the same reading even without a time', () => {
  assert.equal(print({ id: 'a', t: 1 }), print({ id: 'a', t: 1 }, later));
  assert.notEqual(print({ id: 'a', t: 1 }), print({ id: 'b', t: 1 }));
});

test('the same id with other values or at another time is another reading', () => {
  assert.notEqual(print({ id: 'a', t: 1 }), print({ id: 'a', t: 2 }));
  assert.notEqual(print({ id: 'a', t: 1 }), print({ id: 'a', t: 1, h: 2 }));
  assert.notEqual(print({ id: 'a', timestamp: AT, t: 1 }), print({ id: 'a', timestamp: AT + 1, t: 1 }));
  assert.notEqual(print({ id: 'a', timestamp: AT, t: 1 }), print({ id: 'b', timestamp: AT, t: 1 }));
  assert.equal(print({ id: 7, t: 1 }), print({ id: '7', t: 1 }, later));
});

test('an address in id identifies the sensor, so messages with the same one stay distinct', () => {
  for (const id of ['A4:C1:38:00:11:22', 'a4c138001122', '24e124136b000000']) {
    assert.notEqual(print({ id, t: 1 }), print({ id, t: 1 }, later));
    assert.equal(print({ id, timestamp: AT, t: 1 }), print({ id, timestamp: AT, t: 1 }, later));
  }
});

test('a resend with a time but no id is the same reading, whatever the order of its metrics', () => {
  assert.equal(print({ timestamp: AT, t: 1, h: 2 }), print({ timestamp: AT / 1000, h: 2, t: 1 }, later));
  assert.notEqual(print({ timestamp: AT, t: 1 }), print({ timestamp: AT, t: 1.1 }));
  assert.notEqual(print({ timestamp: AT, t: 1 }), print({ timestamp: AT + 1, t: 1 }));
});

test('a reading without id and time is the same only within its own message', () => {
  assert.equal(print({ t: 1 }), print({ t: 1 }));
  assert.notEqual(print({ t: 1 }), print({ t: 1 }, later));
  const [first, second] = parse({ readings: [{ t: 1 }, { t: 1 }] }).accepted;
  assert.notEqual(first?.fingerprint, second?.fingerprint);
});

test('messages without a trace id are distinguished by their arrival', () => {
  const over = (receivedAt: number) => ({ ...CONTEXT, receivedAt, traceId: undefined });
  assert.equal(print({ t: 1 }, over(AT)), print({ t: 1 }, over(AT)));
  assert.notEqual(print({ t: 1 }, over(AT)), print({ t: 1 }, over(AT + 1)));
});

test('a fingerprint has eight bytes of seven bits', () => {
  for (let i = 0; i < 100; i++) assert.match(print({ id: `id-${i}`, t: 1 }), /^([0-7][0-9a-f]){8}$/);
});
