// What a function logs as a warning or an error is on the terminal too, short, harmless and once a minute.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createManualClock } from '../../clock.ts';
import { createWarnings } from '../../lambda/warnings.ts';
import { createLog } from '../../log.ts';
import { start, startTime } from './fixture.ts';

const time = '2026-01-02T03:04:05.000Z';

/** The log of a function, and its lines on a terminal, or in a pipe, which has no `columns`. */
function terminal(columns?: number) {
  const clock = createManualClock(startTime);
  const written: string[] = [];
  const out = { isTTY: columns !== undefined, columns, write: (text: string) => written.push(text) };
  const show = createWarnings('Sort', 'logs/Sort.log', { clock, log: createLog(out, () => startTime) });
  return {
    clock,
    log: (document: object, line = JSON.stringify(document)) => show(`${line}\n`),
    print: show,
    /** What was written since the last call. */
    shown: () => written.splice(0).join(''),
    entries: () => written.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const rejected = (deviceId: string, readings: number, traceId = 't1') => ({
  level: 'WARN',
  message: 'Readings rejected',
  timestamp: '2026-11-30T17:33:30.531Z',
  service: 'shop',
  cold_start: true,
  function_arn: 'arn:aws:lambda:us-east-1:000000000000:function:shop-Sort',
  function_memory_size: '512',
  function_name: 'shop-Sort',
  function_request_id: 'b47c8425-c707-45c9-8d0d-3a62bd2da6e1',
  sampling_rate: 0,
  xray_trace_id: '1-6a0d',
  deviceId,
  traceId,
  reason: 'too-late',
  readings,
  remedy: "set the device's clock, or raise MaxLatenessDays",
});

test('a terminal shows message and fields in their order, and breaks the line between words', () => {
  const { log, shown } = terminal(80);
  log(rejected('fridge-7', 3));
  assert.equal(
    shown(),
    "warn: Sort: Readings rejected: fridge-7: too-late (readings 3): set the device's\n" +
      '      clock, or raise MaxLatenessDays\n',
  );
});

test('a pipe gets a JSON line with the fields by their names', () => {
  const { log, entries } = terminal();
  log(rejected('fridge-7', 3));
  assert.deepEqual(entries(), [
    {
      level: 'warn',
      time,
      message: 'Readings rejected',
      function: 'Sort',
      deviceId: 'fridge-7',
      reason: 'too-late',
      readings: 3,
      remedy: "set the device's clock, or raise MaxLatenessDays",
    },
  ]);
});

test('lines that differ only in numbers and in names of the event are shown once a minute, with the number left out', async () => {
  const { clock, log, entries, shown } = terminal();
  for (const n of [1, 2, 3, 4]) log(rejected('fridge-7', n, `t${n}`));
  log(rejected('fridge-8', 1));
  assert.deepEqual(
    entries().map(({ deviceId, readings, notShown }) => [deviceId, readings, notShown]),
    [
      ['fridge-7', 1, undefined],
      ['fridge-8', 1, undefined],
    ],
  );
  await clock.advance(59_999);
  log(rejected('fridge-7', 5));
  assert.equal(shown(), '');
  await clock.advance(1);
  log(rejected('fridge-7', 6));
  log(rejected('fridge-7', 7));
  assert.deepEqual(
    entries().map(({ readings, notShown }) => [readings, notShown]),
    [[6, 4]],
  );
});

test('a terminal says how many were left out, whatever happens to the time of the machine', async () => {
  const { clock, log, shown } = terminal(200);
  log({ level: 'WARN', message: 'Door open' });
  clock.step(3_600_000);
  log({ level: 'WARN', message: 'Door open' });
  assert.equal(shown(), 'warn: Sort: Door open\n');
  await clock.advance(60_000);
  log({ level: 'WARN', message: 'Door open' });
  assert.equal(shown(), 'warn: Sort: Door open (1 more not shown)\n');
});

test('a flood of different warnings ends after 20 lines, is counted, and hides no error', async () => {
  const { clock, log, entries } = terminal();
  for (let n = 0; n < 500; n += 1) log(rejected(`fridge-${n}`, 1));
  log(rejected('fridge-0', 1));
  log({ level: 'ERROR', message: 'Event failed' });
  const first = entries();
  assert.equal(first.length, 21);
  assert.deepEqual([first[20]!['level'], first[20]!['message']], ['error', 'Event failed']);
  await clock.advance(60_000);
  log(rejected('fridge-499', 1));
  assert.deepEqual(
    entries().map(({ message, lines, file, deviceId }) => ({ message, lines, file, deviceId })),
    [
      {
        message: 'lines of a function not shown here',
        lines: 481,
        file: 'logs/Sort.log',
        deviceId: undefined,
      },
      { message: 'Readings rejected', lines: undefined, file: undefined, deviceId: 'fridge-499' },
    ],
  );
});

const shownAs: readonly (readonly [what: string, document: object, text: string])[] = [
  [
    'an error by its name and message',
    {
      level: 'ERROR',
      message: 'Event failed',
      error: { name: 'RangeError', message: 'too far', stack: 'x' },
    },
    'error: Sort: Event failed: RangeError: too far\n',
  ],
  ['a level in small letters', { level: 'error', msg: 'broken' }, 'error: Sort: broken\n'],
  ['a level above error', { level: 'CRITICAL', message: 'broken' }, 'error: Sort: broken\n'],
  [
    'yes, no and numbers by their names, and nothing of objects, arrays and what is empty',
    { level: 'WARN', message: 'm', a: true, b: 0.5, c: { d: 'e' }, f: ['g'], h: null, i: '' },
    'warn: Sort: m (a true) (b 0.5)\n',
  ],
  [
    'a device that is named like a UUID',
    { level: 'WARN', message: 'm', deviceId: 'b47c8425-c707-45c9-8d0d-3a62bd2da6e1' },
    'warn: Sort: m: b47c8425-c707-45c9-8d0d-3a62bd2da6e1\n',
  ],
  ['a warning without a message', { level: 'WARN', message: { a: 1 } }, 'warn: Sort: no message\n'],
  ['nothing of information', { level: 'INFO', message: 'm', nested: { level: 'WARN' } }, ''],
];
for (const [what, document, text] of shownAs) {
  test(`shows ${what}`, () => {
    const { log, shown } = terminal(200);
    log(document);
    assert.equal(shown(), text);
  });
}

test('takes a JSON line that console.warn printed, and leaves plain output alone', () => {
  const { print, shown } = terminal(200);
  print('2026-01-02T03:04:05.000Z\tr1\tWARN\t{"level":"WARN","message":"m"}\n');
  assert.equal(shown(), 'warn: Sort: m\n');
  for (const line of ['{"level":"WARN"\n', 'WARN "level":"WARN"\n', '["level":"WARN"]\n', '\n']) print(line);
  assert.equal(shown(), '');
});

const hostile = '\u001B[2J\u0007\r\n\u009B31m\u202E\u2028x';

test('nothing that a device sends moves the cursor, reverses the text or begins a line', () => {
  for (const columns of [80, undefined]) {
    const { log, shown } = terminal(columns);
    log({ level: 'WARN', message: hostile, [hostile]: 1, name: hostile, ['__proto__x']: hostile });
    const text = shown();
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028\u202E]/u);
    assert.match(text, /\\u001b\[2J/);
    if (columns === undefined) assert.equal((JSON.parse(text) as { name: string }).name, hostile);
  }
});

test('long texts and many fields end in an ellipsis', () => {
  for (const columns of [80, undefined]) {
    const { log, shown } = terminal(columns);
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [`f${n}`, `${n} ${'x'.repeat(1_000)}`]),
    );
    log({ level: 'WARN', message: 'y'.repeat(10_000), ...many });
    const text = shown();
    assert.ok(text.length < 3_000, `${text.length} characters`);
    assert.match(text, /…/);
  }
});

test('a character of two halves is not cut in the middle', () => {
  const { log, shown } = terminal(2_000);
  log({ level: 'WARN', message: 'm', a: `${'x'.repeat(158)}😀😀` });
  assert.ok(shown().isWellFormed());
});

test('the log file keeps every line as the function wrote it', async () => {
  const line = JSON.stringify(rejected('fridge-7', 1));
  const source = `export const handler = async () => process.stdout.write(${JSON.stringify(`${line}\n`)});`;
  const { dir, lambda, logged } = await start({ Sort: { source } });
  for (let n = 0; n < 3; n += 1) await lambda.invoke('tidegate-Sort', '{}');
  const kept = await readFile(path.join(dir, 'logs/Sort.log'), 'utf8');
  assert.equal(kept.split('\n').filter((each) => each === line).length, 3);
  assert.deepEqual(
    logged.map(({ level, message, fields }) => [level, message, fields['function'], fields['deviceId']]),
    [['warn', 'Readings rejected', 'Sort', 'fridge-7']],
  );
});
