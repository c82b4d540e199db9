// What simulated sensors measure: repeatable, within the limits that each pattern promises.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import {
  createPatterns,
  demoFridge,
  type Pattern,
  type PatternName,
  patternNames,
} from '../../device-sim/patterns.ts';
import { noise, seedOf, uniform } from '../../device-sim/random.ts';
import { parseWeather, readSeattleWeather, weatherAt } from '../../device-sim/weather.ts';

const hours = readSeattleWeather();
const patterns = createPatterns(hours);
const seconds = Array.from({ length: 1_200 }, (_, second) => second);
const seeds = [1, 2, 3].map((device) => seedOf('test', `sim-${device}`));

const temperatures = (pattern: Pattern, seed: number) =>
  seconds.map((second) => pattern(seed, second)?.['temperature']);
const known = (values: (number | undefined)[]) => values.filter((value) => value !== undefined);

for (const name of patternNames) {
  test(`gives the same ${name} for the same seed, in any order of calls, and another for another seed`, () => {
    const pattern = patterns[name];
    const [first = 0, second = 0] = seeds;
    const backwards = seconds.toReversed().map((at) => pattern(first, at));
    assert.deepEqual(
      seconds.map((at) => pattern(first, at)),
      backwards.toReversed(),
    );
    assert.notDeepEqual(temperatures(pattern, first), temperatures(pattern, second));
  });

  test(`gives ${name} as finite numbers with few decimals`, () => {
    for (const metrics of seconds.map((second) => patterns[name](seeds[0]!, second))) {
      for (const value of Object.values(metrics ?? {}))
        assert.match(String(value), /^-?\d{1,4}(\.\d{1,2})?$/);
    }
  });
}

test('keeps a sine between -1 and 8 degrees', () => {
  for (const seed of seeds) {
    const values = known(temperatures(patterns.sine, seed));
    assert.ok(Math.min(...values) > 2 && Math.max(...values) < 6);
    assert.ok(Math.max(...values) - Math.min(...values) > 2);
  }
});

test('lets a drift rise and end at 30 degrees', () => {
  const at = (second: number) => patterns.drift(seeds[0]!, second)!['temperature']!;
  assert.ok(at(6_000) - at(0) > 9);
  assert.ok(at(1e9) < 30.5);
});

test('has a spike of ten seconds in every two minutes', () => {
  const high = temperatures(patterns.spike, seeds[0]!).filter((value) => value! > 8).length;
  assert.ok(high >= 90 && high <= 100, String(high));
});

test('repeats one value for a minute when stuck', () => {
  const values = known(temperatures(patterns.stuck, seeds[0]!));
  const repeats = values.filter((value, index) => value === values[index - 1]).length;
  assert.ok(repeats > 500, String(repeats));
});

test('falls silent for parts of each minute on dropout', () => {
  for (let minute = 0; minute < 20; minute += 1) {
    const part = temperatures(patterns.dropout, seeds[1]!).slice(minute * 60, minute * 60 + 60);
    const silent = part.filter((value) => value === undefined).length;
    assert.ok(silent >= 4 && silent <= 26, String(silent));
  }
});

test('replays the weather with its own metrics', () => {
  const metrics = patterns.csv(seeds[0]!, 0)!;
  assert.deepEqual(Object.keys(metrics), ['temperature', 'humidity', 'pressure', 'wind']);
  assert.equal(metrics['pressure'], 1_016.6);
  assert.ok(Math.abs(metrics['temperature']! - 4) < 0.3);
});

test('keeps the healthy demo fridges between 2.5 and 6 degrees all year', () => {
  for (const seed of seeds) {
    const pattern = demoFridge(hours, false);
    for (let second = 0; second < hours.length; second += 1) {
      const { temperature = NaN } = pattern(seed, second)!;
      assert.ok(temperature > 2.5 && temperature < 6, `${temperature} at ${second}`);
    }
  }
});

test('lets the failing demo fridge cross 8 degrees within a minute, recover below 7, and fail again', () => {
  const pattern = demoFridge(hours, true);
  for (const seed of seeds) {
    const at = (second: number) => pattern(seed, second)!['temperature']!;
    const crossing = seconds.find((second) => at(second) > 8)!;
    assert.ok(crossing >= 30 && crossing <= 60, String(crossing));
    for (let second = 60; second <= 120; second += 1) assert.ok(at(second) > 8);
    for (let second = 160; second < 320; second += 1) assert.ok(at(second) < 7);
    assert.ok(seconds.some((second) => second > 330 && second < 360 && at(second) > 8));
  }
});

test('spreads uniform values evenly and independently of their neighbours', () => {
  const values = Array.from({ length: 10_000 }, (_, index) => uniform(7, index));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 0.01);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = values.filter((value) => Math.floor(value * 10) === tenth).length / values.length;
    assert.ok(Math.abs(share - 0.1) < 0.02);
  }
  assert.notEqual(uniform(7, 1), uniform(7, 2 ** 32 + 1));
  assert.ok(values.every((_, index) => Math.abs(noise(7, index)) < 1));
  assert.notEqual(seedOf('a', 'bc'), seedOf('ab', 'c'));
});

test('reads a year of Seattle weather', () => {
  assert.equal(hours.length, 8_759);
  assert.deepEqual(hours[0], { pressure: 1_016.6, temperature: 4, wind: 3.8 });
});

test('finds the weather between two hours, and begins again after the last', () => {
  const two = parseWeather(
    'date,pressure,temperature,wind\n2010-01-01T01:00:00,1,10,0\n2010-01-01T02:00:00,1,20,0\n',
    'w',
  );
  assert.equal(weatherAt(two, 0.25).temperature, 12.5);
  assert.equal(weatherAt(two, 1.5).temperature, 15);
  assert.equal(weatherAt(two, 2).temperature, 10);
});

const good = '2010-01-01T01:00:00,1016.6,4.0,3.8';
const broken: readonly [title: string, text: string, message: RegExp][] = [
  ['an empty file', '', /^w\.csv:1: the columns must be date,pressure,temperature,wind$/],
  ['other columns', 'date,temperature\n', /^w\.csv:1: the columns/],
  ['no row', 'date,pressure,temperature,wind\n', /^w\.csv:2: there are no rows$/],
  [
    'a missing field',
    `date,pressure,temperature,wind\n${good}\n2010-01-01T02:00:00,1,2\n`,
    /^w\.csv:3: 3 fields, but/,
  ],
  ['an empty line', `date,pressure,temperature,wind\n\n${good}\n`, /^w\.csv:2: 1 fields/],
  [
    'no number',
    'date,pressure,temperature,wind\n2010-01-01T01:00:00,1,NaN,3\n',
    /^w\.csv:2: "NaN" is not a number$/,
  ],
  ['no date', 'date,pressure,temperature,wind\nyesterday,1,2,3\n', /^w\.csv:2: "yesterday" is not a date/],
];
for (const [title, text, message] of broken) {
  test(`refuses weather with ${title}, naming the line`, () => {
    assert.throws(() => parseWeather(text, 'w.csv'), { message });
  });
}

test('names every pattern of the command line', () => {
  assert.deepEqual(Object.keys(patterns), [...patternNames] satisfies PatternName[]);
});
