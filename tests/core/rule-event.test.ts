// A number with more digits than a double is read, skipped and kept from the payload's own text.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { jsonText } from '../../adapters/json-text.ts';
import { parseArchiveLine } from '../../core/archive/careful-line.ts';
import { decimalText } from '../../core/decimal.ts';
import { mappableOf, parseMessage, type ParsedMessage } from '../../core/message.ts';
import { parseStreamRecord } from '../../core/stream-record.ts';
import { ruleEventText } from '../support/telemetry-rule.ts';

const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

/** Through every way in; all must give the same. */
function parseEverywhere(payload: string, topic?: string): ParsedMessage {
  const text = ruleEventText(payload, topic);
  const shown = ({ accepted, rejected, skipped }: ParsedMessage) =>
    jsonText({
      accepted: accepted.map((reading) => ({ ...reading, metrics: metricsOf([reading]) })),
      rejected,
      skipped,
    });
  const direct = parseMessage(JSON.parse(text), LIMITS);
  assert.equal(shown(parseStreamRecord(Buffer.from(text).toString('base64'), LIMITS)), shown(direct));
  assert.equal(shown(parseArchiveLine(Buffer.from(text), LIMITS)), shown(direct));
  return direct;
}

const metricsOf = (readings: ParsedMessage['accepted']) =>
  readings.flatMap(({ metrics }) => metrics.map(({ name, value }) => `${name}=${decimalText(value)}`));

test.each([
  ['1e-999', ['a (underflow)'], []],
  ['-1E-0400', ['a (underflow)'], []],
  [`0.${'0'.repeat(330)}1`, ['a (underflow)'], []],
  ['1e-20', ['a (underflow)'], []],
  ['1e999', ['a (out-of-range)'], []],
  ['0e-999', [], ['a=0']],
  ['0.00000000000000000000', [], ['a=0']],
  ['123456789012345.678', [], ['a=123456789012345.67']],
  ['4.2000000000000002', [], ['a=4.2']],
])('%s is the same through every way in', (number, skips, values) => {
  const { accepted, skipped } = parseEverywhere(`{"a":${number},"b":1}`);
  assert.deepEqual(
    skipped.map(({ name, reason }) => `${name} (${reason})`),
    skips,
  );
  assert.deepEqual(metricsOf(accepted), [...values, 'b=1']);
});

test('underflow is also reported in JSON text inside a message', () => {
  const { accepted, skipped } = parseEverywhere('{"payload":"{\\"a\\":1e-999,\\"b\\":1}","_msgid":"1"}');
  assert.deepEqual(metricsOf(accepted), ['b=1']);
  assert.equal(skipped.at(-1)?.reason, 'underflow');
});

test.each([
  '{"timestamp":5,"big":12345678901234567890123,"b":0.123456789012345678901}',
  '{"big":12345678901234567890123456789012345678901234567890,"timestamp":5}',
  '{"timestamp":5,"a":1e-999,"b":1e999,"__proto__":1,"deviceName":"warm"}',
])('an object that is rejected is kept digit by digit in direct mode: %s', (payload) => {
  const [rejection] = parseEverywhere(payload).rejected;
  assert.equal(jsonText(rejection!.original), payload);
  const [part] = parseEverywhere(`{"readings":[${payload},{"a":1}]}`).rejected;
  assert.equal(jsonText(part!.original), payload);
});

test.each(['1', '9007199254740993'])(
  'a member that the rule overwrites is not measured beside %s',
  (number) => {
    const own = '"deviceId":7,"site":8,"traceId":9,"receivedAt":10,"exactPayload":11';
    const { accepted, context } = parseEverywhere(`{${own},"topicLevel8":12,"a":${number},"b":1}`);
    assert.equal(context!.deviceId, 's1');
    assert.ok(!metricsOf(accepted).some((metric) => /=(?:7|8|9|10|11)$/.test(metric)));
    assert.ok(metricsOf(accepted).includes('b=1'));
  },
);

test.each(['21.5', 'bm8=', Buffer.from('[1]').toString('base64')])(
  'an event that no rule sent, with %s as the text, is read by its members',
  (exactPayload) => {
    const event = { exactPayload, deviceId: 'd', site: 's', receivedAt: 1_790_000_000_123, b: 1 };
    assert.deepEqual(metricsOf(parseMessage(event, LIMITS).accepted), ['b=1']);
  },
);

test('a mapping gets the payload without the members that the rule added', () => {
  const event = JSON.parse(ruleEventText('{"a":9007199254740993}'));
  assert.deepEqual(mappableOf(event)?.payload, { a: 9007199254740992 });
});
