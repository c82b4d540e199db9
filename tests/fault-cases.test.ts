// What a trusted system has to show about delivery, time, functions, streams and stores, case by case, and which tests show it.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Files below `tests/`, with titles of tests exactly as they are there. */
type Proofs = Readonly<Record<string, readonly string[]>>;

const cases: readonly (readonly [number: number, fact: string, proofs: Proofs])[] = [
  [
    1,
    'a resend with DUP leaves its window as it was',
    { 'e2e/delivery': ['a resend with DUP, also over a new connection, leaves the window as it was'] },
  ],
  [
    2,
    'the same batch of the stream twice changes nothing and alerts nobody again',
    { 'functions/ingest-stream': ['the same batch twice sends no second alert'] },
  ],
  [
    3,
    'a duplicate in another batch is not counted',
    {
      'functions/ingest-stream': [
        'a reading that is repeated in a later batch, packed with others, is counted once',
      ],
    },
  ],
  [
    4,
    'the reverse order gives the same windows',
    {
      'adapters/window-store': ['the reverse order gives the same window'],
      'core/window': ['any order and any duplication folds to the same windows'],
    },
  ],
  [
    5,
    'a late reading corrects its window',
    {
      'functions/time': [
        'a late reading corrects the window it belongs to, and leaves the newest one as it was',
      ],
    },
  ],
  [
    6,
    'a reading that is too late is counted and kept with the reason',
    {
      'functions/ingest': ["['ingest-late', ['too-late']]"],
      'core/message': ['a time just over the lateness'],
    },
  ],
  [
    7,
    '9,999 and 10,000 lie in two windows',
    {
      'core/window': ['[9_999, 10, 0]', '[10_000, 10, 10_000]'],
      'functions/time': ['the edges of a window'],
    },
  ],
  [
    8,
    'the last window of a device that fell silent is closed and judged',
    {
      'pipeline/sweep': [
        'the alarm of a device that fell silent is cleared once its last window is closed by time',
        'the alarm of a device whose last window is still beyond the limit stays active',
      ],
      'pipeline/sweep-life': [
        'the only window of a device is evaluated by ${JSON.stringify(rule)} once time has closed it',
      ],
    },
  ],
  [
    9,
    'a client id that connects twice loses nothing acknowledged',
    {
      'e2e/delivery': [
        'a client id that connects twice loses nothing that the older connection got acknowledged',
      ],
      '../packages/local-cloud/tests/mqtt/broker': [
        'the newer of two connections with one client ID stays; the older one is closed',
      ],
    },
  ],
  [
    10,
    'a thousand devices that come back at once are served, and ours do not come in step',
    {
      'e2e/hostile': ['a thousand devices that connect at once are all served'],
      'device-sim/fleet': ['waits longer before each new attempt, up to half a minute, and never in step'],
    },
  ],
  [
    11,
    'seconds, microseconds and nanoseconds are distinguished from milliseconds',
    {
      'core/timestamp': ['[1790000000, 1790000000000]', '[1790000000123456, 1790000000123]'],
      'functions/time': ['every unit from seconds to nanoseconds'],
    },
  ],
  [
    12,
    'a clock a year ahead is rejected and closes no window',
    { 'functions/ingest': ['a reading of a clock that is a year ahead closes no window'] },
  ],
  [
    13,
    'a clock a year behind is rejected',
    {
      'core/message': ['a clock a year behind'],
      'functions/time': ['a clock that jumps ahead, comes back, and jumps behind'],
    },
  ],
  [
    14,
    "the machine's time set back stops nothing",
    {
      '../packages/local-cloud/tests/mqtt/clock': [
        'the time set back: messages are still put on disk, acknowledged and finished',
      ],
      '../packages/local-cloud/tests/firehose/stream': [
        'writes within the interval though the time is set back',
      ],
      '../packages/local-cloud/tests/kinesis/mappings': [
        'a batch that waits for its window waits no longer because the time is set back',
      ],
      '../packages/local-cloud/tests/scheduler/schedules': ['a clock that is set back does not stop it'],
      'pipeline/judge': ['a clock that steps back marks no device as calm'],
      'adapters/rule-store': ['after a clock that stepped back'],
      'core/outbox': ['a clock that steps back'],
    },
  ],
  [
    15,
    'a timestamp of zero or less is rejected',
    { 'core/timestamp': ["[0, 'timestamp-not-positive']", "[-1790000000123, 'timestamp-not-positive']"] },
  ],
  [
    16,
    'ISO 8601 is read with an offset, and without one as UTC under the name timestamp',
    {
      'core/timestamp': [
        "['2026-09-21T16:13:20+02:00', 1790000000000]",
        "['2026-09-21T14:13:20', 1790000000000]",
      ],
      'core/cases-timestamps': ['iso-nooffset'],
    },
  ],
  [
    32,
    'a poisoned record is alone in the end, and the shard goes on',
    {
      '../packages/local-cloud/tests/kinesis/mappings': [
        'a function that breaks on one record gets halves until that one is alone, and only that is given up',
        'a reported record comes again with all after it, and those before it do not',
      ],
      'functions/ingest-stream': ['an alarm that cannot be sent reports the records of its device'],
    },
  ],
  [
    33,
    'a batch of nothing but poison is reported whole',
    { 'functions/ingest-stream': ['a batch in which every record fails reports them all'] },
  ],
  [
    34,
    'an environment that runs out of time in the middle changes nothing in the end',
    {
      'adapters/window-histories': ['refused or interrupted calls', "'ends before'"],
      'functions/out-of-time': [
        'stream: the rest of the batch is reported before the function ends, and the next attempts count each reading once',
      ],
      'pipeline/time-budget': [
        'a batch that is far too long for one attempt is done after some, each of which gets on',
      ],
      '../packages/local-cloud/tests/lambda/environment': ["'Sandbox.Timedout'"],
    },
  ],
  [
    35,
    'neither does one that runs out of memory',
    {
      'adapters/window-histories': ['refused or interrupted calls', "'ends after'"],
      '../packages/local-cloud/tests/lambda/environment': [
        'ends only the environment when a handler takes more memory than it has',
      ],
    },
  ],
  [
    36,
    'a crash after the write, before the answer, counts nothing twice',
    { 'adapters/window-store': ['a repeat after an answer that was lost counts nothing twice'] },
  ],
  [
    37,
    'an answer of the function that makes no sense repeats the whole batch',
    { '../packages/local-cloud/tests/kinesis/mappings': ['an answer that makes no sense repeats the batch'] },
  ],
  [
    38,
    'shards that split and environments side by side merge to exact windows',
    {
      '../packages/local-cloud/tests/kinesis/mappings': [
        'after resharding the records of the parents come first',
      ],
      'adapters/window-histories': ['concurrent'],
      'pipeline/ingest': [
        'one message at a time and batches that break, repeat and reorder store the same windows',
      ],
    },
  ],
  [
    39,
    'throttling costs no attempt, and an alarm watches how far the stream is behind',
    {
      '../packages/local-cloud/tests/kinesis/mappings': ['a throttled invocation costs no attempt'],
      'template/template': ["'StreamThrottlesAlarm'", "'StreamLagAlarm'"],
    },
  ],
  [
    40,
    'what was tried often enough is left where it can be replayed',
    {
      '../packages/local-cloud/tests/kinesis/mappings': [
        'a reported record that always fails is given up after its retries, and the shard moves on',
        'a destination that cannot be written is tried until it can, and the shard waits',
      ],
      '../packages/local-cloud/tests/lambda/async': [
        'leaves the documented record in the bucket when all attempts have failed, digits kept',
      ],
    },
  ],
  [
    41,
    'exceeded throughput is waited out',
    {
      'adapters/dynamodb-faults': [
        '${trouble} is waited out, and the reading counted once',
        'throughput that stays exceeded fails the event, and its retry counts the reading',
      ],
    },
  ],
  [
    42,
    'who loses a conditional write to another writer merges',
    {
      'adapters/window-store': ['concurrent writers and their duplicates give the exact window'],
      'pipeline/judge': ['concurrent events of a device announce a transition once'],
    },
  ],
  [
    43,
    'nothing stays undone in a batch of writes, as there are none',
    {
      'adapters/dynamodb-faults': [
        'no function asks DynamoDB for batches, of which a part could stay undone',
      ],
    },
  ],
  [
    44,
    'a connection that is cut after the write counts once',
    {
      'adapters/dynamodb-faults': [
        'a connection that is cut after the write counts its reading once, also when the SDK writes again',
      ],
    },
  ],
  [
    45,
    'an alert that SNS refused goes out later, once',
    {
      'functions/ingest': [
        'if SNS is down, the event fails after its windows are written, and its repeat announces the alert once',
      ],
      'pipeline/sweep': ['a notification that SNS refused is sent by the sweep, once'],
      'pipeline/storm-digest': ['a digest that SNS refuses is sent a minute later, whole'],
      'pipeline/deliver-soak': ['with any concurrent actions, order, failures and crashes'],
    },
  ],
  [
    46,
    'a notification that had to be repeated has the same alert id',
    {
      'pipeline/judge': [
        'a crash between publishing and clearing a pending notification repeats it with the same alert ID',
      ],
      'pipeline/deliver-crashes': ['a publish whose answer is lost is repeated with the same alert ID'],
    },
  ],
  [
    47,
    'a value that flaps at the limit is one alert',
    { 'core/alert': ['one alarm for a value that flaps at the limit'] },
  ],
  [
    48,
    'an object that S3 refuses is written again',
    {
      '../packages/local-cloud/tests/firehose/stream': [
        'keeps trying with longer pauses, resolves when it is written, and says so once',
      ],
      'functions/ingest': [
        'when the errors bucket cannot be written the event fails, and its repeat completes it',
      ],
    },
  ],
  [
    49,
    'no record of a delivery stream comes twice because others were refused',
    {
      '../packages/local-cloud/tests/firehose/stream': [
        'takes a batch whole or not at all, so that none of it comes twice when it comes again',
      ],
    },
  ],
  [
    50,
    'a late reading does not bring an expired window back to life',
    {
      'adapters/window-store': ["a reading for an expired window leaves the window's expiry in the past"],
      'template/template': ['windows outlive the lateness limit for every allowed pair of values'],
    },
  ],
];

for (const [number, fact, proofs] of cases) {
  test(`case ${number}: ${fact}, which tests show`, () => {
    for (const [file, titles] of Object.entries(proofs)) {
      // Whatever the lines that the formatter breaks, and the quotes that a title needs.
      const text = readFileSync(new URL(`${file}.test.ts`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
      for (const title of titles) assert.ok(text.includes(title), `${file} has no test "${title}"`);
    }
  });
}

test('the cases 1 to 16 and 32 to 50 are all there, once each', () => {
  const range = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, n) => first + n);
  assert.deepEqual(
    cases.map(([number]) => number),
    [...range(1, 16), ...range(32, 50)],
  );
});
