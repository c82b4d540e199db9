// Delivery streams: when objects are written, their content, and delivery while the bucket refuses them.

import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { createManualClock } from '../../clock.ts';
import { compilePrefix, type Prefix } from '../../firehose/prefix.ts';
import type { StreamSpec } from '../../firehose/stream-spec.ts';
import { createDeliveryStreams, VERY_MANY_RECORDS } from '../../firehose/stream.ts';
import { defaultLimits } from '../../mqtt/limits.ts';

const MIB = 1_048_576;
const start = Date.UTC(2026, 2, 7, 5, 59, 58);

function streamsOf(over: Partial<StreamSpec> = {}) {
  const spec: StreamSpec = {
    name: 'raw',
    arn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/raw',
    bucket: 'archive',
    prefix: compilePrefix('raw/!{timestamp:yyyy/MM/dd/HH}/') as Prefix,
    errorPrefix: compilePrefix('failed/', { isTimed: false }) as Prefix,
    processing: {},
    bufferBytes: 5 * MIB,
    bufferMs: 300_000,
    gzip: false,
    ...over,
  };
  const clock = createManualClock(start);
  const objects: { bucket: string; key: string; body: Buffer }[] = [];
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const bucket = { broken: false, attempts: [] as number[] };
  let ids = 0;
  const note = (level: string) => (message: string) => lines.push(`${level}: ${message}`);
  const streams = createDeliveryStreams({
    streams: [spec],
    clock,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    newId: () => `id-${++ids}`,
    count(name, by = 1) {
      counts[name] = (counts[name] ?? 0) + by;
    },
    store: {
      async put(name, key, body) {
        bucket.attempts.push(clock.now() - start);
        if (bucket.broken) throw new Error('no space left on device');
        objects.push({ bucket: name, key, body });
      },
    },
  });
  /** Tells whether each put has resolved. */
  const put = (...records: string[]) => {
    const state = { done: false };
    void streams
      .put(
        'raw',
        records.map((record) => Buffer.from(record)),
      )
      .then(() => (state.done = true));
    return state;
  };
  return { streams, clock, objects, lines, counts, bucket, put };
}

describe('a delivery stream', () => {
  it('writes very many small records early when asked for relief, and leaves few alone', async () => {
    const { streams, clock, objects, put } = streamsOf();
    put(...Array.from({ length: VERY_MANY_RECORDS - 1 }, () => '1\n'));
    streams.relieve();
    await clock.advance(1_000);
    assert.equal(objects.length, 0);
    put('2\n');
    streams.relieve();
    await clock.advance(1_000);
    assert.deepEqual(
      objects.map(({ body }) => body.length),
      [2 * VERY_MANY_RECORDS],
    );
  });

  it('is written early before the broker stops reading, also where several streams share its messages', () => {
    assert.ok(VERY_MANY_RECORDS * 3 <= defaultLimits.unfinishedMessages);
  });

  it('writes the records that came within the interval of the first one, unchanged', async () => {
    const { clock, objects, counts, put } = streamsOf();
    const first = put('{"a":1}\n');
    await clock.advance(200_000);
    const second = put('{"a":2}\n', '{"a":3}\n');
    await clock.advance(99_999);
    assert.deepEqual([objects.length, first.done, second.done], [0, false, false]);
    await clock.advance(1);
    assert.deepEqual([first.done, second.done], [true, true]);
    assert.deepEqual(
      objects.map(({ bucket, key, body }) => [bucket, key, body.toString()]),
      [['archive', 'raw/2026/03/07/05/raw-1-2026-03-07-05-59-58-id-1', '{"a":1}\n{"a":2}\n{"a":3}\n']],
    );
    assert.deepEqual(counts, { objects: 1, archivedRecords: 3, archivedBytes: 24 });
  });

  it('writes within the interval though the time is set back', async () => {
    const { clock, objects, put } = streamsOf();
    const first = put('1');
    clock.step(-86_400_000);
    const second = put('2');
    await clock.advance(300_000);
    assert.deepEqual([first.done, second.done, objects[0]?.body.toString()], [true, true, '12']);
  });

  it('names the hour of the oldest record, though it is written in the next', async () => {
    const { clock, objects, put } = streamsOf({ bufferMs: 60_000 });
    put('x');
    await clock.advance(60_000);
    assert.match(objects[0]!.key, /^raw\/2026\/03\/07\/05\/raw-1-2026-03-07-05-59-58-/);
  });

  it('writes once the size is reached, and starts the interval anew', async () => {
    const { clock, objects, put } = streamsOf({ bufferBytes: 10 });
    const [first, second] = [put('12345'), put('67890')];
    const third = put('x');
    await clock.advance(0);
    assert.deepEqual([first.done, second.done, third.done], [true, true, false]);
    await clock.advance(300_000);
    assert.deepEqual(
      objects.map(({ body }) => body.toString()),
      ['1234567890', 'x'],
    );
    assert.equal(third.done, true);
  });

  it('compresses, with the extension of compression or the one that is set', async () => {
    const plain = streamsOf({ gzip: true });
    plain.put('a\n', 'b\n');
    await plain.streams.flush();
    assert.match(plain.objects[0]!.key, /-id-1\.gz$/);
    assert.equal(gunzipSync(plain.objects[0]!.body).toString(), 'a\nb\n');
    const named = streamsOf({ gzip: true, fileExtension: '.json.gz' });
    named.put('a');
    await named.streams.flush();
    assert.match(named.objects[0]!.key, /-id-1\.json\.gz$/);
  });

  it('does nothing without records', async () => {
    const { streams, clock, objects, put } = streamsOf();
    const none = put();
    await streams.flush();
    await clock.advance(600_000);
    assert.deepEqual([none.done, objects], [true, []]);
  });

  it('refuses an unknown stream and a record that is too large', async () => {
    const { streams } = streamsOf();
    await assert.rejects(streams.put('__proto__', [Buffer.from('x')]), { code: 'ResourceNotFoundException' });
    await assert.rejects(streams.put('raw', [Buffer.alloc(1_024_001)]), { code: 'InvalidArgumentException' });
  });

  it('takes a batch whole or not at all, so that none of it comes twice when it comes again', async () => {
    const { streams, objects, put } = streamsOf();
    const tooLarge = Buffer.alloc(1_024_001);
    await assert.rejects(streams.put('raw', [Buffer.from('1'), tooLarge, Buffer.from('3')]));
    put('1', '3');
    await streams.flush();
    assert.deepEqual(
      objects.map(({ body }) => body.toString()),
      ['13'],
    );
  });

  it('tells what it holds', async () => {
    const { streams, put } = streamsOf();
    put('12345');
    const [state] = streams.describe();
    assert.deepEqual([state?.bufferedRecords, state?.bufferedBytes, state?.heldBytes], [1, 5, 5]);
    await streams.flush();
    assert.equal(streams.describe()[0]?.heldBytes, 0);
  });
});

describe('a delivery stream whose bucket fails', () => {
  it('keeps trying with longer pauses, resolves when it is written, and says so once', async () => {
    const { clock, objects, lines, bucket, put } = streamsOf({ bufferMs: 0 });
    bucket.broken = true;
    const first = put('a');
    await clock.advance(200_000);
    assert.deepEqual(bucket.attempts, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000]);
    const second = put('b');
    bucket.broken = false;
    await clock.advance(60_000);
    assert.deepEqual([first.done, second.done], [true, true]);
    assert.deepEqual(
      objects.map(({ body }) => body.toString()),
      ['a', 'b'],
    );
    assert.deepEqual(lines, [
      'warn: a delivery stream cannot write and keeps trying',
      'info: a delivery stream writes again',
      'info: archived',
      'info: archived',
    ]);
  });
});

describe('closing', () => {
  it('writes what is buffered', async () => {
    const { streams, objects, put } = streamsOf();
    const last = put('a');
    await streams.close();
    assert.equal(objects.length, 1);
    assert.equal(last.done, true);
  });
  it('leaves records that cannot be written pending, after one attempt', async () => {
    const { streams, clock, bucket, lines, put } = streamsOf({ bufferMs: 0 });
    bucket.broken = true;
    const first = put('a');
    await clock.advance(500);
    const second = put('b');
    await streams.close();
    assert.deepEqual([first.done, second.done], [false, false]);
    assert.deepEqual(bucket.attempts, [0, 500, 500]);
    assert.equal(
      lines.at(-1),
      'error: a delivery stream closed before its last object was written; its records stay pending',
    );
  });
  it('leaves records that are put afterwards pending', async () => {
    const { streams, clock, objects, put } = streamsOf();
    await streams.close();
    const late = put('a');
    await clock.advance(600_000);
    assert.deepEqual([late.done, objects.length], [false, 0]);
  });
});
