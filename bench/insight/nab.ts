// Scores the record detector on the Numenta Anomaly Benchmark: `node bench/insight/nab.ts FOLDER`, a folder with `data/` and `labels/`.

import {
  judgeRecord,
  USUAL_WEIGHTS,
  type RecordState,
  type RecordWeights,
} from '../../core/insight/record.ts';
import { uniform } from '../../device-sim/random.ts';
import { readCorpus, type Series } from './nab-corpus.ts';
import { PEERS, type Peer } from './nab-peers.ts';
import { bestOf, PROFILES, resultAt, type Profile, type Scored } from './nab-score.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('name the folder of NAB, with data/ and labels/: node bench/insight/nab.ts FOLDER');
const corpus = readCorpus(folder);
const profiles = Object.entries(PROFILES);
const SPLITS = 6;
/** The largest accepted difference from a published score, in points. */
const ALLOWED = 0.1;

/** The candidates: all combinations of the three signals. */
const SHARES = [0, 0.25, 0.5, 1];
const CHOICES: readonly RecordWeights[] = SHARES.flatMap((hour) =>
  SHARES.map((mean) => ({ value: 1, hour, mean })),
);

function scored(series: Series, weights: RecordWeights): Scored {
  let state: RecordState | undefined;
  const scores = series.values.map((value, index) => {
    const step = judgeRecord(state, series.times[index]!, value, weights);
    state = step.state;
    return step.score;
  });
  return { series, scores };
}

/** @returns whether the port agrees with the published scores */
function comparePeer({ name, published, thresholds, scoresOf }: Peer): boolean {
  const all = corpus.map((series) => ({ series, scores: scoresOf(series) }));
  const scores = profiles.map(
    ([, profile], index) =>
      (thresholds ? resultAt(all, profile, thresholds[index]!) : bestOf(all, profile)).score,
  );
  const off = Math.max(...scores.map((score, index) => Math.abs(score - published[index]!)));
  const texts = scores.map((score, index) => `${score.toFixed(2)} (${published[index]!.toFixed(2)})`);
  console.log(`${name.padEnd(18)} ${texts.join('  ')}  off by ${off.toFixed(3)}`);
  return off <= ALLOWED;
}

console.log(
  `${corpus.length} files, ${corpus.reduce((sum, { windows }) => sum + windows.length, 0)} windows`,
);
console.log(`peers: ${profiles.map(([name]) => name).join(', ')}; published in brackets`);
const agreeing = PEERS.map(comparePeer).filter(Boolean).length;
console.log(`the scorer agrees with ${agreeing} of ${PEERS.length} within ${ALLOWED}`);

const begin = process.cpuUsage();
const usual = corpus.map((series) => scored(series, USUAL_WEIGHTS));
const points = corpus.reduce((sum, { values }) => sum + values.length, 0);
const micros = process.cpuUsage(begin).user / points;
const line = (all: readonly Scored[], profile: Profile) => {
  const { score, threshold, found, falsePoints } = bestOf(all, profile);
  return `${score.toFixed(1)} (${found} windows, ${falsePoints} false points, threshold ${threshold.toFixed(4)})`;
};
const byChoice = CHOICES.map((weights) => ({
  weights,
  all: corpus.map((series) => scored(series, weights)),
}));
const rangeOnly = byChoice.find(({ weights }) => weights.hour === 0 && weights.mean === 0)!.all;
for (const [name, profile] of profiles) {
  console.log(
    `all files, ${name}: range record ${line(rangeOnly, profile)}, three records ${line(usual, profile)}`,
  );
}
console.log(`${micros.toFixed(2)} µs a point of processor time`);

/** Random halves: parameters are chosen on one half and scored on the other, in both directions. */
function crossed(split: number, choices: readonly { readonly all: readonly Scored[] }[]): number {
  const isFirst = corpus
    .map((_, index) => ({ index, key: uniform(split, index, 200) }))
    .sort((a, b) => a.key - b.key)
    .reduce<boolean[]>((sofar, { index }, rank) => ((sofar[index] = rank % 2 === 0), sofar), []);
  const half = (all: readonly Scored[], first: boolean) => all.filter((_, index) => isFirst[index] === first);
  const scores = [true, false].map((first) => {
    let best = { score: -Infinity, threshold: 0, all: choices[0]!.all };
    for (const { all } of choices) {
      const { score, threshold } = bestOf(half(all, first), PROFILES.standard);
      if (score > best.score) best = { score, threshold, all };
    }
    return resultAt(half(best.all, !first), PROFILES.standard, best.threshold).score;
  });
  return (scores[0]! + scores[1]!) / 2;
}

const spread = (scores: readonly number[]) => {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(
    scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1),
  );
  return `${mean.toFixed(1)} ± ${deviation.toFixed(1)} (${scores.map((score) => score.toFixed(1)).join(', ')})`;
};
const splits = Array.from({ length: SPLITS }, (_, split) => split + 1);
const fixed = (all: readonly Scored[]) => splits.map((split) => crossed(split, [{ all }]));
console.log(`standard, threshold from the other half: range record ${spread(fixed(rangeOnly))}`);
console.log(`standard, threshold from the other half: three records ${spread(fixed(usual))}`);
console.log(
  `standard, signals, weights and threshold from the other half: ${spread(splits.map((split) => crossed(split, byChoice)))}`,
);
if (agreeing < PEERS.length) process.exitCode = 1;
