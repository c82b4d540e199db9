// Records of the stream: what the rules put there is parsed as the direct way does, anything else is rejected and kept.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseMessage } from '../../core/message.ts';
import { parseStreamRecord } from '../../core/stream-record.ts';

const limits = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

test('a record is parsed as the event of the direct way', () => {
  const event = {
    timestamp: 1790000000000,
    temperature: 4.2,
    deviceId: 'd',
    site: 's',
    receivedAt: 1790000000100,
    traceId: 't',
  };
  assert.deepEqual(parseStreamRecord(base64(JSON.stringify(event)), limits), parseMessage(event, limits));
});

const undecodable: readonly (readonly [what: string, data: unknown])[] = [
  ['nothing', ''],
  ['half a message', base64('{"temperature":')],
  ['invalid UTF-8', base64(Uint8Array.of(0x22, 0xff, 0x22))],
  ['no base64', '***'],
  ['no text at all', undefined],
];
for (const [what, data] of undecodable) {
  test(`${what} is rejected with its reason and kept as it came`, () => {
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
