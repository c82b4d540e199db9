// Simple detectors with published scores, reimplemented from their descriptions to verify the port of the scorer.

import type { Series } from './nab-corpus.ts';
import { knncad } from './nab-neighbours.ts';

export interface Peer {
  readonly name: string;
  /** Published scores of the profiles standard, low FP and low FN (NAB 1.1). */
  readonly published: readonly [standard: number, lowFp: number, lowFn: number];
  /** Published thresholds, if the published search did not find the best ones. */
  readonly thresholds?: readonly [standard: number, lowFp: number, lowFn: number];
  readonly scoresOf: (series: Series) => ArrayLike<number>;
}

/** Abramowitz and Stegun 7.1.26 would be too coarse in the tail: a continued fraction there, a series near 0. */
function erfc(x: number): number {
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 60; n += 1) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n -= 1) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

const WINDOW = 6_400;
const STEP = 100;

/** 1 less the tail of a normal distribution with mean and deviation of the last 6,400 points, moved on by hundreds. */
function windowedGaussian({ values }: Series): Float64Array {
  const scores = new Float64Array(values.length);
  let [from, to] = [0, 0];
  let [mean, deviation] = [0, 1];
  const update = () => {
    let sum = 0;
    for (let index = from; index < to; index += 1) sum += values[index]!;
    mean = sum / (to - from);
    let squares = 0;
    for (let index = from; index < to; index += 1) squares += (values[index]! - mean) ** 2;
    deviation = Math.sqrt(squares / (to - from)) || 0.000001;
  };
  values.forEach((value, index) => {
    // The published scores were read back from text of twelve digits.
    if (index > 0)
      scores[index] = Number(
        (1 - 0.5 * erfc(Math.abs(value - mean) / deviation / Math.SQRT2)).toPrecision(12),
      );
    if (index < WINDOW) to = index + 1;
    else if ((index + 1 - WINDOW) % STEP === 0) [from, to] = [index + 1 - WINDOW, index + 1];
    else return;
    update();
  });
  return scores;
}

const BINS = 5;
const LENGTH = 52;
/** 99 % of the chi squared distribution with four degrees of freedom. */
const CHI_SQUARED = 13.276704135987622;

/** 1 if the histogram of the last 52 points agrees with no earlier one (Wang et al., 2011). */
function relativeEntropy({ values }: Series): Float64Array {
  const scores = new Float64Array(values.length);
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const width = (values.reduce((a, b) => Math.max(a, b)) - lowest) / BINS;
  if (width === 0) return scores;
  const known: { readonly shares: readonly number[]; seen: number }[] = [];
  for (let index = LENGTH - 1; index < values.length; index += 1) {
    const shares = Array.from({ length: BINS }, () => 0);
    for (let at = index - LENGTH + 1; at <= index; at += 1)
      shares[Math.min(BINS - 1, Math.ceil((values[at]! - lowest) / width))]! += 1 / LENGTH;
    let nearest: (typeof known)[number] | undefined;
    let least = CHI_SQUARED;
    for (const hypothesis of known) {
      const entropy = 2 * LENGTH * divergence(shares, hypothesis.shares);
      if (entropy < least) [least, nearest] = [entropy, hypothesis];
    }
    if (known.length === 0) known.push({ shares, seen: 1 });
    else if (nearest) nearest.seen += 1;
    else {
      known.push({ shares, seen: 1 });
      scores[index] = 1;
    }
  }
  return scores;
}

function divergence(p: readonly number[], q: readonly number[]): number {
  let sum = 0;
  p.forEach((share, bin) => {
    if (share > 0) sum += share * Math.log(share / q[bin]!);
  });
  return sum;
}

const LONGEST_RUN = 500;
const HAZARD = 1 / 250;
const PRIOR = { alpha: 0.1, beta: 0.001, kappa: 1, mu: 0 };

/** ln of the gamma function (Lanczos, g = 7). */
function logGamma(x: number): number {
  const terms = [676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406];
  terms.push(12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7);
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const y = x - 1;
  const sum = terms.reduce((sofar, term, index) => sofar + term / (y + index + 1), 0.9999999999998099);
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(y + 7.5) - (y + 7.5) + Math.log(sum);
}

interface Runs {
  readonly kappas: Float64Array;
  readonly mus: Float64Array;
  readonly betas: Float64Array;
}

/** The parameters of each run length up to `runs` after a value, moved on by one. */
function posteriorOf(value: number, runs: number, { kappas, mus, betas }: Runs) {
  const [newMus, newBetas] = [new Float64Array(mus.length), new Float64Array(mus.length)];
  newMus[0] = PRIOR.mu;
  newBetas[0] = PRIOR.beta;
  for (let run = 0; run <= runs; run += 1) {
    const [kappa, mu] = [kappas[run]!, mus[run]!];
    newMus[run + 1] = (kappa * mu + value) / (kappa + 1);
    newBetas[run + 1] = betas[run]! + (kappa * (value - mu) ** 2) / (2 * (kappa + 1));
  }
  return [newMus, newBetas] as const;
}

/** How much shorter the likeliest run has become (Adams and MacKay, 2007), with at most 500 run lengths. */
function bayesChangePoint({ values }: Series): Float64Array {
  const size = LONGEST_RUN + 2;
  const scores = new Float64Array(values.length);
  const alphas = Float64Array.from({ length: size }, (_, run) => PRIOR.alpha + run / 2);
  const kappas = Float64Array.from({ length: size }, (_, run) => PRIOR.kappa + run);
  const constants = alphas.map(
    (alpha) => logGamma(alpha + 0.5) - logGamma(alpha) - 0.5 * Math.log(2 * Math.PI * alpha),
  );
  let [mus, betas] = [new Float64Array(size).fill(PRIOR.mu), new Float64Array(size).fill(PRIOR.beta)];
  let probabilities = new Float64Array(size);
  probabilities[0] = 1;
  let longest = 1;
  values.forEach((value, index) => {
    const runs = Math.min(index, LONGEST_RUN);
    const next = new Float64Array(size);
    let total = 0;
    for (let run = 0; run <= runs; run += 1) {
      const [alpha, kappa] = [alphas[run]!, kappas[run]!];
      const scale = (betas[run]! * (kappa + 1)) / (alpha * kappa);
      const square = (value - mus[run]!) ** 2 / scale;
      const density = Math.exp(
        constants[run]! - 0.5 * Math.log(scale) - (alpha + 0.5) * Math.log1p(square / (2 * alpha)),
      );
      const part = probabilities[run]! * density;
      next[run + 1] = part * (1 - HAZARD);
      next[0]! += part * HAZARD;
      total += part;
    }
    for (let run = 0; run <= runs + 1; run += 1) next[run]! /= total;
    [mus, betas] = posteriorOf(value, Math.min(runs, size - 2), { kappas, mus, betas });
    probabilities = next;
    let likeliest = 0;
    for (let run = 1; run < size; run += 1) if (next[run]! > next[likeliest]!) likeliest = run;
    if (likeliest < longest) scores[index] = 1 - likeliest / longest;
    longest = likeliest;
  });
  return scores;
}

export const PEERS: readonly Peer[] = [
  { name: 'null', published: [0, 0, 0], scoresOf: ({ values }) => new Float64Array(values.length) },
  { name: 'windowedGaussian', published: [39.65, 20.87, 47.41], scoresOf: windowedGaussian },
  { name: 'relativeEntropy', published: [54.64, 47.6, 58.84], scoresOf: relativeEntropy },
  { name: 'knncad', published: [57.99, 43.41, 64.81], scoresOf: knncad },
  {
    name: 'bayesChangePt',
    published: [17.71, 3.21, 32.26],
    thresholds: [0.9845962524414067, 0.9945251464843755, 0.9813537597656257],
    scoresOf: bayesChangePoint,
  },
];
