// The bill of a fleet: equal to manual calculations for simple fleets, within the targets for others, and with all assumptions.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { assumed, type Fleet } from '../../bench/bill-assumptions.ts';
import type { Prices } from '../../bench/bill-parts.ts';
import { billOf } from '../../bench/bill.ts';
import { fleetBetween } from '../../bench/measured-fleet.ts';
import { loadTidegate } from '../template/tidegate-template.ts';

const root = path.resolve(import.meta.dirname, '../..');
const prices = JSON.parse(readFileSync(path.join(root, 'bench/prices.json'), 'utf8')) as Prices;
const fleet = (changes: Partial<Fleet> = {}): Fleet => ({
  ...{ devices: 1000, rate: 1, mode: 'direct', basicIngest: false, pack: 1 },
  ...{ batchingSeconds: 60, windowSeconds: 10 },
  ...changes,
});
const bill = (changes?: Partial<Fleet>) => billOf(fleet(changes), prices);
const dollars = (changes: Partial<Fleet>, service: string, what: RegExp) =>
  bill(changes)
    .lines.filter((line) => line.service === service && what.test(line.what))
    .reduce((sum, line) => sum + line.dollars, 0);
const cents = (value: number) => Math.round(value * 100) / 100;

test('the AWS IoT cost of a simple fleet equals a manual calculation', () => {
  // 2,628,000,000 messages a month, 43,800,000 minutes of connections.
  assert.equal(cents(dollars({}, 'IoT Core', /connections/)), 3.5);
  assert.equal(cents(dollars({}, 'IoT Core', /messages$/)), 1000 + 1628 * 0.8);
  assert.equal(cents(dollars({}, 'IoT Core', /actions/)), cents(2628 * 0.3));
  assert.equal(dollars({ basicIngest: true }, 'IoT Core', /messages$/), 0);
});

test('every record pays for 5 KB in Firehose, so packing by ten divides it by ten', () => {
  assert.equal(cents(dollars({}, 'Firehose', /./)), cents(((2628e6 * 5120) / 1024 ** 3) * 0.029));
  assert.equal(cents(dollars({ pack: 10 }, 'Firehose', /./)), cents(dollars({}, 'Firehose', /./) / 10));
});

test('a million one-hertz readings by stream and Basic Ingest cost less than 0.75 dollars, including storage', () => {
  const { ingest, storage } = bill({ mode: 'stream', basicIngest: true }).perMillion;
  assert.ok(ingest + storage < 0.75, String(ingest + storage));
});

test('packed by ten they cost less than 0.15 dollars for ingest', () => {
  const { ingest } = bill({ mode: 'stream', basicIngest: true, pack: 10 }).perMillion;
  assert.ok(ingest < 0.15, String(ingest));
});

test('the stream makes 0.12 writes per reading at 1 Hz, and more with short batches', () => {
  const writes = (batchingSeconds: number) => bill({ mode: 'stream', batchingSeconds }).writesPerReading;
  assert.ok(writes(60) <= 0.12, String(writes(60)));
  assert.ok(writes(10) > 0.18 && writes(10) < 0.2, String(writes(10)));
  assert.ok(writes(1) > 0.99 && writes(1) <= 1, String(writes(1)));
});

test('a reading is in one window, so no fleet writes more than once a reading', () => {
  for (const devices of [1, 40, 10_000])
    for (const rate of [0.001, 0.0167, 0.1, 1, 50])
      for (const mode of ['direct', 'stream'] as const)
        for (const pack of [1, 10, 1000])
          for (const windowSeconds of [1, 10, 60]) {
            const { writesPerReading } = bill({ devices, rate, mode, pack, windowSeconds });
            assert.ok(
              writesPerReading <= 1 + 1e-9,
              `${devices} ${rate} ${mode} ${pack}: ${writesPerReading}`,
            );
          }
});

test('packs of a slow device save messages and no writes, which windows of a minute do', () => {
  const slow = { devices: 40, rate: 0.0167 };
  assert.equal(bill({ ...slow, pack: 10 }).writesPerReading.toFixed(9), '1.000000000');
  assert.ok(bill({ ...slow, pack: 10 }).total < bill(slow).total);
  const tenHertz = { devices: 40, rate: 10, mode: 'stream' } as const;
  assert.ok(bill({ ...tenHertz, windowSeconds: 60 }).writesPerReading < bill(tenHertz).writesPerReading / 3);
});

test('a bill uses the measured writes', () => {
  assert.equal(bill({ writesPerReading: 0.25 }).writesPerReading, 0.25);
});

test('a fleet is measured by the growth of the counters', () => {
  const before = { ReadingsAccepted: 100, ruleMatches: 100, WindowsWritten: 90 };
  const after = { ReadingsAccepted: 500, ruleMatches: 140, WindowsWritten: 190 };
  const measured = { devices: 5, rate: 4, pack: 10, writesPerReading: 0.25 };
  assert.deepEqual(fleetBetween(before, after, 20, 5), measured);
  assert.throws(
    () => fleetBetween(after, after, 20, 5),
    /^Error: no reading came in for 20 s: start devices/,
  );
});

test('a shard too few makes batches shorter, and more writes', () => {
  const writes = (shards: number) => bill({ devices: 10_000, mode: 'stream', shards }).writesPerReading;
  assert.ok(writes(2) > writes(20));
});

/** How many metrics the alarms watch; a query for the failures of a rule has one for each of its actions. */
function alarmMetrics(IngestMode: Fleet['mode']): number {
  const template = loadTidegate({ IngestMode });
  const actionsOf = (rule: string) =>
    (template.resources.get(rule)!.properties['TopicRulePayload'] as { Actions: unknown[] }).Actions.length;
  const counts = template.ofType('AWS::CloudWatch::Alarm').map(({ properties }) => {
    const metrics = (properties['Metrics'] ?? [{ MetricStat: {} }]) as {
      MetricStat?: unknown;
      Expression?: string;
    }[];
    const [, metric, rule] = /SUM\((\w+)\).*RuleName = '(\w+)'$/.exec(metrics[0]?.Expression ?? '') ?? [];
    if (rule !== undefined) return metric === 'Failure' ? actionsOf(rule) : 1;
    return metrics.filter(({ MetricStat }) => MetricStat).length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

test('a bill has as many metrics with alarms as the template', () => {
  assert.deepEqual(
    { direct: alarmMetrics('direct'), stream: alarmMetrics('stream') },
    { ...assumed.alarmMetrics },
  );
});

test('the sweep reads every device every minute', () => {
  // 43,800 minutes, 10,000 devices of 400 bytes, 8 KB a unit.
  assert.equal(
    cents(dollars({ devices: 10_000 }, 'DynamoDB', /sweeps/)),
    cents(((43_800 * 4e6) / 8192 / 1e6) * prices.dynamodb.readMillion),
  );
});

test('a small fleet is cheaper without the stream', () => {
  const small = { devices: 5, rate: 0.1 };
  assert.ok(bill(small).total < bill({ ...small, mode: 'stream' }).total);
});

test('the cost of any fleet is a number that is not negative', () => {
  for (const devices of [1, 7, 100_000])
    for (const rate of [0.001, 1, 50])
      for (const mode of ['direct', 'stream'] as const)
        for (const pack of [1, 10, 1000]) {
          const { lines, total } = bill({ devices, rate, mode, pack });
          assert.ok(lines.every((line) => line.dollars >= 0 && Number.isFinite(line.dollars)));
          assert.ok(total > 0);
        }
});

test('an impossible fleet is refused', () => {
  for (const wrong of [{ devices: 0 }, { rate: 0 }, { pack: 0 }, { rate: Number.NaN }])
    assert.throws(() => bill(wrong), RangeError);
});

const cost = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(root, 'bench/cost.ts'), ...args], { encoding: 'utf8' });

test('the command shows the bill, the savings of each alternative, and the assumptions', () => {
  const { status, stdout } = cost('--devices', '1000', '--rate', '1', '--mode', 'stream', '--basic-ingest');
  assert.equal(status, 0);
  assert.match(stdout, /USD a month/);
  assert.match(stdout, /stream, Basic Ingest, 10 readings a message: saves \d+\.\d\d a month/);
  assert.match(stdout, /direct, Basic Ingest: costs \d+\.\d\d more a month/);
  assert.match(stdout, new RegExp(`Prices of ${prices.date}`));
});

for (const [args, message] of [
  [['--rate', '1'], /--devices must be a whole number from 1 on/],
  [['--devices', '1', '--rate', '-1'], /rate/],
  [['--devices', '1', '--rate', '1', '--mode', 'both'], /--mode must be direct or stream/],
  [['--devices', '1e99', '--rate', '1'], /--devices must be/],
  [['--devices', '1', '--rate', '1', '--free'], /free/],
] as const) {
  test(`the command refuses ${args.join(' ')} in a line, with its usage`, () => {
    const { status, stderr } = cost(...args);
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.match(stderr, /usage: npm run cost/);
  });
}
