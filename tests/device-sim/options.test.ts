// The simulator's command line: defaults, limits, and error messages.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { parseOptions } from '../../device-sim/options.ts';

test('runs five devices at one reading a second by default', () => {
  assert.deepEqual(parseOptions(['--local']), {
    local: true,
    dataDir: '.tidegate',
    out: '.tidegate/sim',
    devices: 5,
    rate: 1,
    qos: 1,
    jitter: false,
    pattern: 'sine',
    duplicates: 0,
    reorder: 0,
    pack: 1,
    seed: 'tidegate',
    site: 'sim',
    duration: undefined,
    count: undefined,
    basicIngest: false,
    shadow: true,
    speed: 1,
    failing: { failures: [], after: 3_600, defrosts: 'regular', restocking: true },
    truth: undefined,
  });
});

test('replays weather at ten minutes a second by default', () => {
  assert.equal(parseOptions(['--local', '--pattern', 'csv'])!.speed, 600);
  assert.equal(parseOptions(['--local', '--pattern', 'csv', '--speed', '2'])!.speed, 2);
});

test('reads durations with and without a unit', () => {
  const cases = { '90': 90_000, '90s': 90_000, '1.5m': 90_000, '2h': 7_200_000 };
  for (const [text, expected] of Object.entries(cases)) {
    assert.equal(parseOptions(['--local', '--duration', text])!.duration, expected);
  }
});

test('returns no options for --help', () => {
  assert.equal(parseOptions(['--local', '--help']), undefined);
});

const refused: readonly [args: string[], message: RegExp][] = [
  [[], /^without --local .*: name the folder for their keys with --out$/],
  [['--sideways'], /^Unknown option '--sideways'.*\n\nusage: npm run sim/],
  [['extra'], /^Unexpected argument 'extra'/],
  [['--local', '--devices', '0'], /^--devices 0: must be a whole number from 1 to 100000$/],
  [['--local', '--devices', '1.5'], /^--devices 1\.5: must be a whole number/],
  [['--local', '--rate', '0'], /^--rate 0: must be a number from 0\.001 to 10000$/],
  [['--local', '--rate', '1e9'], /^--rate 1e9/],
  [['--local', '--rate', 'NaN'], /^--rate NaN/],
  [['--local', '--qos', '2'], /^--qos 2: must be 0, 1$/],
  [
    ['--local', '--pattern', 'toString'],
    /^--pattern toString: must be sine, drift, spike, stuck, dropout, fridge, csv$/,
  ],
  [['--local', '--duplicates', '2'], /^--duplicates 2: must be a number from 0 to 1$/],
  [['--local', '--reorder=-1'], /^--reorder -1/],
  [['--local', '--pack', '1001'], /^--pack 1001/],
  [['--local', '--count', '0'], /^--count 0/],
  [['--local', '--duration', 'soon'], /^--duration soon: must be a time such as 90, 90s, 15m or 2h$/],
  [['--local', '--duration', '0s'], /^--duration 0s/],
  [['--local', '--site', 'a/b'], /^--site a\/b: must be at most 64 letters, digits, - and _/],
  [['--local', '--speed', '-1'], /./],
];
for (const [args, message] of refused) {
  test(`refuses ${args.join(' ') || 'no argument at all'}`, () => {
    assert.throws(() => parseOptions(args), { name: 'SimError', message });
  });
}
