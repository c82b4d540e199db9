// A function that runs out of time starts nothing that would not finish, does not wait for hanging calls, and reports unfinished work.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseMessage, type ParsedMessage } from '../../core/message.ts';
import { createIngestion } from '../../pipeline/ingest.ts';
import { createBatch } from '../../pipeline/batch.ts';
import { createTimeBudget, inTime, OutOfTimeError, UNLIMITED } from '../../pipeline/time-budget.ts';

const START = 1_790_000_000_000;
const never = new Promise<never>(() => undefined);

/** A clock that only work moves. */
function createClock() {
  let at = START;
  return { now: () => at, pass: (ms: number) => void (at += ms) };
}

test('no work starts after the time budget is spent, and the remaining items are returned', async () => {
  const { now, pass } = createClock();
  const budget = createTimeBudget({ endsAt: START + 60_000, now });
  const done: number[] = [];
  const work = async (item: number) => {
    pass(1000);
    done.push(item);
  };
  const items = Array.from({ length: 100 }, (_, n) => n);
  const left = await inTime(items, 1, work, { budget, share: 0.5 });
  // Of 60 s the last two are for the answer, and the five before for a step that was begun.
  assert.equal(done.length, Math.ceil(((60 - 2 - 5) * 1000 * 0.5) / 1000));
  assert.deepEqual([...left], items.slice(done.length));
});

test('hanging work is abandoned while there is time for an answer', async () => {
  const now = () => performance.now();
  const started = now();
  const budget = createTimeBudget({ endsAt: started + 400, now });
  const left = await inTime(['a', 'b'], 2, (item) => (item === 'a' ? Promise.resolve() : never), {
    budget,
    share: 1,
  });
  assert.deepEqual([...left], ['b']);
  const took = now() - started;
  assert.ok(took >= 315 && took < 3000, `${took} ms`);
});

test('without a limit everything is done', async () => {
  const left = await inTime([1, 2, 3], 2, async () => undefined, { budget: UNLIMITED, share: 0.1 });
  assert.equal(left.size, 0);
});

const LIMITS = { maxLatenessSeconds: 604_800, maxSkewSeconds: 60 };

const eventOf = (n: number) => ({
  deviceId: `store-${n}`,
  site: 'seattle',
  receivedAt: START,
  traceId: `trace-${n}`,
});

const message = (n: number): ParsedMessage => parseMessage({ ...eventOf(n), temperature: 4 }, LIMITS);

test('the first unfinished message and all after it are returned for a retry, with the reason', async () => {
  const { now, pass } = createClock();
  const batch = createBatch(
    Array.from({ length: 10 }, (_, n) => message(n)),
    1,
    createTimeBudget({ endsAt: START + 10_000, now }),
  );
  const seen: ParsedMessage[] = [];
  const work = async (item: ParsedMessage) => {
    pass(1000);
    seen.push(item);
    if (item === batch.messages[1]) throw new Error('refused');
  };
  await batch.each(batch.messages, work, (item) => [item], 0.5);
  assert.equal(seen.length, 3); // of 10 s two are for the answer and two for a step
  assert.deepEqual(
    batch.inTime().map(({ context }) => context?.deviceId),
    ['store-0', 'store-1', 'store-2'],
  );
  const failed = batch.failed();
  assert.deepEqual(
    failed.map(({ message: { context } }) => context?.deviceId),
    ['store-1', 'store-3', 'store-4', 'store-5', 'store-6', 'store-7', 'store-8', 'store-9'],
  );
  assert.match(String(failed[0]!.error), /refused/);
  assert.ok(failed[1]!.error instanceof OutOfTimeError);
  assert.match(String(failed[1]!.error), /7 of 10 messages are left for the next attempt/);
});

/** Everything that a step of ingest does takes `ms`, one after the other. */
function slowIngestion(pass: (ms: number) => void, ms: number) {
  const judged = new Set<string>();
  const noted = new Set<string>();
  const slow = async () => pass(ms);
  const ingest = createIngestion({
    rollups: { mark: async () => {} },
    now: () => 0,
    keepRejected: slow,
    windows: {
      async apply(delta) {
        pass(ms);
        const { readings, ...rest } = delta;
        const window = { ...rest, readings: readings.size } as never;
        return { window, applied: readings.size, overflow: [] };
      },
    },
    devices: {
      async noteSeen(deviceId) {
        pass(ms);
        noted.add(deviceId);
      },
      noteUnused: slow,
      noteUnits: slow,
    },
    async judgeWindows(windows) {
      pass(ms);
      for (const { deviceId } of windows) judged.add(deviceId);
    },
    windowSeconds: 10,
    callsAtOnce: 1,
  });
  return { ingest, judged, noted };
}

/** Packs of windows of a device that sends what it kept, the newest first, and a message of another one after each. */
function backlog(): ParsedMessage[] {
  return Array.from({ length: 40 }, (_, n) => {
    const readings = Array.from({ length: 60 }, (_each, i) => ({
      timestamp: START - (n * 60 + i) * 10_000,
      temperature: 4,
    }));
    return [parseMessage({ ...eventOf(1000), readings }, LIMITS), message(n)];
  }).flat();
}

for (const [title, messages, ms] of [
  ['messages of many devices', Array.from({ length: 500 }, (_, n) => message(n)), 100],
  ['a backlog of one device among messages of others', backlog(), 40],
] as const) {
  test(`a batch that is far too long for one attempt is done after some, each of which gets on: ${title}`, async () => {
    const { now, pass } = createClock();
    const { ingest, judged, noted } = slowIngestion(pass, ms);
    const counts: Record<string, number> = {};
    const counting = {
      count: (name: string, value: number) => void (counts[name] = (counts[name] ?? 0) + value),
      warn: () => undefined,
    };
    let left: readonly ParsedMessage[] = messages;
    let attempts = 0;
    while (left.length > 0) {
      attempts += 1;
      assert.ok(attempts <= 10, `${left.length} messages are left after ten attempts`);
      const endsAt = now() + 60_000;
      const failed = await ingest(left, counting, createTimeBudget({ endsAt, now }));
      assert.ok(now() <= endsAt, 'the attempt ended in time');
      const first = failed[0] ? left.indexOf(failed[0].message) : left.length;
      assert.ok(first > 0, 'an attempt got on');
      left = left.slice(first);
    }
    assert.ok(attempts > 1);
    const devices = new Set(messages.map(({ context }) => context!.deviceId));
    assert.deepEqual([judged, noted], [devices, devices]);
    assert.ok(counts['MessagesOutOfTime']! > 0);
  });
}

test('a first message that takes most of the time is done in one attempt, and later ones are retried', async () => {
  const { now, pass } = createClock();
  const { ingest, judged } = slowIngestion(pass, 100);
  const readings = Array.from({ length: 180 }, (_, n) => ({ timestamp: START - n * 10_000, temperature: n }));
  const long = parseMessage({ ...eventOf(0), readings }, LIMITS);
  const messages = [long, message(1), message(2)];
  const counting = { count: () => undefined, warn: () => undefined };
  const endsAt = now() + 30_000;
  const failed = await ingest(messages, counting, createTimeBudget({ endsAt, now }));
  assert.ok(now() <= endsAt - 2000);
  assert.deepEqual(
    failed.map(({ message: each }) => each),
    messages.slice(1),
  );
  assert.deepEqual([...judged], ['store-0']);
});
