// A metric that stops while its device keeps sending: announced once, cleared when it is back, also after a restart of the sweep.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { decimalOf } from '../../core/decimal.ts';
import { fingerprint } from '../../core/fingerprint.ts';
import { notificationText } from '../../core/notification.ts';
import { runDry } from '../../core/dry-run.ts';
import { compileRule, type RuleData } from '../../core/rule-data.ts';
import { deltaOf, type Window } from '../../core/window.ts';
import type { Environment } from './alert-environment.ts';
import { createAlertWorld, MINUTE, START, WINDOW_SECONDS } from './alert-world.ts';

const silent: Omit<RuleData, 'id'> = { metric: 'temperature', noDataFor: '5m' };

/** A device that sends these metrics in each minute of a stretch, with a sweep after each. */
function lifeOf(rule: Omit<RuleData, 'id'> = silent) {
  const world = createAlertWorld({ rules: [rule] });
  let environment = world.environment();
  let reads = 0;
  const { windows } = world.services;
  const before = windows.before.bind(windows);
  windows.before = async (...asked) => ((reads += 1), before(...asked));
  const stored: Window[] = [];
  return {
    world,
    stored,
    reads: () => reads,
    /** As after a cold start: only stored data are remembered. */
    restart: (): Environment => (environment = world.environment()),
    minutes: async (count: number, ...metrics: string[]): Promise<void> => {
      for (let minute = 0; minute < count; minute += 1) {
        const timestamp = world.clock.time;
        if (metrics.length > 0) {
          const values = metrics.map((name) => ({ name, value: decimalOf(4)! }));
          const print = fingerprint(String(timestamp));
          const reading = {
            deviceId: 'device',
            site: 'seattle',
            timestamp,
            metrics: values,
            fingerprint: print,
          };
          stored.push((await windows.apply(deltaOf(reading, WINDOW_SECONDS))).window);
          await world.services.devices.noteSeen('device', 'seattle', timestamp);
        }
        world.clock.time += MINUTE;
        await environment.sweep(`sweep-${world.clock.time}`);
      }
    },
    announced: () =>
      world.sent.map(({ notification }) => {
        const [first, second] = notificationText(notification, { page: '', timeZone: 'UTC' }).email.split(
          '\n',
        );
        return [(notification.decidedAt - START) / MINUTE, first, second];
      }),
  };
}

test('a silent probe is announced while its device keeps sending, and again after it has been back for as long', async () => {
  const { minutes, announced, stored, world } = lifeOf();
  await minutes(10, 'temperature', 'humidity');
  await minutes(12, 'humidity');
  await minutes(8, 'temperature', 'humidity');
  assert.deepEqual(announced(), [
    [15, 'ALARM: no temperature for 6m at seattle, device', 'The device still sends other metrics.'],
    [29, 'OK: temperature again after 20m at seattle, device', ''],
  ]);
  const listed = runDry(compileRule({ id: 'rule-0', ...silent }), stored, {
    windowSeconds: WINDOW_SECONDS,
    until: world.clock.time,
  });
  const sent = world.sent.map(({ notification }) => notification);
  assert.deepEqual(
    listed.map(({ transition, since }) => [transition, since]),
    sent.map(({ transition, since }) => [transition, since]),
  );
  assert.ok(listed.every(({ decidedAt }, n) => Math.abs(decidedAt - sent[n]!.decidedAt) <= 2 * MINUTE));
});

test('a device that sends nothing at all lacks the metric too, and the email says so', async () => {
  const { minutes, announced } = lifeOf();
  await minutes(10, 'temperature');
  await minutes(10);
  assert.deepEqual(announced(), [
    [15, 'ALARM: no temperature for 6m at seattle, device', 'The device sends nothing else either.'],
  ]);
});

test('a device that never sent the metric is not announced, and few of its windows are read', async () => {
  const { minutes, announced, reads } = lifeOf();
  await minutes(60, 'humidity');
  assert.deepEqual(announced(), []);
  assert.ok(reads() <= 70, String(reads()));
});

test('while all is well the windows are read once in the time that the metric may be silent', async () => {
  const { minutes, reads } = lifeOf();
  await minutes(60, 'temperature', 'humidity');
  assert.ok(reads() <= 20, String(reads()));
});

for (const at of [1, 3, 5, 40]) {
  test(`a sweep that restarts ${at} minutes after the metric stopped finds the time of its last value`, async () => {
    const rule = { ...silent, noDataFor: '1h' };
    const { minutes, restart, announced } = lifeOf(rule);
    await minutes(135, 'temperature', 'humidity');
    await minutes(at, 'humidity');
    restart();
    await minutes(70 - at, 'humidity');
    assert.deepEqual(announced(), [
      [195, 'ALARM: no temperature for 61m at seattle, device', 'The device still sends other metrics.'],
    ]);
  });
}

test('a rule that has waited for another metric ends its alarm and begins with the new one', async () => {
  const { minutes, world, announced } = lifeOf();
  await minutes(10, 'temperature', 'humidity');
  await minutes(8, 'humidity');
  world.rules.data = [{ id: 'rule-0', metric: 'humidity', noDataFor: '5m' }];
  await minutes(3, 'humidity');
  assert.deepEqual(
    announced().map(([, first, second]) => [first, second]),
    [
      ['ALARM: no temperature for 6m at seattle, device', 'The device still sends other metrics.'],
      [
        'ENDED: no temperature for 10m at seattle, device',
        'Its rule was changed and now judges something else.',
      ],
    ],
  );
});
