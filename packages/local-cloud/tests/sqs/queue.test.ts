// A queue: messages are received once at a time, come again, are kept over a crash, and end in the dead-letter queue.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { eventually } from '../../../../tests/support/waiting.ts';
import { createManualClock } from '../../clock.ts';
import { arnOf, bodiesOf, open, queueSpec, start, withDeadLetters } from './fixture.ts';

test('a message that is received is hidden until its visibility timeout is over, and counts its receives', async () => {
  const { send, receive, clock, jobs } = await open();
  await send('a', 'b');
  assert.equal(bodiesOf(await receive(1)), 'a');
  assert.equal(bodiesOf(await receive()), 'b');
  assert.deepEqual(jobs.counts(), { visible: 0, inFlight: 2, delayed: 0 });
  await clock.advance(29_999);
  assert.deepEqual(await receive(), []);
  await clock.advance(1);
  const again = await receive();
  assert.deepEqual(
    again.map(({ body, receives, firstAt }) => [body, receives, firstAt - start]),
    [
      ['a', 2, 0],
      ['b', 2, 0],
    ],
  );
});

test('two receives at once never get the same message', async () => {
  const { send, receive } = await open();
  await send(...Array.from({ length: 20 }, (_, n) => String(n)));
  const both = await Promise.all([receive(10), receive(10)]);
  assert.equal(new Set(both.flat().map(({ body }) => body)).size, 20);
});

test('only the last receipt of a message deletes it', async () => {
  const { send, receive, clock, jobs } = await open();
  await send('a');
  const [first] = await receive();
  await clock.advance(30_000);
  const [second] = await receive();
  await jobs.remove([first!.receipt]);
  assert.equal(jobs.counts().inFlight, 1);
  await jobs.remove([second!.receipt, second!.receipt]);
  assert.equal(jobs.counts().inFlight, 0);
  await jobs.remove([second!.receipt]); // is gone already
  await assert.rejects(jobs.remove(['made-up']), { code: 'ReceiptHandleIsInvalid' });
});

test('messages, receives and receipts outlive a restart without a stop', async () => {
  const clock = createManualClock(start);
  const first = await open({ clock });
  await first.send('a', 'b');
  const [a] = await first.receive(1);
  await first.queues.send(first.jobs, [{ body: 'later', delayMs: 60_000 }]);
  const second = await open({ clock, dir: first.dir });
  assert.equal(bodiesOf(await second.receive()), 'b');
  assert.deepEqual(second.jobs.counts(), { visible: 0, inFlight: 2, delayed: 1 });
  await second.jobs.remove([a!.receipt]);
  await clock.advance(60_000);
  assert.equal(bodiesOf(await second.receive()), 'b later');
});

test('a message received too often moves to the dead-letter queue with its id and its age', async () => {
  const clock = createManualClock(start);
  const { send, receive, queues, counts, dir } = await open({ clock, queues: withDeadLetters(2) });
  const [sent] = await send('poison');
  for (let n = 0; n < 2; n += 1) {
    assert.equal(bodiesOf(await receive()), 'poison');
    await clock.advance(30_000);
  }
  assert.deepEqual(await receive(), []);
  assert.equal(counts['sqs.redriven'], 1);
  const dead = queues.named('dead');
  const [moved] = await receive(10, dead);
  assert.deepEqual(
    [moved!.id, moved!.sentAt, moved!.source, moved!.receives],
    [sent!.id, start, arnOf('jobs'), 1],
  );
  await clock.advance(30_000);
  const again = await open({ clock, dir, queues: withDeadLetters(2) });
  assert.equal(bodiesOf(await again.receive(10, again.queues.named('dead'))), 'poison');
  assert.deepEqual(await again.receive(), []);
});

test('a message goes when the queue has kept it long enough', async () => {
  const clock = createManualClock(start);
  const { send, receive, jobs } = await open({ clock, queues: [queueSpec({ retentionMs: 120_000 })] });
  await send('old');
  await clock.advance(119_999);
  assert.equal(jobs.counts().visible, 1);
  await clock.advance(1);
  assert.deepEqual(await receive(), []);
  await clock.advance(60_000);
  await eventually('the message is deleted', () => jobs.counts().visible === 0);
});

test('a waiting receiver gets a message once it is sent or no longer delayed, and none after the wait', async () => {
  const clock = createManualClock(start);
  const { send, queues, jobs } = await open({ clock });
  const wait = () => jobs.receive({ most: 10, visibilityMs: 30_000, waitMs: 20_000 });
  const sent = wait();
  await clock.advance(5_000);
  await send('now');
  assert.equal(bodiesOf(await sent), 'now');
  const delayed = wait();
  await queues.send(jobs, [{ body: 'later', delayMs: 10_000 }]);
  await clock.advance(10_000);
  assert.equal(bodiesOf(await delayed), 'later');
  await jobs.purge();
  const none = wait();
  await clock.advance(20_000);
  assert.deepEqual(await none, []);
});

test('a changed visibility timeout decides when a message comes again', async () => {
  const { send, receive, clock, jobs } = await open();
  await send('a');
  const [first] = await receive();
  await jobs.hide(first!.receipt, 600_000);
  await clock.advance(599_999);
  assert.deepEqual(await receive(), []);
  await clock.advance(1);
  const [second] = await receive();
  await jobs.hide(second!.receipt, 0);
  assert.equal(bodiesOf(await receive()), 'a');
  await assert.rejects(jobs.hide(second!.receipt, 0), { code: 'MessageNotInflight' });
});

test('messages of a queue that the template no longer has are dropped with a line', async () => {
  const first = await open({ queues: withDeadLetters(2) });
  await first.queues.send(first.queues.named('dead'), [{ body: 'x' }]);
  const second = await open({ dir: first.dir });
  assert.match(JSON.stringify(second.log.lines), /dropped with their queue.*"queues":"dead"/);
  const third = await open({ dir: first.dir, queues: withDeadLetters(2) });
  assert.equal(third.queues.named('dead').counts().visible, 0);
});
