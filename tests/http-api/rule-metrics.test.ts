// Warnings about rules whose metric no device sends.

import { afterAll, beforeAll, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { openRules, type RuleFixture } from './rule-fixture.ts';

let rules: RuleFixture;
beforeAll(async () => {
  rules = await openRules();
  for (const ago of [1, 2, 3]) {
    await rules.measure('fridge-1', { temperature: 4 + ago, humidity: 50 }, ago);
    await rules.measure('fridge-2', { temperature: 5, ...(ago === 1 && { battery: 3 }) }, ago);
    await rules.measure('lab-1', { Temperature: 21, BME280_Pressure: 1013 }, ago);
  }
});
afterAll(() => rules.tables.close());

const rule = (metric: string, device = 'fridge-*', more: object = {}) => ({
  ...{ metric, above: 8, match: { device } },
  ...more,
});

const cases: readonly (readonly [what: string, rule: object, warnings: readonly string[] | undefined])[] = [
  ['a metric that all devices send', rule('temperature'), undefined],
  ['a metric that one device sends', rule('battery'), undefined],
  [
    'a metric with a letter too few',
    rule('temprature'),
    [
      'None of the 2 devices that match sent `temprature` in their last windows; the metrics there are: `temperature`, `battery`, `humidity`',
      'Did you mean `temperature`?',
    ],
  ],
  [
    'a metric that is nothing like the others',
    rule('co2'),
    [
      'None of the 2 devices that match sent `co2` in their last windows; the metrics there are: `battery`, `humidity`, `temperature`',
    ],
  ],
  [
    'small letters for a capital',
    rule('temperature', 'lab-1'),
    [
      'The device that matches did not send `temperature` in its last window; the metrics there are: `Temperature`, `BME280_Pressure`',
      '`temperature` is exact, capitals included: write `Temperature`, or set `anySpelling` to true, or rename it in a mapping',
    ],
  ],
  [
    'small letters for a capital and a mean, which no rule for any spelling can judge',
    rule('bme280_pressure', 'lab-1', { stat: 'mean' }),
    [
      'The device that matches did not send `bme280_pressure` in its last window; the metrics there are: `BME280_Pressure`, `Temperature`',
      '`bme280_pressure` is exact, capitals included: write `BME280_Pressure`, or rename it in a mapping',
    ],
  ],
  ['any spelling', rule('temperature', '*', { anySpelling: true }), undefined],
  [
    'a spelling that one of the devices has',
    rule('temperature', '*'),
    [
      '1 of the 3 devices that match, such as `lab-1`, sends `Temperature` and not `temperature`: write `Temperature`, or set `anySpelling` to true, or rename it in a mapping',
    ],
  ],
  [
    'devices that are not there',
    rule('temperature', 'oven-*'),
    ['No device matches this rule, so it judges nothing yet'],
  ],
  ['no metric', { stat: 'count', above: 100, match: { device: 'oven-*' } }, undefined],
];
for (const [what, body, warnings] of cases) {
  test(`${what}: ${warnings ? 'a warning' : 'no warning'}, the same for check and PUT`, async () => {
    const checked = await rules.call('POST', '/rules/r/validate', body);
    assert.deepEqual([checked.status, checked.body['warnings']], [200, warnings]);
    const stored = await rules.call('PUT', '/rules/r', body);
    assert.deepEqual([stored.status, stored.body], [200, checked.body]);
    assert.equal((await rules.call('GET', '/rules/r')).body['warnings'], undefined);
  });
}

test('a patch warns too', async () => {
  await rules.call('PUT', '/rules/patched', rule('temperature'));
  const { status, body } = await rules.call('PATCH', '/rules/patched', { metric: 'temprature' });
  assert.equal(status, 200);
  assert.match(String(body['warnings']), /Did you mean `temperature`/);
});

const dryRun = async (body: object) => (await rules.call('POST', '/rules/r/dry-run', body)).body;

test('a dry run returns the number of windows and devices with the metric', async () => {
  const found = await dryRun(rule('battery'));
  assert.deepEqual(found, {
    summary: '`battery` is in 1 of 6 windows of the last 24 hours from 2 devices; 1 of them sent it',
    notifications: [],
    ...{ devices: 2, windows: 6, windowsWithMetric: 1, devicesWithMetric: 1, isComplete: true },
  });
});

test('a dry run of a metric that no window has says so and lists the existing metrics', async () => {
  const found = await dryRun(rule('humidty'));
  assert.deepEqual(
    [found['summary'], found['windowsWithMetric'], found['devicesWithMetric']],
    [
      '`humidty` is in none of 6 windows of the last 24 hours from 2 devices: the rule would have judged nothing',
      0,
      0,
    ],
  );
  assert.deepEqual(found['warnings'], [
    'None of the 2 devices that match sent `humidty` in the last 24 hours; the metrics there are: `humidity`, `battery`, `temperature`',
    'Did you mean `humidity`?',
  ]);
  const none = await dryRun(rule('temperature', 'oven-*'));
  assert.match(String(none['summary']), /^The 0 devices that match have no windows in the last 24 hours/);
});

test('of a large fleet twenty devices are sampled, and the answer says so', async () => {
  for (let n = 0; n < 25; n += 1) await rules.measure(`fleet-${n}`, { temperature: 4 });
  const { body } = await rules.call('POST', '/rules/r/validate', rule('pressure', 'fleet-*'));
  assert.match(
    String(body['warnings']),
    /^None of the 20 devices that were checked sent `pressure` in their last windows/,
  );
});

test('the sample of devices is not only the sensors of one gateway', async () => {
  for (let n = 0; n < 60; n += 1) await rules.measure(`a-gw:fleet-${n}`, { temperature: 4 });
  await rules.measure('z-meter', { pressure: 4 });
  const { status, body } = await rules.call('POST', '/rules/r/validate', { metric: 'pressure', above: 6 });
  assert.deepEqual([status, body['warnings']], [200, undefined]);
});
