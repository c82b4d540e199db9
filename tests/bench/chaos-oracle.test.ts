// The oracle of the chaos harness: evidence without faults passes, and each injected fault is reported.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import type { Evidence, HistoryLine } from '../../bench/chaos/evidence.ts';
import { mailOf, type Mail } from '../../bench/chaos/left-texts.ts';
import { recompute } from '../../bench/chaos/recompute.ts';
import { judgeEvidence, type Disturbance } from '../../bench/chaos/verdict.ts';

const NOW = 1_796_000_000_000;

function line(number: number, payload: Record<string, unknown>, more: Record<string, unknown> = {}): string {
  const context = {
    deviceId: 'd-1',
    site: 's',
    receivedAt: NOW + number,
    clientId: 'd-1',
    traceId: `t${number}`,
  };
  return JSON.stringify({ note: `m:d-1:${number}`, ...payload, ...context, ...more });
}

const reading = (id: string, temperature: unknown, at = NOW) => ({ id, timestamp: at, temperature });

const mail = (alertId: string, at = NOW): Mail => ({
  at,
  subject: 'ALARM critical: temperature 20 above 8 at s/d-1',
  text: `ALARM: temperature 20 above 8\n\nDevice:   d-1\nAlert:    ${alertId}\n`,
});

const raised = (windowStart: number): HistoryLine => ({
  ...{ entryId: `a${windowStart}`, deviceId: 'd-1', ruleId: 'temperature-high', what: 'raised' },
  ...{ at: NOW, windowStart },
});

/** Two readings of one window, one rejected, one alarm with its mail. */
const good: Evidence = {
  archive: [
    line(1, reading('a', 0.1)),
    line(2, { readings: [reading('b', 20), reading('c', 0.2, NOW - 8 * 86_400_000)] }),
  ],
  rejected: [{ traceId: 't2', reasons: ['1 too-late'] }],
  errors: [],
  windows: [
    {
      deviceId: 'd-1',
      windowStart: NOW,
      numbers: new Map([
        ...[
          ['readings', '2'] as const,
          ['firstReadingAt', `${NOW}`] as const,
          ['lastReadingAt', `${NOW}`] as const,
        ],
        ...[['temperature.min', '0.1'] as const, ['temperature.max', '20'] as const],
        ...[['temperature.sum', '20.1'] as const, ['temperature.count', '2'] as const],
      ]),
    },
  ],
  alerts: [{ deviceId: 'd-1', ruleId: 'temperature-high', state: 'alarm', isPending: false }],
  history: [raised(NOW)],
  mails: [mail(`a${NOW}`)],
};
const claims = { acknowledged: new Set(['m:d-1:1', 'm:d-1:2']), disturbances: [] as Disturbance[] };

const kinds = (evidence: Evidence, disturbances: readonly Disturbance[] = []) =>
  judgeEvidence(evidence, { ...claims, disturbances }).findings.map(({ kind }) => kind);

function withFigure(name: string, value: string): Evidence {
  const [window] = good.windows;
  return { ...good, windows: [{ ...window!, numbers: new Map([...window!.numbers, [name, value]]) }] };
}

test('evidence without a fault has no findings', () => {
  assert.deepEqual(judgeEvidence(good, claims).findings, []);
});

const faults: readonly (readonly [fault: string, evidence: Evidence, kind: string])[] = [
  ['an acknowledged message without its line', { ...good, archive: good.archive.slice(1) }, 'lost'],
  ['a window that is gone', { ...good, windows: [] }, 'missing'],
  [
    'a window that nobody sent',
    { ...good, windows: [...good.windows, { ...good.windows[0]!, windowStart: NOW + 10_000 }] },
    'extra',
  ],
  ['a reading that was counted twice', withFigure('temperature.count', '3'), 'doubled'],
  ['more readings than there are', withFigure('readings', '3'), 'doubled'],
  ['another minimum', withFigure('temperature.min', '0.2'), 'altered'],
  ['a sum that is off by floating point', withFigure('temperature.sum', '20.100000000000001'), 'altered'],
  ['a reading that was not counted', withFigure('temperature.count', '1'), 'altered'],
  ['another time of the first reading', withFigure('firstReadingAt', `${NOW - 1}`), 'altered'],
  ['a metric that nobody sent', withFigure('humidity.count', '1'), 'altered'],
  ['a rejection that was not kept', { ...good, rejected: [] }, 'rejection'],
  ['another reason', { ...good, rejected: [{ traceId: 't2', reasons: ['1 no-metrics'] }] }, 'rejection'],
  [
    'a rejection of a good message',
    { ...good, rejected: [...good.rejected, { traceId: 't1', reasons: ['- x'] }] },
    'rejection',
  ],
  ['a mail that is gone', { ...good, mails: [] }, 'missed-alarm'],
  ['a mail of another alert', { ...good, mails: [mail('other')] }, 'missed-alarm'],
  ['an alert that was never raised', { ...good, history: [] }, 'missed-alarm'],
  [
    'an alert of an older window only, cleared since',
    { ...good, history: [raised(NOW - 20_000), { ...raised(NOW - 10_000), what: 'cleared' }] },
    'missed-alarm',
  ],
  [
    'a state that is calm under a hot window',
    { ...good, alerts: [{ ...good.alerts[0]!, state: 'ok' }] },
    'missed-alarm',
  ],
  [
    'a notification that is still pending',
    { ...good, alerts: [{ ...good.alerts[0]!, isPending: true }] },
    'pending',
  ],
  [
    'a mail that was sent twice',
    { ...good, mails: [...good.mails, mail(`a${NOW}`, NOW + 5000)] },
    'repeated-mail',
  ],
];

for (const [fault, evidence, kind] of faults) {
  test(`the oracle sees ${fault}`, () => {
    const found = kinds(evidence);
    assert.ok(found.length > 0 && found.includes(kind as never), `it found: ${found.join()}`);
  });
}

test('a message that is in the errors bucket is not lost', () => {
  const parked = { ...good, archive: good.archive.slice(1), errors: ['{"note":"m:d-1:1"}'] };
  assert.ok(!kinds(parked).includes('lost'));
});

test('an email may be sent twice around a kill', () => {
  const twice = { ...good, mails: [...good.mails, mail(`a${NOW}`, NOW + 5000)] };
  assert.deepEqual(kinds(twice, [{ from: NOW + 1000, to: NOW + 2000 }]), []);
  assert.deepEqual(kinds(twice, [{ from: NOW + 900_000, to: NOW + 901_000 }]), ['repeated-mail']);
});

test('an alarm in a digest is announced, and a device whose name another begins with is not', () => {
  const digest = (name: string) => ({
    at: NOW,
    subject: 'DIGEST 2 alerts in a minute: 2 ALARM',
    text: `2 alerts in a minute\n\nALARM critical: temperature 20 above 8 at s/${name}, since 2026\n`,
  });
  assert.deepEqual(kinds({ ...good, mails: [digest('d-1')] }), []);
  assert.ok(kinds({ ...good, mails: [digest('d-10')] }).includes('missed-alarm'));
  assert.ok(kinds({ ...good, mails: [digest('d-1:child')] }).includes('missed-alarm'));
});

test('a window that cleared an alert and is hot has to raise it again', () => {
  const history = [raised(NOW - 10_000), { ...raised(NOW), what: 'cleared' }];
  const evidence = { ...good, history, mails: [mail(`a${NOW - 10_000}`)] };
  assert.deepEqual(kinds(evidence), ['missed-alarm']);
  const again = { ...raised(NOW), entryId: 'again', at: NOW + 1000 };
  const mails = [...evidence.mails, mail('again')];
  const { findings, figures } = judgeEvidence({ ...good, history: [...history, again], mails }, claims);
  assert.deepEqual(findings, []);
  assert.equal(figures['raised again by the window that cleared'], 1);
});

test('a window that cleared an alert raised it again after that, though the clock was moved back in between', () => {
  const next = NOW + 10_000;
  const [stored] = good.windows;
  const statistics = ['temperature.min', 'temperature.max', 'temperature.sum'].map(
    (name) => [name, '20'] as const,
  );
  const counts = ['readings', 'temperature.count'].map((name) => [name, '1'] as const);
  const times = ['firstReadingAt', 'lastReadingAt'].map((name) => [name, `${next}`] as const);
  const numbers = new Map([...statistics, ...counts, ...times]);
  const cleared = { ...raised(NOW), entryId: 'cleared', what: 'cleared', at: NOW + 9000 };
  const history = [raised(NOW - 10_000), cleared, raised(NOW)];
  const evidence = {
    ...good,
    archive: [...good.archive, line(3, reading('d', 20, next))],
    windows: [...good.windows, { ...stored!, windowStart: next, numbers }],
    mails: [mail(`a${NOW - 10_000}`), mail(`a${NOW}`)],
  };
  assert.deepEqual(kinds({ ...evidence, history }), []);
  const over = { ...cleared, entryId: 'over', windowStart: next, at: NOW - 5000 };
  assert.deepEqual(kinds({ ...evidence, history: [...history, over] }), ['missed-alarm']);
});

test('of many changes in one, that one announces all', () => {
  const folded = { ...raised(NOW + 20_000), what: 'cleared', changes: 5 };
  const text = `OK: temperature 3 back below 7\n\nDevice:   d-1\nAlert:    ${folded.entryId}\n`;
  const subject = 'OK critical: temperature 3 back below 7 (5 changes) at s/d-1';
  const evidence = { ...good, history: [folded], mails: [{ ...mail('x'), subject, text }] };
  assert.deepEqual(kinds(evidence), []);
  const before = { ...folded, windowStart: NOW - 10_000 };
  assert.deepEqual(kinds({ ...evidence, history: [before] }), ['missed-alarm']);
});

test('a late hot reading does not raise an alert', () => {
  const late = line(1, reading('a', 20, NOW - 3_600_000));
  assert.deepEqual(
    [...recompute([late]).windows.values()].map(({ isHot }) => isHot),
    [false],
  );
  const inTime = line(1, reading('a', 20, NOW - 300_000));
  assert.deepEqual(
    [...recompute([inTime]).windows.values()].map(({ isHot }) => isHot),
    [true],
  );
});

/** Each value of a line as the sum of its window; undefined where it counts for nothing. */
const values: readonly (readonly [text: string, sum: string | undefined])[] = [
  ['4.25', '4.25'],
  ['0.30000000000000004', '0.3'],
  ['123456789012345.678', '123456789012345.67'],
  ['1e-9', '0.000000001'],
  ['-0.0', '0'],
  ['"12.5"', '12.5'],
  ['true', '1'],
  ['1e300', undefined],
  ['"007"', undefined],
  ['null', undefined],
  ['[1]', undefined],
];

for (const [text, sum] of values) {
  test(`a value of ${text} is ${sum ?? 'skipped'}`, () => {
    const source = line(1, { timestamp: NOW, ok: 1, power: '@' }).replace('"@"', text);
    const [window] = recompute([source]).windows.values();
    assert.equal(window!.metrics.get('power')?.sum.toFixed(), sum);
    assert.equal(window!.metrics.get('ok')?.count, 1);
  });
}

test('a reading is identified by ID, time and values; without a time and an ID by its place in the message', () => {
  const counted = (...payloads: readonly Record<string, unknown>[]) =>
    recompute(payloads.map((payload, index) => line(index, payload))).readings;
  assert.equal(counted(reading('a', 1), reading('a', 1)), 1);
  assert.equal(counted(reading('a', 1), reading('a', 2)), 2);
  assert.equal(counted(reading('a', 1), reading('b', 1)), 2);
  assert.equal(counted(reading('a', 1), reading('a', 1, NOW + 1)), 2);
  assert.equal(counted({ id: 'a', temperature: 1 }, { id: 'a', temperature: 1 }), 1);
  assert.equal(counted({ temperature: 1 }, { temperature: 1 }), 2);
  assert.equal(counted({ readings: [{ temperature: 1 }, { temperature: 1 }] }), 2);
});

test('a line that is twice in the archive counts once', () => {
  const { readings, repeatedLines } = recompute([good.archive[0]!, good.archive[0]!]);
  assert.deepEqual({ readings, repeatedLines }, { readings: 1, repeatedLines: 1 });
});

test('a sensor behind a gateway is a device, and the topic names the metric of a bare value', () => {
  const child = line(1, reading('a', 4), { topicLevel4: 'roof' });
  const rawPayload = Buffer.from('4.1000017').toString('base64');
  const bare = line(2, { rawPayload, note: undefined }, { topicLevel4: 'power' });
  const { windows, keys } = recompute([child, bare]);
  assert.deepEqual([...windows.keys()], [`d-1:roof ${NOW}`, `d-1 ${NOW}`]);
  assert.deepEqual([...keys], ['m:d-1:1', 'bare:d-1:power:4.1000017']);
});

test('a mail is read with its time, folded subject and quoted text', () => {
  const source = [
    'Subject: DIGEST 2 alerts',
    ' in a minute',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'ALARM at s/d-1, si=',
    'nce =3D noon',
  ].join('\r\n');
  assert.deepEqual(mailOf('20261130T200504.471Z-x.eml', source), {
    at: Date.parse('2026-11-30T20:05:04.471Z'),
    subject: 'DIGEST 2 alerts in a minute',
    text: 'ALARM at s/d-1, since = noon',
  });
});
