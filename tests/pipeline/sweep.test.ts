// The sweep over the local DynamoDB: it sends pending notifications after failures, and clears alarms without new messages, each once.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { createAlertStore } from '../../adapters/alert-store.ts';
import { createAlerting } from '../../pipeline/judge.ts';
import { createSweeping } from '../../pipeline/sweep.ts';
import { createWindowStore } from '../../adapters/window-store.ts';
import { createDeviceStore } from '../../adapters/device-store.ts';
import { compileRule, defaultRules } from '../../core/rule-data.ts';
import type { Notification } from '../../core/alert-state.ts';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import { payingOf } from './deliver.ts';
import { openTables, type Tables } from '../adapters/tables.ts';
import { memoryLearned } from '../support/memory-learned.ts';

const START = 1_790_000_000_000;
const MINUTE = 60_000;

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

/** Devices of one test; the rules judge no others. */
function world(device: string) {
  const sent: string[] = [];
  const faults: Error[] = [];
  const clock = { time: START };
  const now = () => clock.time;
  const alerts = createAlertStore({ client: tables.client, table: 'alerts' });
  const windows = createWindowStore({
    client: tables.client,
    table: 'windows',
    fingerprintsTable: 'fingerprints',
    windowSeconds: 10,
    retentionDays: 30,
  });
  const notify = async ({ deviceId, transition, value }: Notification) => {
    const fault = faults.shift();
    if (fault) throw fault;
    sent.push(`${deviceId} ${transition} ${value}`);
  };
  const rules = async () =>
    defaultRules({ maxTemperature: 8 }).map((rule) =>
      compileRule({ ...rule, id: device, match: { device: `${device}*` } }),
    );
  const outbox = payingOf(tables, { alerts, notify, now });
  const judge = createAlerting({
    rules,
    alerts,
    device: async () => undefined,
    windows,
    outbox,
    now,
    calmFor: 0,
  });
  // Each test has its own device; alarms of others belong to no rule of this sweep.
  const own: typeof alerts = {
    ...alerts,
    async *listOpen() {
      for await (const state of alerts.listOpen()) if (state.deviceId.startsWith(device)) yield state;
    },
  };
  const devices = createDeviceStore({ client: tables.client, table: 'devices' });
  const learned = memoryLearned();
  const sweep = createSweeping({
    ...{
      alerts: own,
      devices,
      windows,
      outbox,
      windowSeconds: 10,
      now,
      learnedStore: learned,
      learnedItems: learned,
    },
    rules: async () => ({ rules: await rules(), unreadable: [] }),
    sweepProgress: { begin: async () => ({ since: 0, rules: new Map() }), stop: async () => {} },
  });
  const measure = async (n: number, temperature: number, deviceId = device): Promise<Window> => {
    const reading = {
      deviceId,
      site: 'seattle',
      timestamp: START + n * 10_000,
      fingerprint: fingerprint(`${n}/${temperature}`),
      metrics: [{ name: 'temperature', value: decimalOf(temperature)! }],
    };
    return (await windows.apply(deltaOf(reading, 10))).window;
  };
  return { sent, faults, clock, alerts, judge, sweep, measure };
}

test('a notification that SNS refused is sent by the sweep, once', async () => {
  const { sent, faults, judge, sweep, measure } = world('refused');
  faults.push(new Error('SNS is down'));
  await assert.rejects(judge([await measure(0, 9)], 'e1'), /SNS is down/);
  await sweep('s1');
  await sweep('s2');
  assert.deepEqual(sent, ['refused raised 9']);
});

test('an outage of SNS fails the sweep, costs no other device its notification, and ends with all sent', async () => {
  const { sent, faults, judge, sweep, measure } = world('outage');
  const devices = ['outage-1', 'outage-2', 'outage-3'];
  for (const device of devices) {
    faults.push(new Error('SNS is down'));
    await assert.rejects(judge([await measure(0, 9, device)], 'e1'));
  }
  faults.push(new Error('SNS is still down'));
  await assert.rejects(sweep('s1'), /still down/);
  assert.equal(sent.length, 2);
  await sweep('s2');
  assert.deepEqual(
    [...sent].sort(),
    devices.map((device) => `${device} raised 9`),
  );
});

test('a notification that another sender has claimed is left to it for a minute', async () => {
  const { sent, clock, alerts, judge, sweep, measure } = world('held');
  await judge([await measure(0, 9)], 'e1');
  const state = (await alerts.load('held')).states.get('held')!;
  const notification: Notification = { ...state.alarm!.announced, alertId: 'a' };
  const queued = { notification, sender: 'crashed', heldUntil: START + MINUTE };
  assert.ok(await alerts.transition(state, { ...state, version: state.version + 1, pending: [queued] }));
  clock.time = START + MINUTE - 1;
  await sweep('s1');
  assert.equal(sent.length, 1);
  clock.time = START + MINUTE;
  await sweep('s2');
  assert.deepEqual(sent, ['held raised 9', 'held raised 9']);
});

test('the alarm of a device that fell silent is cleared once its last window is closed by time', async () => {
  const { sent, clock, judge, sweep, measure } = world('silent');
  await judge([await measure(0, 9)], 'e1');
  await judge([await measure(1, 4)], 'e2');
  clock.time = START + 20_000 + MINUTE - 1;
  await sweep('s1');
  assert.deepEqual(sent, ['silent raised 9']);
  clock.time += 1;
  await sweep('s2');
  await sweep('s3');
  assert.deepEqual(sent, ['silent raised 9', 'silent cleared 4']);
});

test('the alarm of a device whose last window is still beyond the limit stays active', async () => {
  const { sent, clock, judge, sweep, measure } = world('hot');
  await judge([await measure(0, 9)], 'e1');
  clock.time = START + 100 * MINUTE;
  await sweep('s1');
  assert.deepEqual(sent, ['hot raised 9']);
});

test('two concurrent sweeps and a message announce a transition once', async () => {
  const { sent, clock, judge, sweep, measure } = world('race');
  await judge([await measure(0, 9)], 'e1');
  await judge([await measure(1, 4)], 'e2');
  clock.time = START + 100 * MINUTE;
  await Promise.all([sweep('s1'), sweep('s2'), measure(2, 5).then((window) => judge([window], 'e3'))]);
  await sweep('s4');
  // By the window that was the newest closed one when it was judged.
  assert.deepEqual(sent.length, 2);
  assert.match(sent[1]!, /^race cleared [45]$/);
});
