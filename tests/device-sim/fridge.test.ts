// The simulated fridge: repeatable, within bounds, and failing as its truth says.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lifeOf, parseFailures, writeTruth, type FailurePlan } from '../../device-sim/failures.ts';
import { failureKinds, type FailureKind } from '../../device-sim/fridge-failure.ts';
import { truthOf, type FridgeLife } from '../../device-sim/fridge-pattern.ts';
import { traitsOf } from '../../device-sim/fridge-traits.ts';
import { fridgeSteps, STEP } from '../../device-sim/fridge.ts';
import { parseOptions } from '../../device-sim/options.ts';
import { temporaryFolder } from '../support/folders.ts';

const DAY = 86_400;
const seeds = [11, 22, 33, 44];
const HEALTHY: FridgeLife = { site: 5, defrosts: 'regular', restocking: true };

function* days(seed: number, count: number, life: FridgeLife = HEALTHY) {
  for (const step of fridgeSteps({ seed, ...life })) {
    if (step.second >= count * DAY) return;
    yield step;
  }
}

test('the same seed gives the same steps, another seed others', () => {
  const text = (seed: number) =>
    JSON.stringify([...days(seed, 0.05)].map(({ readings, lost }) => [readings.slice(), lost]));
  assert.equal(text(1), text(1));
  assert.notEqual(text(1), text(2));
});

test('a healthy fridge stays between 1 and 7 degrees except for its defrosts, which follow its traits', () => {
  for (const seed of seeds) {
    const { defrostEvery } = traitsOf(seed);
    let [starts, was, since] = [0, false, Infinity];
    for (const { readings, defrosting } of days(seed, 3)) {
      if (defrosting && !was) starts += 1;
      since = defrosting ? 0 : since + STEP;
      was = defrosting;
      if (since > 3_600) assert.ok(readings[0]! > 1 && readings[0]! < 7.5, `${seed}: ${readings[0]}`);
    }
    assert.ok(Math.abs(starts - (3 * DAY) / defrostEvery) <= 1.1, `${seed}: ${starts}`);
  }
});

test('each failure that warms crosses eight degrees after it begins; a stuck sensor sends one value', () => {
  const failing = (kind: FailureKind): FridgeLife => ({ ...HEALTHY, failure: { kind, at: DAY } });
  for (const kind of failureKinds) {
    const { begins, crosses, failure } = truthOf(seeds[0]!, failing(kind), 8);
    assert.deepEqual([failure, begins], [kind, DAY]);
    if (kind === 'stuck') assert.equal(crosses, undefined);
    else assert.ok(crosses! > DAY && crosses! < 9 * DAY, `${kind}: ${crosses}`);
  }
  const stuck = new Set<number>();
  for (const { second, readings } of days(seeds[0]!, 1.2, failing('stuck')))
    if (second >= DAY) for (const reading of readings) stuck.add(reading);
  assert.equal(stuck.size, 1);
});

test('irregular defrosts move by up to half an hour, regular ones by three minutes', () => {
  for (const [defrosts, most] of [
    ['regular', 3.2],
    ['irregular', 30.2],
  ] as const) {
    const traits = traitsOf(seeds[1]!, defrosts);
    let was = false;
    let [number, largest] = [-1, 0];
    for (const { second, defrosting } of days(seeds[1]!, 5, { ...HEALTHY, defrosts })) {
      if (defrosting && !was) {
        number = Math.round((second - traits.defrostFirst) / traits.defrostEvery);
        largest = Math.max(
          largest,
          Math.abs(second - traits.defrostFirst - number * traits.defrostEvery) / 60,
        );
      }
      was = defrosting;
    }
    assert.ok(largest <= most && largest > most / 4, `${defrosts}: ${largest}`);
  }
});

test('failures fall to the first devices of a run, each beginning within an hour', () => {
  const plan: FailurePlan = {
    failures: [
      ['leak', 2],
      ['stop', 1],
    ],
    after: 7_200,
    defrosts: 'regular',
    restocking: true,
  };
  const lives = [0, 1, 2, 3].map((index) => lifeOf(plan, index, 100 + index, 'seattle'));
  assert.deepEqual(
    lives.map(({ failure }) => failure?.kind),
    ['leak', 'leak', 'stop', undefined],
  );
  for (const { failure } of lives) if (failure) assert.ok(failure.at >= 7_200 && failure.at <= 10_800);
});

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  [
    'leak',
    /^--failures leak: "leak" cannot be read: give kinds with a number of devices, such as leak=2,stop=1; kinds are leak, stop, ajar, ice, drift, stuck$/,
  ],
  ['melt=1', /"melt=1" cannot be read/],
  ['leak=0', /"leak=0" cannot be read/],
  ['leak=2,', /"" cannot be read/],
  [
    'leak=2,stop=2',
    /^--failures leak=2,stop=2: 4 devices should fail, but there are only 3: raise --devices$/,
  ],
];
for (const [text, message] of refused) {
  test(`--failures ${text} is refused with the part and the remedy`, () => {
    assert.throws(() => parseFailures(text, 3), { name: 'SimError', message });
  });
}

test('--failures runs fridges, and other patterns refuse the options for fridges', () => {
  const options = parseOptions([
    '--local',
    '--failures',
    'ice=1',
    '--fail-after',
    '30m',
    '--defrosts',
    'irregular',
  ])!;
  assert.equal(options.pattern, 'fridge');
  assert.deepEqual(options.failing, {
    failures: [['ice', 1]],
    after: 1_800,
    defrosts: 'irregular',
    restocking: true,
  });
  assert.throws(
    () => parseOptions(['--local', '--pattern', 'sine', '--truth', 'x']),
    /^SimError: --truth is only for fridges/,
  );
  assert.throws(
    () => parseOptions(['--local', '--failures', 'ice=1', '--fail-after', 'soon']),
    /--fail-after soon: must be a time/,
  );
});

test('the truth has a line for each device, with times of the clock', () => {
  const file = path.join(temporaryFolder(), 'truth.jsonl');
  const life = { ...HEALTHY, failure: { kind: 'stop' as const, at: 3_600 } };
  writeTruth(
    file,
    [
      { name: 'sim-1', seed: 11, life },
      { name: 'sim-2', seed: 22, life: HEALTHY },
    ],
    { start: 1_790_000_000_000, speed: 60 },
  );
  const [first, second] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    [first!['device'], first!['failure'], first!['beginsAt'], first!['limit']],
    ['sim-1', 'stop', 1_790_000_060_000, 8],
  );
  assert.ok((first!['crossesAt'] as number) > 1_790_000_060_000);
  assert.deepEqual([second!['failure'], second!['beginsAt'], second!['crossesAt']], [null, null, null]);
  assert.throws(
    () => writeTruth('/nowhere/at/all.jsonl', [], { start: 0, speed: 1 }),
    /^SimError: --truth \/nowhere\/at\/all.jsonl: cannot be written .*: name a file in an existing folder$/,
  );
});
