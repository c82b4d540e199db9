// Stream records: the rules' events are parsed as in direct mode, anything else is rejected and kept.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { jsonText } from '../../adapters/json-text.ts';
import { parseWithDigits } from '../../core/json-digits.ts';
import { parseMessage } from '../../core/message.ts';
import { parseStreamRecord } from '../../core/stream-record.ts';

const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

test('a record is parsed like the event in direct mode', () => {
  const event = {
    timestamp: 1790000000000,
    temperature: 4.2,
    deviceId: 'd',
    site: 's',
    receivedAt: 1790000000100,
    traceId: 't',
  };
  const {
    sourceOf: _s,
    idOf: _i,
    event: asStreamed,
    ...streamed
  } = parseStreamRecord(base64(JSON.stringify(event)), limits);
  const { sourceOf: _t, idOf: _j, event: asDirect, ...direct } = parseMessage(event, limits);
  assert.deepEqual(streamed, direct);
  assert.equal(JSON.stringify(asStreamed?.()), JSON.stringify(asDirect?.()));
});

const DIGITS =
  '{"serial":"warm","big":12345678901234567890123,"text":"5","small":1e-999,"one":1.0,"list":[0.1,-0]}';
const context = { deviceId: 'd', site: 's', receivedAt: 1790000000100, traceId: 't' };
const contextText = JSON.stringify(context).slice(1, -1);

test('a rejection keeps every digit, of a whole message, of a part and from bytes', () => {
  const late = '{"timestamp":5,"big":12345678901234567890123,"exact":123456789012345.678,"one":1.0}';
  for (const [text, kept] of [
    [`{${late.slice(1, -1)},${contextText}}`, [late]],
    [`{"readings":[{"t":1},${late}],${contextText}}`, [late]],
    [`{"rawPayload":"${base64(`[${late}, 7]`)}",${contextText}}`, [late, '7']],
    [`{"rawPayload":"${base64(`{"t":1}\n${late}`)}",${contextText}}`, [late]],
    [`{"readings":12345678901234567890123,${contextText}}`, ['{"readings":12345678901234567890123}']],
    [`{"deviceId":12345678901234567890123}`, ['{"deviceId":12345678901234567890123}']],
  ] as const) {
    const { rejected } = parseStreamRecord(base64(text), limits);
    assert.deepEqual(
      rejected.map(({ original }) => jsonText(original)),
      kept,
    );
  }
});

test('a reading that is rejected later keeps every digit too', () => {
  const { accepted, sourceOf } = parseStreamRecord(
    base64(`{"readings":[{"t":1},${DIGITS}],${contextText}}`),
    limits,
  );
  const { index, original } = sourceOf(accepted[1]!);
  assert.deepEqual([index, jsonText(original)], [1, DIGITS]);
});

test('digits are kept as deep as the stack allows, and values at any depth', () => {
  const nest = (depth: number) => `${'['.repeat(depth)}1.0${']'.repeat(depth)}`;
  assert.equal(jsonText(parseWithDigits(nest(500))), nest(500));
  assert.match(jsonText(parseWithDigits(nest(100_000))), /^\[+1(?:\.0)?\]+$/);
});

const undecodable: readonly (readonly [what: string, data: unknown])[] = [
  ['nothing', ''],
  ['half a message', base64('{"temperature":')],
  ['invalid UTF-8', base64(Uint8Array.of(0x22, 0xff, 0x22))],
  ['no base64', '***'],
  ['no text', undefined],
];
for (const [what, data] of undecodable) {
  test(`${what} is rejected with its reason and kept unchanged`, () => {
    const message = parseStreamRecord(data, limits);
    assert.deepEqual(message.accepted, []);
    assert.deepEqual(message.rejected, [
      { reason: 'not-json-object', detail: 'the record is not JSON text in base64', original: { data } },
    ]);
  });
}

for (const text of ['null', '7', '[]', '"text"', '{}', `${'['.repeat(10_000)}${']'.repeat(10_000)}`]) {
  test(`JSON that no rule writes, ${text.slice(0, 8)}, is rejected for its context`, () => {
    const [rejection] = parseStreamRecord(base64(text), limits).rejected;
    assert.equal(rejection?.reason, 'bad-context');
  });
}
