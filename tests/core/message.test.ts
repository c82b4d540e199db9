// What the rules may bring, well meant or not: each case names the readings that come through and the reasons of the rest.

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

/** As it comes to the function: through JSON text, so that `__proto__` is a member like any other. */
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

const accepted: [title: string, payload: unknown, metrics: Record<string, string>, skipped?: number][] = [
  [
    'a plain reading',
    { id: 'a1', timestamp: AT, temperature: 4.2, humidity: 51 },
    { temperature: '4.2', humidity: '51' },
  ],
  ['a reading without id and time', { temperature: 4.2 }, { temperature: '4.2' }],
  ['null for id and time as absent', { id: null, timestamp: null, t: 1 }, { t: '1' }],
  ['negative zero as zero', { t: -0 }, { t: '0' }],
  [
    'other values than numbers as skipped',
    { t: 1, a: null, b: 'x', c: true, d: { e: 5 }, f: [6] },
    { t: '1' },
    5,
  ],
  ['reserved words as metrics', { size: 1, date: 2, SELECT: 3 }, { size: '1', date: '2', SELECT: '3' }],
  [
    'names from Object.prototype as metrics',
    { constructor: 1, toString: 2 },
    { constructor: '1', toString: '2' },
  ],
  ['a nested __proto__ as skipped', '{"__proto__":{"admin":1},"t":1}', { t: '1' }, 1],
  ['the last of duplicate keys', '{"t":1,"t":2}', { t: '2' }],
  ['a name of 64 characters', { [`a${'b'.repeat(63)}`]: 1 }, { [`a${'b'.repeat(63)}`]: '1' }],
  ['an id of 64 characters', { id: 'i'.repeat(64), t: 1 }, { t: '1' }],
  ['the oldest time allowed', { timestamp: AT - 7 * DAY, t: 1 }, { t: '1' }],
  ['the latest time allowed', { timestamp: AT + 60_000, t: 1 }, { t: '1' }],
  ['a rawPayload beside metrics as no metric', { rawPayload: 'x', t: 1 }, { t: '1' }],
  ['context names as no metrics', { t: 1, clientId: 7 }, { t: '1' }],
];
for (const [title, payload, metrics, skipped = 0] of accepted) {
  test(`takes ${title}`, () => {
    const message = parse(payload);
    assert.deepEqual(message.rejected, []);
    assert.deepEqual(metricsOf(message), [metrics]);
    assert.equal(message.skipped, skipped);
  });
}

const manyMetrics = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`m${i}`, i]));
const deep = `{"t":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
const rejected: [title: string, payload: unknown, reason: string][] = [
  ['no metric', {}, 'no-metrics'],
  ['a value 10,000 levels deep and nothing else', deep, 'no-metrics'],
  ['zero as its time', { timestamp: 0, t: 1 }, 'timestamp-not-positive'],
  ['a negative time', { timestamp: -AT, t: 1 }, 'timestamp-not-positive'],
  ['microseconds', { timestamp: AT * 1000, t: 1 }, 'timestamp-microseconds'],
  ['nanoseconds', { timestamp: AT * 1e6, t: 1 }, 'timestamp-nanoseconds'],
  ['a time that is no number', { timestamp: { ms: AT }, t: 1 }, 'timestamp-type'],
  ['a time as digits in text', { timestamp: String(AT), t: 1 }, 'timestamp-format'],
  ['a time in 1970', { timestamp: 5, t: 1 }, 'too-late'],
  ['a clock a year behind', { timestamp: AT - 365 * DAY, t: 1 }, 'too-late'],
  ['a clock a year ahead', { timestamp: AT + 365 * DAY, t: 1 }, 'too-far-ahead'],
  ['a time just over the lateness', { timestamp: AT - 7 * DAY - 1, t: 1 }, 'too-late'],
  ['a time just over the skew', { timestamp: AT + 60_001, t: 1 }, 'too-far-ahead'],
  ['an id that is a number', { id: 9007199254740992, t: 1 }, 'bad-id'],
  ['an empty id', { id: '', t: 1 }, 'bad-id'],
  ['an id of 65 characters', { id: 'i'.repeat(65), t: 1 }, 'bad-id'],
  ['an id with half a surrogate pair', '{"id":"\\ud800","t":1}', 'bad-id'],
  ['1e300', { t: 1e300 }, 'metric-out-of-range'],
  ['1e-200', { t: 1e-200 }, 'metric-out-of-range'],
  ['1e999', '{"t":1e999}', 'metric-out-of-range'],
  ['16 decimals', { t: 0.1234567890123456 }, 'metric-out-of-range'],
  ['a metric called __proto__', '{"__proto__":1,"t":1}', 'bad-metric-name'],
  ['a metric name with a space', { 'a b': 1 }, 'bad-metric-name'],
  ['a metric name of 65 characters', { [`a${'b'.repeat(64)}`]: 1 }, 'bad-metric-name'],
  ['an empty metric name', { '': 1 }, 'bad-metric-name'],
  ['10,000 metrics', manyMetrics, 'too-many-metrics'],
  ['readings that are no array', { readings: { t: 1 } }, 'readings-not-array'],
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

test('a rejected reading costs its neighbours nothing', () => {
  const readings = [
    { t: 1 },
    { t: 1e300 },
    'text',
    null,
    [1],
    7,
    { timestamp: 0, t: 1 },
    { readings: [{ t: 1 }] },
    { t: 2 },
  ];
  const message = parse({ readings });
  assert.deepEqual(metricsOf(message), [{ t: '1' }, { t: '2' }]);
  assert.deepEqual(
    message.rejected.map(({ index, reason, original }) => ({ index, reason, original })),
    [
      { index: 1, reason: 'metric-out-of-range', original: { t: 1e300 } },
      { index: 2, reason: 'reading-not-object', original: 'text' },
      { index: 3, reason: 'reading-not-object', original: null },
      { index: 4, reason: 'reading-not-object', original: [1] },
      { index: 5, reason: 'reading-not-object', original: 7 },
      { index: 6, reason: 'timestamp-not-positive', original: { timestamp: 0, t: 1 } },
      { index: 7, reason: 'no-metrics', original: { readings: [{ t: 1 }] } },
    ],
  );
});

test('a thousand packed readings are taken', () => {
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

test('a resend with a time but no id is the same reading, whatever the order of its metrics', () => {
  assert.equal(print({ timestamp: AT, t: 1, h: 2 }), print({ timestamp: AT / 1000, h: 2, t: 1 }, later));
  assert.notEqual(print({ timestamp: AT, t: 1 }), print({ timestamp: AT, t: 1.1 }));
  assert.notEqual(print({ timestamp: AT, t: 1 }), print({ timestamp: AT + 1, t: 1 }));
});

test('a reading with neither is the same only within its own message', () => {
  assert.equal(print({ t: 1 }), print({ t: 1 }));
  assert.notEqual(print({ t: 1 }), print({ t: 1 }, later));
  const [first, second] = parse({ readings: [{ t: 1 }, { t: 1 }] }).accepted;
  assert.notEqual(first?.fingerprint, second?.fingerprint);
});

test('a message that brings no trace id is told apart by its arrival', () => {
  const over = (receivedAt: number) => ({ ...CONTEXT, receivedAt, traceId: undefined });
  assert.equal(print({ t: 1 }, over(AT)), print({ t: 1 }, over(AT)));
  assert.notEqual(print({ t: 1 }, over(AT)), print({ t: 1 }, over(AT + 1)));
});

test('a fingerprint is eight bytes of seven bits', () => {
  for (let i = 0; i < 100; i++) assert.match(print({ id: `id-${i}`, t: 1 }), /^([0-7][0-9a-f]){8}$/);
});
