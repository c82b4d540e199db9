// The port of the NAB scorer, on small series with manually calculated scores.

import { test } from '@jest/globals';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readCorpus, type Series } from '../../bench/insight/nab-corpus.ts';
import { PEERS } from '../../bench/insight/nab-peers.ts';
import { bestOf, PROFILES, resultAt } from '../../bench/insight/nab-score.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A hundred points with a window of ten, and fifteen points of probation. */
const series: Series = {
  name: 'a',
  times: Array.from({ length: 100 }, (_, index) => index * 300_000),
  values: Array.from({ length: 100 }, (_, index) => index % 7),
  windows: [[50, 59]],
  probation: 15,
};
const alarms = (...at: number[]) => [
  { series, scores: series.values.map((_, index) => (at.includes(index) ? 1 : 0)) },
];
const score = (...at: number[]) => resultAt(alarms(...at), PROFILES.standard, 1).score;
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, String(actual));

test('silence scores 0, the first point of every window 100', () => {
  near(score(), 0);
  near(score(50), 100);
});

test('a later point of the window is worth less, and only the first alarm counts', () => {
  const at = (position: number) => 2 / (1 + Math.exp(-5 * position)) - 1;
  near(score(55), (100 * (at(0.5) / at(1) + 1)) / 2);
  near(score(50, 55, 59), 100);
});

test('a false point costs 0.11, less right behind a window, and nothing in probation', () => {
  near(score(50, 20), 100 - 5.5);
  near(score(50, 99), 100 - 5.5);
  assert.ok(score(50, 60) > 100 - 5.5 && score(50, 60) < 100);
  near(score(50, 3), 100);
});

test('the low FP profile doubles the price of a false point, the low FN profile that of a missed window', () => {
  near(resultAt(alarms(50, 20), PROFILES['low FP'], 1).score, 100 - 11);
  near(resultAt(alarms(20), PROFILES['low FN'], 1).score, -11 / 3);
});

test('the best threshold is found, and others can be held to it', () => {
  const scores = series.values.map((_, index) => (index === 50 ? 0.7 : index === 20 ? 0.6 : 0));
  const best = bestOf([{ series, scores }], PROFILES.standard);
  assert.deepEqual([best.threshold, best.found, best.falsePoints], [0.7, 1, 0]);
  near(resultAt([{ series, scores }], PROFILES.standard, 0.6).score, 100 - 5.5);
});

test('every peer gives each point a score from 0 to 1', () => {
  const values = Array.from({ length: 400 }, (_, index) => Math.sin(index / 5) + (index === 300 ? 9 : 0));
  const times = values.map((_, index) => index * 300_000);
  for (const { name, scoresOf } of PEERS) {
    const scores = [...Array.from(scoresOf({ name, times, values, windows: [], probation: 60 }))];
    assert.equal(scores.length, values.length);
    assert.ok(
      scores.every((each) => each >= 0 && each <= 1),
      name,
    );
  }
});

test('a corpus is read by the text of its times, and a file without labels or a window without a line is named', () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'data', 'x'), { recursive: true });
  mkdirSync(path.join(folder, 'labels'));
  const label = (windows: unknown) =>
    writeFileSync(path.join(folder, 'labels', 'combined_windows.json'), JSON.stringify(windows));
  writeFileSync(
    path.join(folder, 'data', 'x', 'a.csv'),
    'timestamp,value\n2014-04-01 00:00:00,1\n2014-04-01 00:05:00,2\n2014-04-01 00:05:00,3\n',
  );
  label({ 'x/a.csv': [['2014-04-01 00:05:00.000000', '2014-04-01 00:05:00.000000']] });
  const [only] = readCorpus(folder);
  assert.deepEqual([only!.values, only!.windows, only!.probation], [[1, 2, 3], [[1, 1]], 0]);
  label({ 'x/a.csv': [['2014-04-02 00:00:00.000000', '2014-04-02 00:00:00.000000']] });
  assert.throws(() => readCorpus(folder), /data\/x\/a\.csv has no line of 2014-04-02 00:00:00\.000000/);
  label({});
  assert.throws(() => readCorpus(folder), /combined_windows\.json has no windows of data\/x\/a\.csv/);
});
