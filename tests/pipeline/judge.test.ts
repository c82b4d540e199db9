// Transitions and their notifications over the local DynamoDB, with SNS failures, crashes and races.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createAlerting, type JudgeWindows } from '../../pipeline/judge.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import type { AlertRule, LimitRule } from '../../core/alert-rule.ts';
import type { Notification } from '../../core/alert-state.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { compileRule, defaultRules } from '../../core/rule-data.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import type { AlertStore } from '../../pipeline/ports.ts';
import { payingOf } from './deliver.ts';
import { openTables, type Tables } from '../adapters/tables.ts';

const START = 1790000000000;

let tables: Tables;
let alerts: AlertStore;
beforeAll(async () => {
  tables = await openTables();
  alerts = createAlertStore({ client: tables.client, table: 'alerts' });
});
afterAll(() => tables.close());

/** Counts one reading in the n-th window of a device. */
async function measure(deviceId: string, n: number, temperature: number): Promise<Window> {
  const store = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  const timestamp = START + n * 10_000;
  const reading = {
    deviceId,
    site: 'seattle',
    timestamp,
    fingerprint: fingerprint(`${n}/${temperature}`),
    metrics: [{ name: 'temperature', value: decimalOf(temperature)! }],
  };
  return (await store.apply(deltaOf(reading, 10))).window;
}

interface World {
  readonly judge: JudgeWindows;
  readonly sent: string[];
  /** What the next publishes do instead of succeeding. */
  readonly faults: Error[];
  time: number;
}

/** One environment of the function; `calmFor` as in production. */
function world(
  store: AlertStore = alerts,
  calmFor = 10_000,
  rules: readonly AlertRule[] = defaultRules({ maxTemperature: 8, minTemperature: -1 }).map(compileRule),
): World {
  const sent: string[] = [];
  const faults: Error[] = [];
  const notify = async ({ transition, value }: Notification) => {
    const fault = faults.shift();
    if (fault) throw fault;
    sent.push(`${transition} ${value}`);
  };
  const state = { sent, faults, time: START };
  const judge = createAlerting({
    rules: async () => rules,
    alerts: store,
    windows: createWindowStore({
      client: tables.client,
      table: 'windows',
      fingerprintsTable: 'fingerprints',
      windowSeconds: 10,
      retentionDays: 30,
    }),
    device: async () => undefined,
    outbox: payingOf(tables, { alerts: store, notify, now: () => state.time }),
    now: () => state.time,
    calmFor,
  });
  return Object.assign(state, { judge });
}

async function pendingOf(deviceId: string): Promise<number> {
  const { states } = await alerts.load(deviceId);
  return [...states.values()].reduce((sum, { pending }) => sum + pending.length, 0);
}

test('a device within its limits leaves no state behind', async () => {
  const { judge, sent } = world();
  await judge([await measure('calm', 0, 4)], 'e1');
  assert.deepEqual(sent, []);
  assert.equal((await alerts.load('calm')).states.size, 0);
});

test('an excursion is announced once at its beginning and once at its end', async () => {
  const { judge, sent } = world();
  for (const [n, temperature] of [4, 9, 9.5, 7.5, 8.5, 6, 5, 4].entries()) {
    await judge([await measure('fridge', n, temperature)], `e${n}`);
  }
  assert.deepEqual(sent, ['raised 9', 'cleared 6']);
  const item = await tables.item('alerts', { deviceId: { S: 'fridge' }, ruleId: { S: 'temperature-high' } });
  assert.equal(item?.['state']?.S, 'ok');
  assert.equal(item?.['pending'], undefined);
});

test('one message with a whole excursion sends the same notifications', async () => {
  const { judge, sent } = world();
  const windows: Window[] = [];
  for (const [n, temperature] of [4, 9, 9.5, 7.5, 8.5, 6, 5, 4].entries()) {
    windows.push(await measure('packed', n, temperature));
  }
  await judge([...windows].reverse(), 'e1');
  assert.deepEqual(sent, ['raised 9', 'cleared 6']);
});

test('evaluating the same windows again sends nothing', async () => {
  const { judge, sent } = world();
  const windows = [await measure('again', 0, 9), await measure('again', 1, 4), await measure('again', 2, 4)];
  await judge(windows, 'e1');
  await judge(windows, 'e1');
  await judge(windows.slice(0, 1), 'e2');
  assert.deepEqual(sent, ['raised 9', 'cleared 4']);
});

test('if SNS fails, the event fails, and its repeat sends the pending notification once', async () => {
  const { judge, sent, faults } = world();
  const windows = [await measure('sns-down', 0, 9)];
  faults.push(new Error('SNS is down'));
  await assert.rejects(judge(windows, 'e1'), /SNS is down/);
  assert.equal(await pendingOf('sns-down'), 1);
  await judge(windows, 'e1');
  await judge(windows, 'e1');
  assert.deepEqual(sent, ['raised 9']);
  assert.equal(await pendingOf('sns-down'), 0);
});

test("after an SNS failure the device's next event sends the pending notification at once", async () => {
  const { judge, sent, faults } = world();
  faults.push(new Error('SNS is down'));
  await assert.rejects(judge([await measure('sns-back', 0, 9)], 'e1'));
  await judge([await measure('sns-back', 1, 9)], 'e2');
  assert.deepEqual(sent, ['raised 9']);
});

test('all transitions during an SNS outage are announced afterwards, in order', async () => {
  const { judge, sent, faults } = world();
  faults.push(...Array.from({ length: 4 }, () => new Error('SNS is down')));
  for (const [n, temperature] of [9, 4, 9.5, 5].entries()) {
    await assert.rejects(judge([await measure('outage', n, temperature)], `e${n}`));
  }
  await judge([await measure('outage', 4, 5)], 'e4');
  assert.deepEqual(sent, ['raised 9', 'cleared 4', 'raised 9.5', 'cleared 5']);
});

/** A store that crashes the process, as it were, at its n-th write. */
function crashingAt(n: number): AlertStore {
  let writes = 0;
  return {
    ...alerts,
    transition: async (previous, next) => {
      if (++writes === n) throw new Error('crash');
      return alerts.transition(previous, next);
    },
  };
}

test('a crash before the transition is written leaves it to the repeat', async () => {
  const windows = [await measure('crash-1', 0, 9)];
  await assert.rejects(world(crashingAt(1)).judge(windows, 'e1'), /crash/);
  const { judge, sent } = world();
  await judge(windows, 'e1');
  assert.deepEqual(sent, ['raised 9']);
});

test('after a crash before publishing, the next sender sends the notification', async () => {
  const windows = [await measure('crash-2', 0, 9)];
  await assert.rejects(world(crashingAt(2)).judge(windows, 'e1'), /crash/);
  const { judge, sent } = world();
  await judge([await measure('crash-2', 1, 9)], 'e2');
  assert.deepEqual(sent, ['raised 9']);
});

test('a crash between publishing and clearing a pending notification repeats it with the same alert ID', async () => {
  const windows = [await measure('crash-3', 0, 9)];
  const first = world(crashingAt(3));
  await assert.rejects(first.judge(windows, 'e1'), /crash/);
  const second = world();
  await second.judge(windows, 'e1');
  assert.deepEqual(second.sent, []); // the first may still be sending
  second.time = START + 60_000;
  await second.judge(windows, 'e1');
  assert.deepEqual([first.sent, second.sent], [['raised 9'], ['raised 9']]);
  assert.equal(await pendingOf('crash-3'), 0);
});

test('a notification that another event is sending is left to it for a minute', async () => {
  const windows = [await measure('held', 0, 9)];
  await assert.rejects(world(crashingAt(3)).judge(windows, 'e1'), /crash/);
  const other = world();
  other.time = START + 59_999;
  await other.judge([await measure('held', 1, 9)], 'e2');
  assert.deepEqual(other.sent, []);
  other.time = START + 60_000;
  await other.judge([await measure('held', 2, 9)], 'e3');
  assert.deepEqual(other.sent, ['raised 9']);
});

test('concurrent events of a device announce a transition once', async () => {
  const { judge, sent } = world();
  const windows = await Promise.all(
    [9, 9.5, 10, 11].map((temperature, n) => measure('race', n, temperature)),
  );
  await Promise.all(windows.map((window, n) => judge([window], `e${n}`)));
  assert.equal(sent.length, 1);
  assert.equal(await pendingOf('race'), 0);
});

for (const name of ['__proto__', 'constructor', 'toString']) {
  test(`a device called ${name} alerts like any other`, async () => {
    const { judge, sent } = world();
    await judge([await measure(name, 0, 9)], 'e1');
    assert.deepEqual(sent, ['raised 9']);
  });
}

/** Counts the reads of the alerts table. */
function counted(): { store: AlertStore; reads: () => number } {
  let reads = 0;
  const load = (deviceId: string) => {
    reads += 1;
    return alerts.load(deviceId);
  };
  return { store: { ...alerts, load }, reads: () => reads };
}

test('the alerts of a calm device are read once in ten seconds', async () => {
  const { store, reads } = counted();
  const one = world(store);
  const seen: number[] = [];
  for (const [n, milliseconds] of [0, 1, 9_999, 10_000, 15_000, 20_001].entries()) {
    one.time = START + milliseconds;
    await one.judge([await measure('steady', n, 4)], `e${n}`);
    seen.push(reads());
  }
  assert.deepEqual(seen, [1, 1, 1, 2, 2, 3]);
});

test('a clock that steps back marks no device as calm', async () => {
  const { store, reads } = counted();
  const one = world(store);
  await one.judge([await measure('stepped', 0, 4)], 'e0');
  one.time = START - 1;
  await one.judge([await measure('stepped', 1, 4)], 'e1');
  assert.equal(reads(), 2);
});

test('a breach is evaluated at once, even for a calm device', async () => {
  const { judge, sent } = world();
  await judge([await measure('sudden', 0, 4)], 'e0');
  await judge([await measure('sudden', 1, 9)], 'e1');
  assert.deepEqual(sent, ['raised 9']);
});

test('a device in alarm is read with every message until it is calm again', async () => {
  const { store, reads } = counted();
  const { judge, sent } = world(store);
  const readsSoFar: number[] = [];
  for (const [n, temperature] of [9, 4, 4, 4, 4].entries()) {
    await judge([await measure('recovers', n, temperature)], `e${n}`);
    readsSoFar.push(reads());
  }
  assert.deepEqual(sent, ['raised 9', 'cleared 4']);
  assert.deepEqual(readsSoFar, [1, 2, 3, 4, 4]);
});

test('an alarm that another environment raised is cleared at most ten seconds late', async () => {
  const [here, there] = [world(), world()];
  await here.judge([await measure('elsewhere', 0, 4)], 'e0');
  await there.judge([await measure('elsewhere', 1, 9)], 'e1');
  here.time = START + 9_999;
  await here.judge([await measure('elsewhere', 2, 4), await measure('elsewhere', 3, 4)], 'e2');
  assert.deepEqual(here.sent, []);
  here.time = START + 10_000;
  await here.judge([await measure('elsewhere', 4, 4)], 'e3');
  assert.deepEqual(here.sent, ['cleared 4']);
});

test('an alarm raised while a calm device is being read is not forgotten for longer than that', async () => {
  let raise = async () => {};
  const here = world({
    ...alerts,
    async load(deviceId) {
      const states = await alerts.load(deviceId);
      await raise();
      return states;
    },
  });
  const there = world();
  raise = async () => there.judge([await measure('meanwhile', 1, 9)], 'e1');
  await here.judge([await measure('meanwhile', 0, 4)], 'e0');
  raise = async () => {};
  here.time = START + 10_000;
  await here.judge([await measure('meanwhile', 2, 4), await measure('meanwhile', 3, 4)], 'e2');
  assert.deepEqual([there.sent, here.sent], [['raised 9'], ['cleared 4']]);
});

test('the repeat of a failed event sends its pending notification a minute later, in an environment that had the device as calm', async () => {
  const [here, there] = [world(), world()];
  await here.judge([await measure('repeated', 0, 4)], 'e0');
  await there.judge([await measure('repeated', 1, 9)], 'e1');
  const clearing = [await measure('repeated', 2, 4), await measure('repeated', 3, 4)];
  there.faults.push(new Error('SNS is down'));
  await assert.rejects(there.judge(clearing, 'e2'), /SNS is down/);
  here.time = START + 60_000;
  await here.judge(clearing, 'e2');
  assert.deepEqual([...there.sent, ...here.sent], ['raised 9', 'cleared 4']);
});

test('a device without windows is not evaluated', async () => {
  const { judge, sent } = world();
  await judge([], 'e1');
  assert.deepEqual(sent, []);
});

const meanOfThree: LimitRule = {
  id: 'mean-of-three',
  metric: 'temperature',
  stat: 'mean',
  levels: [
    { severity: 'warning', above: 8, clearBelow: 7 },
    { severity: 'critical', above: 10, clearBelow: 9 },
  ],
  forWindows: 3,
  channels: ['email'],
};

for (const calmFor of [0, 10_000]) {
  test(`means of three closed windows are announced while a calm device is remembered for ${calmFor} ms`, async () => {
    const { judge, sent } = world(alerts, calmFor, [meanOfThree]);
    const device = `mean-${calmFor}`;
    for (const [n, temperature] of [4, 9, 9, 9, 11, 11, 11, 8, 6, 4].entries()) {
      await judge([await measure(device, n, temperature)], `e${n}`);
    }
    assert.deepEqual(sent, ['raised 9', 'worsened 11', 'eased 8', 'cleared 6']);
  });
}

test('a rule for other sites and devices evaluates nothing', async () => {
  const { judge, sent } = world(alerts, 0, [{ ...meanOfThree, forWindows: 1, match: { site: 'tacoma' } }]);
  for (const n of [0, 1, 2]) await judge([await measure('elsewhere', n, 20)], `e${n}`);
  assert.deepEqual(sent, []);
});
