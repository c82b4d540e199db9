// Functions on a schedule: once for each time that is due, whatever happens to the machine's clock.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createManualClock } from '../../clock.ts';
import { everyInterval, type ScheduleSpec } from '../../scheduler/schedule-spec.ts';
import { createSchedules } from '../../scheduler/schedules.ts';

const MINUTE = 60_000;
/** Twenty seconds after a whole minute. */
const START = 1_790_000_000_000;
const FIRST = 1_790_000_040_000;

const sweep: ScheduleSpec = {
  name: 'sweep',
  arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/sweep',
  functionName: 'sweep-function',
  enabled: true,
  next: everyInterval(MINUTE),
  source: 'aws.scheduler',
  input: undefined,
};

function started(specs: ScheduleSpec[], invoke?: () => Promise<void>) {
  const clock = createManualClock(START);
  const [invoked, errors, counts]: [[name: string, time: number, payload: string][], string[], string[]] = [
    [],
    [],
    [],
  ];
  const schedules = createSchedules({
    schedules: specs,
    invoke: async (name, payload) => {
      invoked.push([name, clock.now(), payload]);
      await invoke?.();
    },
    clock,
    newId: () => `execution-${invoked.length + 1}`,
    log: {
      info() {},
      warn() {},
      error: (message, fields) => errors.push(`${message} ${fields?.['reason']}`),
    },
    count: (name) => void counts.push(name),
  });
  schedules.start();
  const times = () => invoked.map(([, time]) => (time - FIRST) / MINUTE);
  return { clock, schedules, invoked, errors, counts, times };
}

test('a function runs at every whole minute, and not at the start', async () => {
  const { clock, invoked, times, counts } = started([sweep]);
  await clock.advance(FIRST - START - 1);
  assert.deepEqual(invoked, []);
  await clock.advance(1);
  assert.deepEqual(times(), [0]);
  await clock.advance(3 * MINUTE);
  assert.deepEqual(times(), [0, 1, 2, 3]);
  assert.deepEqual(counts, Array(4).fill('schedule.invocations'));
});

test('it gets the event that AWS sends', async () => {
  const { clock, invoked } = started([sweep]);
  await clock.advance(MINUTE);
  const [name, , payload] = invoked[0]!;
  assert.equal(name, 'sweep-function');
  assert.deepEqual(JSON.parse(payload), {
    version: '0',
    id: 'execution-1',
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: '000000000000',
    time: '2026-09-21T14:14:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:scheduler:us-east-1:000000000000:schedule/default/sweep'],
    detail: '{}',
  });
});

test('it gets the input that the template gives, with what AWS puts into it', async () => {
  const input =
    '{"at":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>","x":"<aws.scheduler.x>"}';
  const { clock, invoked } = started([{ ...sweep, input }]);
  await clock.advance(MINUTE);
  assert.deepEqual(JSON.parse(invoked[0]![2]), {
    at: '2026-09-21T14:14:00Z',
    of: sweep.arn,
    x: '<aws.scheduler.x>',
  });
});

test('an hour is waited for in pieces and met exactly', async () => {
  const { clock, invoked } = started([{ ...sweep, next: everyInterval(60 * MINUTE) }]);
  await clock.advance(2 * 60 * MINUTE);
  const times = invoked.map(([, time]) => new Date(time).toISOString());
  assert.deepEqual(times, ['2026-09-21T15:00:00.000Z', '2026-09-21T16:00:00.000Z']);
});

test('a rule of EventBridge invokes with its own event, and passes its constant on unchanged', async () => {
  const rule = { ...sweep, source: 'aws.events' as const };
  const { clock, invoked } = started([rule, { ...rule, input: '"<aws.scheduler.execution-id>"' }]);
  await clock.advance(FIRST - START);
  const { source, detail, resources } = JSON.parse(invoked[0]![2]) as Record<string, unknown>;
  assert.deepEqual([source, detail, resources], ['aws.events', {}, [sweep.arn]]);
  assert.equal(invoked[1]![2], '"<aws.scheduler.execution-id>"');
});

test('a disabled schedule invokes nothing', async () => {
  const { clock, invoked } = started([{ ...sweep, enabled: false }]);
  await clock.advance(10 * MINUTE);
  assert.deepEqual(invoked, []);
});

test('after a sleep of hours it is invoked once, for the last time that was due', async () => {
  const { clock, invoked } = started([sweep]);
  await clock.advance(MINUTE);
  clock.step(5 * 60 * MINUTE + 1000);
  await clock.advance(MINUTE);
  const due = invoked.map(([, , payload]) => (JSON.parse(payload) as { time: string }).time);
  assert.deepEqual(due, ['2026-09-21T14:14:00Z', '2026-09-21T19:15:00Z']);
});

test('a clock that is set back does not stop it', async () => {
  const { clock, invoked } = started([{ ...sweep, next: everyInterval(60 * MINUTE) }]);
  await clock.advance(47 * MINUTE);
  assert.equal(invoked.length, 1);
  clock.step(-24 * 60 * MINUTE);
  await clock.advance(60 * MINUTE);
  assert.equal(invoked.length, 2);
});

test('a timer that fires too early by a millisecond makes no second invocation', async () => {
  const { clock, times } = started([sweep]);
  clock.step(-1);
  await clock.advance(2 * MINUTE);
  assert.equal(times().length, 2);
});

test('a slow function is invoked at the next minute too, as on AWS', async () => {
  const { clock, times } = started([sweep], () => new Promise(() => {}));
  await clock.advance(3 * MINUTE);
  assert.equal(times().length, 3);
});

test('an invocation that cannot be made is logged, and the next is made', async () => {
  const { clock, errors, times } = started([sweep], () => Promise.reject(new Error('gone')));
  await clock.advance(2 * MINUTE);
  assert.equal(times().length, 2);
  assert.deepEqual(errors, Array(2).fill('schedule cannot invoke its function Error: gone'));
});

test('after close nothing is invoked', async () => {
  const { clock, schedules, invoked } = started([sweep]);
  schedules.close();
  await clock.advance(10 * MINUTE);
  assert.deepEqual(invoked, []);
});
