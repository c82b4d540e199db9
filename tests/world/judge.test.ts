// The oracle of the world: a run without a fault passes, and each kind of fault is found.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Evidence } from '../../bench/chaos/evidence.ts';
import { recompute } from '../../bench/chaos/recompute.ts';
import type { Disturbance } from '../../bench/chaos/verdict.ts';
import type { Device } from '../../world/device.ts';
import { judgeDevices, judgeRegistry, type Span } from '../../world/judge-operator.ts';
import { judgeTimes } from '../../world/judge-times.ts';
import type { Attribute, Operator } from '../../world/operator.ts';

const END = 600_000;
const MINUTE = 60_000;

const device = (more: Partial<Device> = {}): Device => ({
  ...{
    name: 'd-1',
    acknowledged: new Set(),
    acknowledgedAt: [100_000],
    counts: { sent: 0, resent: 0, connections: 1 },
  },
  ...{
    heard: [{ topic: 'commands/d-1/do', key: 'o:d-1:1', at: 50_100 }],
    connected: [{ from: 1_000, to: Infinity }],
  },
  ...{ waiting: () => 0, send() {}, cut() {}, silence() {}, connectAgain() {} },
  ...more,
});

const operator = (more: Partial<Operator> = {}): Operator => ({
  sent: [{ device: 'd-1', topic: 'commands/d-1/do', key: 'o:d-1:1', acceptedAt: 50_000 }],
  ...{ revocations: [], attributes: new Map(), isDone: () => true, revoke: async () => true },
  ...more,
});

const revocations = [{ device: 'd-1', from: 90_000, to: 110_000 }];
const quiet: readonly Span[] = [];

test.each<[string, Operator, Device, readonly Span[], readonly string[]]>([
  ['a command that was heard', operator(), device(), quiet, []],
  ['a command that was not', operator(), device({ heard: [] }), quiet, ['unheard']],
  ['one while the machine was down', operator(), device({ heard: [] }), [{ from: 49_000, to: 51_000 }], []],
  [
    'one that the API refused',
    operator({ sent: [{ ...operator().sent[0]!, acceptedAt: undefined }] }),
    device({ heard: [] }),
    quiet,
    [],
  ],
  [
    'one to a device that had just connected',
    operator(),
    device({ heard: [], connected: [{ from: 49_000, to: Infinity }] }),
    quiet,
    [],
  ],
  ['a command of another device', operator({ sent: [] }), device(), quiet, ['heard']],
  ['a message accepted after a revoke', operator({ revocations }), device(), quiet, ['revoked']],
  [
    'a message on its way at a revoke',
    operator({ revocations }),
    device({ acknowledgedAt: [90_100] }),
    quiet,
    [],
  ],
  [
    'a message after the certificate is active again',
    operator({ revocations }),
    device({ acknowledgedAt: [110_001] }),
    quiet,
    [],
  ],
  [
    'a connection after a revoke',
    operator({ revocations }),
    device({
      acknowledgedAt: [],
      connected: [
        { from: 1_000, to: 90_050 },
        { from: 95_000, to: 95_100 },
      ],
    }),
    quiet,
    ['revoked'],
  ],
])('finds what it should of %s', (_, by, one, disturbed, kinds) => {
  assert.deepEqual(
    judgeDevices(by, [one], disturbed, END).map(({ kind }) => kind),
    kinds,
  );
});

test.each<[string, Attribute, string | undefined, number]>([
  ['what was accepted', { accepted: '2-x', unsure: [], busyUntil: 0 }, '2-x', 0],
  ['a later value without an answer', { accepted: '2-x', unsure: ['3-x'], busyUntil: 0 }, '3-x', 0],
  ['an older value', { accepted: '2-x', unsure: [], busyUntil: 0 }, '1-x', 1],
  ['nothing, though a value was accepted', { accepted: '2-x', unsure: [], busyUntil: 0 }, undefined, 1],
  [
    'nothing, where nothing was accepted',
    { accepted: undefined, unsure: ['1-x'], busyUntil: 0 },
    undefined,
    0,
  ],
])('finds what it should of a registry that has %s', async (_, attribute, found, findings) => {
  const by = operator({ attributes: new Map([['d-1', attribute]]) });
  assert.equal((await judgeRegistry(by, async () => found)).length, findings);
});

const NOW = 1_796_000_040_000;
const line = JSON.stringify({
  ...{ id: 'a', timestamp: NOW, temperature: 20, deviceId: 'd-1', site: 's' },
  ...{ receivedAt: NOW, clientId: 'd-1', traceId: 't1' },
});
const mail = (at: number, id = 'a1') => ({ at, subject: 'ALARM', text: `Device:   d-1\nAlert:    ${id}\n` });

function kindsOf(
  raisedAt: number,
  mails: Evidence['mails'],
  { disturbances = [], perMinute = 2 }: { disturbances?: readonly Disturbance[]; perMinute?: number } = {},
): readonly string[] {
  const history: Evidence['history'] = [
    {
      ...{ entryId: 'a1', deviceId: 'd-1', ruleId: 'temperature-high', what: 'raised' },
      ...{ at: raisedAt, windowStart: NOW },
    },
  ];
  const evidence = { archive: [line], rejected: [], errors: [], windows: [], alerts: [], history, mails };
  return judgeTimes(evidence, recompute([line]), disturbances, perMinute).map(({ kind }) => kind);
}

test('an alert that is raised and announced at once is in time', () => {
  assert.deepEqual(kindsOf(NOW + 1_000, [mail(NOW + 2_000)]), []);
});

test('an alert that is raised ten minutes after its reading is late', () => {
  assert.deepEqual(kindsOf(NOW + 10 * MINUTE, [mail(NOW + 10 * MINUTE)]), ['late-alert']);
});

test('a mail that is sent ten minutes after its alert is late, but not when SNS was down until then', () => {
  const late = [mail(NOW + 10 * MINUTE)];
  assert.deepEqual(kindsOf(NOW, late), ['late-mail']);
  assert.deepEqual(kindsOf(NOW, late, { disturbances: [{ from: NOW, to: NOW + 8 * MINUTE }] }), []);
});

test('mails beyond the rate limit of a minute are counted, and those of its first seconds in the minute before', () => {
  const at = (seconds: number) => mail(Math.floor(NOW / MINUTE) * MINUTE + seconds * 1000, `a${seconds}`);
  const first = mail(NOW);
  assert.deepEqual(kindsOf(NOW, [first, at(70), at(80), at(90)]), ['rate-limit']);
  assert.deepEqual(kindsOf(NOW, [first, at(61), at(80), at(90)]), []);
  assert.deepEqual(kindsOf(NOW, [first, at(70), at(80), at(90)], { perMinute: 3 }), []);
});
