// Event source mappings: batches by time and size, order, retries, halves, giving up, checkpoints and resharding.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cleanup } from '../../../../tests/support/cleanup.ts';
import { temporaryFolder } from '../../../../tests/support/folders.ts';
import { AwsError } from '../../aws-error.ts';
import { createManualClock } from '../../clock.ts';
import { failFrom, run, start, textsOf, until } from './fixture.ts';

const done = () => ({ batchItemFailures: [] });

test('a batch waits for its window, which begins with its first record', async () => {
  const clock = createManualClock(start);
  let takenAt = 0;
  const take = () => void (takenAt = clock.now());
  const { put, batches, close } = await run(temporaryFolder(), clock, take, {
    mapping: { windowMs: 60_000 },
  });
  cleanup(close);
  await put('a', '1', '2');
  await until(clock, () => clock.now() >= start + 50_000, 1_000);
  await put('a', '3');
  await until(clock, () => batches.length > 0, 1_000);
  assert.deepEqual(batches, ['1 2 3']);
  assert.ok(takenAt >= start + 60_000 && takenAt < start + 90_000, String(takenAt - start));
});

test('a batch that waits for its window waits no longer because the time is set back', async () => {
  const clock = createManualClock(start);
  const { put, batches, close } = await run(temporaryFolder(), clock, done, {
    mapping: { windowMs: 60_000 },
  });
  cleanup(close);
  await put('a', '1');
  clock.step(-86_400_000);
  await put('a', '2');
  // Ten thousand seconds at most: were the day waited for, this would end in vain.
  await until(clock, () => batches.length > 0, 1_000);
  assert.deepEqual(batches, ['1 2']);
});

test('a batch that is full does not wait, by records or by bytes', async () => {
  const clock = createManualClock(start);
  const mapping = { windowMs: 60_000, batchSize: 3 };
  const few = await run(temporaryFolder(), clock, done, { mapping });
  cleanup(few.close);
  await few.put('a', '1', '2', '3', '4');
  await until(clock, () => few.batches.length > 0);
  assert.deepEqual(few.batches, ['1 2 3']);

  const sizes: number[] = [];
  const take = (records: readonly unknown[]) => void sizes.push(records.length);
  const large = await run(temporaryFolder(), clock, take, { mapping: { ...mapping, batchSize: 10_000 } });
  cleanup(large.close);
  for (let n = 0; n < 6; n += 1) await large.put('a', 'x'.repeat(1_000_000));
  await until(clock, () => sizes.length > 0);
  assert.deepEqual(sizes, [4]);
});

test('a shard of which as much is in memory as may be does not wait until its batches are full', async () => {
  const clock = createManualClock(start);
  let taken = 0;
  const take = (records: readonly unknown[]) => void (taken += records.length);
  const { put, close } = await run(temporaryFolder(), clock, take, {
    mapping: { windowMs: 60_000, batchSize: 10_000, parallel: 8 },
  });
  cleanup(close);
  const texts = Array.from({ length: 500 }, (_, n) => String(n));
  await Promise.all(Array.from({ length: 42 }, (_, n) => put(`device-${n}`, ...texts)));
  await until(clock, () => taken >= 20_000);
});

test('records of one key stay in order and in one batch at a time, over parallel batches', async () => {
  const clock = createManualClock(start);
  const seen = new Map<string, number[]>();
  const running = new Map<string, number>();
  let most = 0;
  const { put, close } = await run(
    temporaryFolder(),
    clock,
    async (records) => {
      const keys = new Set(records.map(({ key }) => key));
      for (const key of keys) {
        assert.equal(running.get(key) ?? 0, 0);
        running.set(key, 1);
      }
      most = Math.max(
        most,
        [...running.values()].reduce((sum, n) => sum + n, 0),
      );
      for (const { key, text } of records) seen.set(key, [...(seen.get(key) ?? []), Number(text)]);
      await new Promise(setImmediate);
      for (const key of keys) running.set(key, 0);
    },
    { mapping: { parallel: 4, batchSize: 5 }, shards: 2 },
  );
  cleanup(close);
  const keys = Array.from({ length: 12 }, (_, n) => `device-${n}`);
  for (let n = 0; n < 20; n += 1) await Promise.all(keys.map((key) => put(key, String(n))));
  await until(clock, () => [...seen.values()].reduce((sum, { length }) => sum + length, 0) >= 240);
  for (const key of keys)
    assert.deepEqual(
      seen.get(key),
      Array.from({ length: 20 }, (_, n) => n),
    );
  assert.ok(most > 1, 'several at a time');
});

test('a function that breaks on one record gets halves until that one is alone, and only that is given up', async () => {
  const clock = createManualClock(start);
  const { put, batches, left, close } = await run(temporaryFolder(), clock, (records) => {
    if (records.some(({ text }) => text === 'bad')) throw new Error('poison');
  });
  cleanup(close);
  await put('a', '1', '2', 'bad', '4', '5', '6', '7', '8');
  await until(clock, () => batches.at(-1) === '5 6 7 8', 1_000);
  assert.deepEqual(batches, [
    '1 2 bad 4 5 6 7 8',
    '1 2 bad 4',
    '1 2',
    'bad 4',
    'bad',
    'bad',
    'bad',
    '4',
    '5 6 7 8',
  ]);
  const [{ key, body } = { key: '', body: '' }] = left;
  assert.match(
    key,
    /^errors\/aws\/lambda\/11111111-[-0-9]+\/shardId-000000000000\/2026\/01\/01\/2026-01-01T00\.00\.\d\d-[-0-9a-f]{36}$/,
  );
  const record = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual(
    { ...(record['requestContext'] as object), requestId: '' },
    {
      requestId: '',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:take',
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
  );
  assert.equal((record['KinesisBatchInfo'] as { batchSize: number }).batchSize, 1);
  assert.match(String(record['payload']), /^\{"Records":\[\{"kinesis":/);
});

test('a reported record comes again with all after it, and those before it do not', async () => {
  const clock = createManualClock(start);
  let time = 0;
  const { put, batches, left, close } = await run(temporaryFolder(), clock, (records) => {
    time += 1;
    return failFrom(time < 3 ? records.find(({ text }) => text === '3') : undefined);
  });
  cleanup(close);
  await put('a', '1', '2', '3', '4');
  await until(clock, () => batches.length === 3, 1_000);
  assert.deepEqual(batches, ['1 2 3 4', '3 4', '3 4']);
  assert.deepEqual(left, []);
});

test('a reported record that always fails is given up after its retries, and the shard moves on', async () => {
  const clock = createManualClock(start);
  const { put, batches, left, counts, close } = await run(temporaryFolder(), clock, (records) =>
    failFrom(records.find(({ text }) => text === 'bad')),
  );
  cleanup(close);
  await put('a', '1', 'bad', '2');
  await until(clock, () => left.length > 0, 1_000);
  await put('a', '3');
  await until(clock, () => batches.at(-1) === '3', 1_000);
  assert.deepEqual(batches, ['1 bad 2', 'bad 2', 'bad 2', '3']);
  assert.equal(counts['kinesis.givenUp'], 2);
});

test('an answer that makes no sense repeats the batch', async () => {
  const clock = createManualClock(start);
  let time = 0;
  const { put, batches, close } = await run(
    temporaryFolder(),
    clock,
    () => (++time === 1 ? { batchItemFailures: [{ itemIdentifier: 'nobody' }] } : null),
    { mapping: { bisects: false } },
  );
  cleanup(close);
  await put('a', '1', '2');
  await until(clock, () => batches.length === 2, 1_000);
  assert.deepEqual(batches, ['1 2', '1 2']);
});

test('records that grew too old are left at the destination, never handed over', async () => {
  const clock = createManualClock(start);
  let broken = true;
  const { put, batches, left, close } = await run(
    temporaryFolder(),
    clock,
    () => {
      if (broken) throw new Error('down');
    },
    { mapping: { maxAgeMs: 60_000, maxRetries: Infinity, bisects: false } },
  );
  cleanup(close);
  await put('a', '1');
  await until(clock, () => left.length === 1, 5_000);
  assert.match(left[0]!.body, /"condition":"RecordAgeExceeded"/);
  broken = false;
  await put('a', '2');
  await until(clock, () => batches.at(-1) === '2');
});

test('a throttled invocation costs no attempt', async () => {
  const clock = createManualClock(start);
  let time = 0;
  const { put, left, close } = await run(temporaryFolder(), clock, done, {
    mapping: { maxRetries: 0 },
    invoke: async () => {
      time += 1;
      if (time < 6) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
      return { payload: 'null' };
    },
  });
  cleanup(close);
  await put('a', '1');
  await until(clock, () => time === 6, 1_000);
  assert.deepEqual(left, []);
});

test('a destination that cannot be written is tried until it can, and the shard waits', async () => {
  const clock = createManualClock(start);
  let time = 0;
  const { put, left, batches, close } = await run(
    temporaryFolder(),
    clock,
    (records) => {
      if (textsOf(records) === 'bad') throw new Error('poison');
    },
    {
      mapping: { maxRetries: 0 },
      s3: async () => {
        if (++time < 4) throw new Error('bucket is gone');
      },
    },
  );
  cleanup(close);
  await put('a', 'bad');
  await until(clock, () => left.length === 1, 1_000);
  assert.equal(time, 4);
  await put('a', 'good');
  await until(clock, () => batches.at(-1) === 'good');
});

test('after a restart the function goes on where it was; what was not finished comes again', async () => {
  const [dir, clock] = [temporaryFolder(), createManualClock(start)];
  const first = await run(dir, clock, done, { mapping: { batchSize: 2, windowMs: 60_000 } });
  await first.put('a', '1', '2', '3');
  await until(clock, () => first.batches.length === 1);
  await clock.advance(1_000);
  await first.close();
  const second = await run(dir, clock, done, { mapping: { batchSize: 2 } });
  await until(clock, () => second.batches.length > 0);
  assert.deepEqual([...first.batches, ...second.batches], ['1 2', '3']);
  await second.close();
});

test('a program that ends during a batch repeats it, and counts no failure', async () => {
  const [dir, clock] = [temporaryFolder(), createManualClock(start)];
  let end = () => {};
  const first = await run(
    dir,
    clock,
    () => new Promise((_resolve, reject) => (end = () => reject(new Error('ended')))),
  );
  await first.put('a', '1', '2');
  await until(clock, () => first.batches.length === 1);
  await first.close();
  end();
  await clock.advance(60_000);
  assert.deepEqual([first.left, first.batches], [[], ['1 2']]);
  const second = await run(dir, clock, done);
  await until(clock, () => second.batches.length > 0);
  assert.deepEqual(second.batches, ['1 2']);
  await second.close();
});

test('a shard that is stuck does not hold up another', async () => {
  const clock = createManualClock(start);
  const seen: string[] = [];
  const { streams, put, close } = await run(
    temporaryFolder(),
    clock,
    (records) => {
      if (records[0]!.shardId.endsWith('0')) return new Promise(() => {});
      seen.push(textsOf(records));
      return null;
    },
    { shards: 2 },
  );
  cleanup(close);
  const shardOf = async (key: string) =>
    (await streams.put('readings', { partitionKey: key, data: Buffer.from(key) })).shardId();
  const keys = Array.from({ length: 10 }, (_, n) => `k${n}`);
  const shards = await Promise.all(keys.map(shardOf));
  const free = keys.filter((_, n) => shards[n]!.endsWith('1'));
  await until(clock, () => seen.join(' ').split(' ').length === free.length);
  await put(free[0]!, 'later');
  await until(clock, () => seen.at(-1) === 'later');
});

test('after resharding the records of the parents come first', async () => {
  const [dir, clock] = [temporaryFolder(), createManualClock(start)];
  const slow = { windowMs: 60_000 };
  const first = await run(dir, clock, done, { mapping: slow, shards: 1 });
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const key of keys) await first.put(key, `${key}1`, `${key}2`);
  await first.close();
  const order = new Map<string, string[]>();
  const second = await run(
    dir,
    clock,
    (records) => {
      for (const { key, text } of records) order.set(key, [...(order.get(key) ?? []), text]);
    },
    { mapping: slow, shards: 3 },
  );
  cleanup(second.close);
  for (const key of keys) await second.put(key, `${key}3`);
  await until(clock, () => [...order.values()].flat().length === 18, 20_000);
  for (const key of keys) assert.deepEqual(order.get(key), [`${key}1`, `${key}2`, `${key}3`]);
});

test('a mapping that begins with LATEST takes what comes from now on, also after a restart', async () => {
  const [dir, clock] = [temporaryFolder(), createManualClock(start)];
  const off = await run(dir, clock, done, { mapping: { enabled: false } });
  await off.put('a', 'old');
  await off.close();
  const mapping = { from: 'LATEST' as const };
  const first = await run(dir, clock, done, { mapping });
  await first.put('a', 'new');
  await until(clock, () => first.batches.length > 0);
  await first.close();
  const second = await run(dir, clock, done, { mapping });
  cleanup(second.close);
  await second.put('a', 'newer');
  await until(clock, () => second.batches.length > 0);
  assert.deepEqual([off.batches, first.batches, second.batches], [[], ['new'], ['newer']]);
});
