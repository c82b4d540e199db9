// The judge of the failover drill: two regions that share the readings pass, and each injected fault is reported.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { judge, type RegionEvidence } from '../../bench/drill/judge.ts';
import { parseOptions, UsageError } from '../../bench/drill/options.ts';

const START = 1_796_000_000_000;

const line = (number: number, at: number, region: string) =>
  JSON.stringify({
    ...{ id: `r${number}`, timestamp: at, temperature: number, note: `m:d-1:${number}` },
    ...{ deviceId: 'd-1', site: 'drill', receivedAt: at, clientId: 'd-1', traceId: `${region}-${number}` },
  });

/** A stored window of whole temperatures. */
function stored(windowStart: number, values: readonly number[], times: readonly number[]) {
  const statistics = {
    readings: values.length,
    firstReadingAt: Math.min(...times),
    lastReadingAt: Math.max(...times),
    'temperature.min': Math.min(...values),
    'temperature.max': Math.max(...values),
    'temperature.sum': values.reduce((sum, value) => sum + value, 0),
    'temperature.count': values.length,
  };
  const numbers = new Map(Object.entries(statistics).map(([name, value]) => [name, String(value)]));
  return { deviceId: 'd-1', windowStart, numbers };
}

/** The third reading was acknowledged by neither at first, and reached both. */
const first: RegionEvidence = {
  region: 'us-east-1',
  archive: [1, 2, 3].map((number) => line(number, START + number, 'us')),
  windows: [stored(START, [1, 2, 3], [START + 1, START + 2, START + 3])],
};
const second: RegionEvidence = {
  region: 'eu-west-1',
  archive: [3, 4].map((number) => line(number, START + number, 'eu')),
  windows: [stored(START, [3, 4], [START + 3, START + 4])],
};
const all = new Set([1, 2, 3, 4].map((number) => `m:d-1:${number}`));

test('two regions that share a window have all readings, and the one in both is counted', () => {
  assert.deepEqual(judge([first, second], all), {
    lost: [],
    findings: [],
    figures: {
      acknowledged: 4,
      'readings of both archives': 4,
      'of them in both regions': 1,
      'windows in us-east-1': 1,
      'windows in eu-west-1': 1,
    },
  });
});

test('an acknowledged message that is in no archive is lost', () => {
  assert.deepEqual(judge([first, second], new Set([...all, 'm:d-1:5'])).lost, ['m:d-1:5']);
});

test('a window that a region lacks is found, by the region and by the union', () => {
  const { findings } = judge([first, { ...second, windows: [] }], all);
  assert.deepEqual(findings, [
    `eu-west-1: window d-1 ${START} is not stored`,
    `window d-1 ${START} has 3 readings in both regions, not the 5 of the archives`,
  ]);
});

const refused: readonly (readonly [args: readonly string[], message: string])[] = [
  [['--devices', '0'], '--devices 0 is not a whole number from 1 to 200'],
  [['--devices', 'x'], '--devices x is not a whole number from 1 to 200'],
  [['--parameter-overrides', 'Ttl'], 'Ttl: the drill takes Key=Value for parameters of dns.yaml'],
  [['--loud'], "Unknown option '--loud'"],
];

test.each(refused)('%j is refused', (args, message) => {
  assert.throws(
    () => parseOptions(args),
    (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, message);
      return true;
    },
  );
});
