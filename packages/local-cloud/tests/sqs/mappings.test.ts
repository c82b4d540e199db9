// Functions that take the messages of a queue: batches, windows, retries of failed messages, and the dead-letter queue.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { AwsError } from '../../aws-error.ts';
import { createManualClock } from '../../clock.ts';
import { arnOf, bodiesOf, open, queueSpec, run, start, until, withDeadLetters } from './fixture.ts';

const bodiesIn = ([first = '']: readonly string[]) => first.split(' ').length;
const failing =
  (...bodies: string[]) =>
  (messages: readonly { messageId: string; body: string }[]) => ({
    batchItemFailures: messages
      .filter(({ body }) => bodies.includes(body))
      .map(({ messageId }) => ({ itemIdentifier: messageId })),
  });

test('a function gets the waiting messages as one event, and finished ones are deleted', async () => {
  const clock = createManualClock(start);
  const before = await open({ clock });
  await before.queues.send(before.jobs, [
    { body: 'a', attributes: { kind: { type: 'String', value: 'x' } } },
    { body: 'b' },
  ]);
  await before.queues.close();
  let event: unknown;
  const { batches, jobs } = await run((messages) => void (event = messages), { clock, dir: before.dir });
  await until(clock, () => batches.length === 1 && jobs.counts().inFlight === 0);
  const [{ messageId, receiptHandle, ...rest }] = event as [Record<string, unknown>];
  assert.match(String(messageId), /^[0-9a-f-]{36}$/);
  assert.ok(receiptHandle);
  assert.deepEqual(rest, {
    body: 'a',
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(start),
      SenderId: '000000000000',
      ApproximateFirstReceiveTimestamp: String(start),
    },
    messageAttributes: {
      kind: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
    },
    md5OfBody: '0cc175b9c0f1b6a831c399e269772661',
    eventSource: 'aws:sqs',
    eventSourceARN: arnOf('jobs'),
    awsRegion: 'us-east-1',
  });
});

test('a batching window collects more than one receive does, up to the batch', async () => {
  const clock = createManualClock(start);
  const mapping = { windowMs: 5_000, batchSize: 25 };
  const { send, batches, jobs } = await run(() => {}, { clock, mapping });
  await send(...Array.from({ length: 12 }, (_, n) => String(n)));
  await until(clock, () => jobs.counts().inFlight === 12);
  await clock.advance(4_000);
  await send('last');
  await until(clock, () => jobs.counts().inFlight === 13);
  assert.equal(batches.length, 0);
  await until(clock, () => batches.length > 0, 500);
  assert.equal(bodiesIn(batches), 13);
});

test('only messages that a function reports come again, after the visibility timeout', async () => {
  const clock = createManualClock(start);
  const { send, batches, jobs } = await run(failing('b'), { clock, queues: withDeadLetters(3) });
  await send('a', 'b', 'c');
  await until(clock, () => batches.length === 1 && jobs.counts().inFlight === 1);
  await until(clock, () => batches.length === 2, 2_000);
  assert.ok(clock.now() >= start + 30_000);
  assert.deepEqual(batches, ['a b c', 'b']);
});

const wholeFailures = {
  throws: () => {
    throw new Error('no');
  },
  'names no message of the batch': () => ({ batchItemFailures: [{ itemIdentifier: 'x' }] }),
};
for (const [what, take] of Object.entries(wholeFailures)) {
  test(`a batch whose function ${what} comes again whole, and ends in the dead-letter queue`, async () => {
    const clock = createManualClock(start);
    const { send, batches, queues, receive } = await run(take, { clock, queues: withDeadLetters(2) });
    await send('a', 'b');
    const dead = queues.named('dead');
    await until(clock, () => dead.counts().visible === 2, 2_000);
    assert.deepEqual(batches, ['a b', 'a b']);
    assert.equal(bodiesOf(await receive(10, dead)), 'a b');
  });
}

test('a function without ReportBatchItemFailures is done when it returns, whatever it says', async () => {
  const clock = createManualClock(start);
  const { send, batches, jobs } = await run(failing('a'), { clock, mapping: { reportsItems: false } });
  await send('a');
  await until(clock, () => batches.length === 1);
  await until(clock, () => jobs.counts().inFlight === 0);
  await clock.advance(60_000);
  assert.equal(batches.length, 1);
});

test('a call that does not come about costs a receive, as on AWS, and no more', async () => {
  const clock = createManualClock(start);
  let calls = 0;
  const { send, jobs } = await run(() => {}, {
    clock,
    async invoke() {
      calls += 1;
      if (calls === 1) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
      return { payload: 'null' };
    },
  });
  await send('a');
  await until(clock, () => calls === 2, 2_000);
  await until(clock, () => jobs.counts().inFlight === 0);
});

test('as many batches run at a time as ScalingConfig says', async () => {
  const clock = createManualClock(start);
  let [running, most, done] = [0, 0, 0];
  const release: (() => void)[] = [];
  const { send } = await run(
    async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => void release.push(resolve));
      running -= 1;
      done += 1;
    },
    { clock, mapping: { batchSize: 1, most: 3 } },
  );
  await send(...Array.from({ length: 10 }, (_, n) => String(n)));
  await until(clock, () => {
    if (release.length === 3 || done >= 7) release.splice(0).forEach((end) => end());
    return done === 10;
  });
  assert.equal(most, 3);
});

test('a batch stays below the 6 MB of an event', async () => {
  const clock = createManualClock(start);
  const before = await open({ clock, queues: [queueSpec()] });
  await before.send(...Array.from({ length: 8 }, () => 'x'.repeat(1_000_000)));
  await before.queues.close();
  const sizes: number[] = [];
  await run((messages) => void sizes.push(messages.length), { clock, dir: before.dir });
  await until(clock, () => sizes.reduce((sum, n) => sum + n, 0) === 8);
  assert.deepEqual(sizes, [6, 2]);
});
