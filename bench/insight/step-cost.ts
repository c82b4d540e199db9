// Measures the processor time of one step of each detector, over the life of a failing fridge: `node bench/insight/step-cost.ts`.

import { judgeRecord, type RecordState } from '../../core/insight/record.ts';
import type { Minute } from '../../core/insight/minute.ts';
import { predict } from '../../core/insight/predict.ts';
import type { PredictionState } from '../../core/insight/prediction.ts';
import { restored, storedOf } from '../../core/insight/state-text.ts';
import { judgeUnusual, type UnusualState } from '../../core/insight/unusual.ts';
import { LIMIT, liveOf } from './fridge-life.ts';

const windows: Minute[] = [];
const life = { set: 'cost', number: 0, kind: 'leak', defrosts: 'regular' } as const;
const { minutes } = liveOf(life, 20, (window) => windows.push(window));
const SETTINGS = { limit: LIMIT, side: 'above' } as const;

let prediction: PredictionState | undefined;
let unusual: UnusualState | undefined;
let record: RecordState | undefined;
let bytes = 0;

const detectors: Readonly<Record<string, readonly [readonly Minute[], (minute: Minute) => void]>> = {
  'prediction, a minute': [minutes, (minute) => (prediction = predict(prediction, minute, SETTINGS).state)],
  'prediction with its item, a minute': [
    minutes,
    (minute) => {
      const text = JSON.stringify(storedOf(predict(prediction, minute, SETTINGS).state));
      prediction = restored(JSON.parse(text));
      bytes = Math.max(bytes, text.length);
    },
  ],
  'unusual, a window': [windows, (window) => (unusual = judgeUnusual(unusual, window).state)],
  'record, a minute': [minutes, (minute) => (record = judgeRecord(record, minute.at, minute.mean).state)],
};

/** The first round warms up. */
const ROUNDS = 3;
for (const [name, [given, step]] of Object.entries(detectors)) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    [prediction, unusual, record] = [undefined, undefined, undefined];
    const begin = process.cpuUsage();
    for (const each of given) step(each);
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / given.length;
  });
  const best = Math.min(...rounds.slice(1));
  console.log(`${name.padEnd(36)} ${best.toFixed(2)} µs of processor time (${given.length} steps)`);
}
console.log(`the item of a prediction has at most ${bytes} bytes`);
