// How a simulated sensor applies its shadow's desired state, over a connection that the test controls.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { applyDesired, atSetpoint, type Controls } from '../../device-sim/controls.ts';
import { planMessages } from '../../device-sim/messages.ts';
import { followShadow } from '../../device-sim/shadow.ts';

const prefix = '$aws/things/d1/shadow';

function follow(controls: Controls = { sampleRate: 1, setpoint: 4 }) {
  const sent: (readonly [string, string])[] = [];
  const problems: string[] = [];
  let receive: (topic: string, payload: string) => void = () => {};
  let ready = () => {};
  let topics: readonly string[] = [];
  followShadow(
    {
      async publish(topic, payload) {
        sent.push([topic.slice(prefix.length), payload]);
      },
      listen(wanted, onMessage, onReady) {
        [topics, receive, ready] = [wanted, onMessage, onReady];
      },
    },
    'd1',
    controls,
    (problem) => problems.push(problem),
  );
  const hear = (topic: string, message: unknown) => receive(`${prefix}/${topic}`, JSON.stringify(message));
  return {
    controls,
    sent,
    problems,
    topics,
    hear,
    hearText: (topic: string, text: string) => receive(`${prefix}/${topic}`, text),
    connect: () => ready(),
    take: () => sent.splice(0),
  };
}

const report = (sampleRate: number, setpoint: number) =>
  ['/update', JSON.stringify({ state: { reported: { sampleRate, setpoint } } })] as const;

test('requests its shadow on every connect, and reports its state if there is none', () => {
  const { connect, hear, take, topics } = follow();
  assert.deepEqual(
    topics.map((topic) => topic.slice(prefix.length)),
    ['/get/accepted', '/get/rejected', '/update/delta', '/update/rejected'],
  );
  connect();
  connect();
  assert.deepEqual(take(), [
    ['/get', ''],
    ['/get', ''],
  ]);
  hear('get/rejected', { code: 404, message: "No shadow exists with name: 'd1'" });
  assert.deepEqual(take(), [report(1, 4)]);
});

test('after a restart it applies the earlier desired state, even if an earlier run had reported it', () => {
  const { hear, take, controls } = follow();
  hear('get/accepted', {
    version: 7,
    state: { desired: { sampleRate: 5 }, reported: { sampleRate: 5, setpoint: 4 } },
  });
  assert.deepEqual(controls, { sampleRate: 5, setpoint: 4 });
  assert.deepEqual(take(), [report(5, 4)]);
});

test('applies a delta and reports once, and reports nothing if it cannot apply the rest', () => {
  const { hear, take, controls, problems } = follow();
  hear('update/delta', { version: 2, state: { sampleRate: 2, setpoint: 500, colour: 'red' } });
  assert.deepEqual(controls, { sampleRate: 2, setpoint: 4 });
  assert.deepEqual(take(), [report(2, 4)]);
  hear('update/delta', { version: 3, state: { setpoint: 500, colour: 'red' } });
  assert.deepEqual(take(), []);
  assert.match(problems[0]!, /^d1: desired setpoint 500: must be a number from -40 to 85; it stays 4$/);
});

test('an older delta does not undo a newer one', () => {
  const { hear, controls } = follow();
  hear('update/delta', { version: 5, state: { sampleRate: 5 } });
  hear('update/delta', { version: 4, state: { sampleRate: 4 } });
  assert.equal(controls.sampleRate, 5);
});

test('reports refusals of the cloud, and ignores invalid messages', () => {
  const { hear, hearText, problems, take } = follow();
  hear('get/rejected', { code: 403, message: 'Forbidden' });
  hear('update/rejected', { code: 413, message: 'too large' });
  hearText('update/delta', '{');
  for (const odd of [null, 5, 'text', [], { state: 5 }, { state: null }, { state: [] }]) {
    hear('update/delta', odd);
    hear('get/accepted', odd);
  }
  assert.equal(problems.length, 3);
  assert.ok(take().every(([topic]) => topic === '/update'));
});

test('a value that is not a number within the bounds is not applied', () => {
  for (const sampleRate of [0, -1, 1e9, '5', null, true, [5], {}]) {
    const controls: Controls = { sampleRate: 1 };
    const { changed, problems } = applyDesired(controls, { sampleRate, setpoint: 5 });
    assert.deepEqual([controls, changed, problems.length], [{ sampleRate: 1 }, false, 1]);
  }
  const inherited = Object.create({ sampleRate: 9 }) as Record<string, unknown>;
  assert.equal(applyDesired({ sampleRate: 1 }, inherited).changed, false);
});

test('the setpoint moves the temperature and nothing else', () => {
  const pattern = atSetpoint(() => ({ temperature: 4.2, humidity: 50 }), { sampleRate: 1, setpoint: -6.5 });
  assert.deepEqual(pattern(1, 0), { temperature: -6.3, humidity: 50 });
});

test('a plan changes its rate with the reading after the next, without lost or repeated readings', () => {
  const controls: Controls = { sampleRate: 1 };
  const plan = planMessages({
    seed: 1,
    pattern: () => ({ temperature: 1 }),
    start: 0,
    rate: 7,
    controls,
    jitter: false,
    duplicates: 0,
    reorder: 0,
    pack: 1,
    speed: 1,
    count: 8,
  });
  const due: number[] = [];
  const ids: string[] = [];
  for (const message of plan) {
    due.push(message.due);
    ids.push((JSON.parse(message.payload) as { id: string }).id);
    if (due.length === 3) controls.sampleRate = 10;
    if (due.length === 6) controls.sampleRate = 0.5;
  }
  const gaps = due.slice(1).map((each, index) => each - due[index]!);
  assert.deepEqual(gaps, [1000, 1000, 100, 100, 100, 2000, 2000]);
  assert.equal(new Set(ids).size, 8);
});
