// What is read from an object of the errors bucket, for each kind, and for content that Tidegate did not write.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { failedMessageOf } from '../../core/failed-message.ts';
import { masked } from '../../core/mask.ts';

const AT = 1_790_000_000_000;
const context = { deviceId: 'a', site: 's', receivedAt: AT, clientId: 'a', traceId: 't-1' };
const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const rule = (more: object = {}) => ({
  ...{ ruleName: 'TelemetryRule', topic: 'telemetry/s/a/k', cloudwatchTraceId: 't-1', clientId: 'a' },
  base64OriginalPayload: base64({ temperature: 4 }),
  failures: [{ failedAction: 'LambdaAction', failedResource: 'f', errorMessage: 'throttled' }],
  ...more,
});
const RULE_KEY = `rules/TelemetryRule/telemetry/s/a/${AT}-0000.json`;
const ARN = 'arn:aws:lambda:us-east-1:1:function:f:$LATEST';
const again = (key: string, content: unknown) =>
  failedMessageOf(key, typeof content === 'string' ? content : JSON.stringify(content))!;

test('a rejected reading is stored with its whole message, which can be replayed at once', () => {
  const event = { ...context, readings: [{ t: 1 }, {}] };
  const key = 'rejected/a/2026/01/01/t-1.json';
  assert.deepEqual(again(key, { ...context, event, rejected: [] }).again, { events: [event] });
  for (const odd of [{ ...event, traceId: 't-2' }, { t: 1 }, 'text', null])
    assert.deepEqual(Object.keys(again(key, { ...context, event: odd, rejected: [] }).again), ['archived']);
});

test('an object of an earlier version names each reading, and a replay finds its message in the archive', () => {
  const rejected = [
    { index: 1, reason: 'too-late', detail: 'late', original: {} },
    { reason: 'no-metrics', detail: 'none', original: {} },
  ];
  assert.deepEqual(again('rejected/a/2026/01/01/t-1.json', { ...context, rejected }), {
    kind: 'rejected',
    ...{ deviceId: 'a', traceId: 't-1', receivedAt: AT },
    reasons: ['reading 1: too-late: late', 'no-metrics: none'],
    again: { archived: { deviceId: 'a', traceId: 't-1', receivedAt: AT } },
  });
});

test('a message that a rule could not deliver becomes the event that it would have sent', () => {
  const found = again(RULE_KEY, rule());
  assert.deepEqual(found.reasons, ['LambdaAction: throttled (telemetry/s/a/k)']);
  assert.deepEqual(found.again, {
    events: [{ ...context, rawPayload: base64({ temperature: 4 }), topicLevel4: 'k' }],
  });
  const basic = again(RULE_KEY, rule({ topic: '$aws/rules/TelemetryRule/telemetry/s/a/k' }));
  assert.deepEqual(basic.again, found.again);
});

test('an event of the function, and each record of a batch, can be replayed', () => {
  const event = { ...context, temperature: 4 };
  const failed = { requestContext: { functionArn: ARN, condition: 'RetriesExhausted' } };
  const single = again('aws/lambda/async/f/x', { ...failed, requestPayload: event });
  assert.deepEqual([single.reasons, single.again], [['f: RetriesExhausted'], { events: [event] }]);
  const said = again('aws/lambda/async/f/x', {
    ...{ ...failed, requestPayload: event, responsePayload: { errorMessage: 'no answer' } },
  });
  assert.deepEqual(said.reasons, ['f: no answer']);
  const records = [event, 'no JSON', { ...event, traceId: 't-2' }].map((data) => ({
    kinesis: { data: base64(data) },
  }));
  const batch = again('aws/lambda/m/shard/x', { ...failed, payload: JSON.stringify({ Records: records }) });
  assert.deepEqual(batch.again, { events: [event, { ...event, traceId: 't-2' }] });
  assert.equal(batch.traceId, undefined);
});

const lost: readonly (readonly [what: string, key: string, content: unknown, problem: RegExp])[] = [
  ['is not JSON', RULE_KEY, '<xml>', /is not JSON/],
  ['has no device', 'rejected/undated/x.json', { rejected: [] }, /its device is unknown/],
  [
    'comes from another rule',
    RULE_KEY,
    rule({ ruleName: 'PresenceRule' }),
    /PresenceRule does not handle readings/,
  ],
  [
    'failed only in the archive',
    RULE_KEY,
    rule({ failures: [{ failedAction: 'FirehoseAction' }] }),
    /the archive/,
  ],
  [
    'is an event of the sweep',
    'aws/lambda/async/sweep/x',
    { requestPayload: {} },
    /not a message from a device/,
  ],
  ['is a batch of nothing', 'aws/lambda/m/s/x', { payload: '[' }, /not a message from a device/],
  ['is a list', 'rejected/a/x.json', '[1]', /is not JSON/],
];
for (const [what, key, content, problem] of lost) {
  test(`an object that ${what} says why it cannot be replayed`, () => {
    const found = again(key, content);
    assert.ok('problem' in found.again);
    assert.match(found.again.problem, problem);
  });
}

test('a key of another bucket is ignored', () => {
  assert.equal(failedMessageOf('raw/2026/x', '{}'), undefined);
});

const addresses: readonly (readonly [address: string, shown: string])[] = [
  ['ann@example.com', 'a…@example.com'],
  ['😀x@example.com', '😀…@example.com'],
  ['+12065550100', '+1…00'],
  ['arn:aws:sqs:us-east-1:1:q', 'arn:aws:…'],
  ['', '…'],
];
for (const [address, shown] of addresses)
  test(`a viewer sees ${address || 'an empty address'} as ${shown}`, () =>
    assert.equal(masked(address), shown));
