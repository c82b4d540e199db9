// Measures how many simulated failures rules about unusual values find: `node bench/insight/unusual.ts --set report-1 --shops 8`.

import { parseArgs } from 'node:util';
import { defrostsOf } from '../../core/insight/gate.ts';
import { hourOf, medianOf, type HourShape, type Sample } from '../../core/insight/hour-shape.ts';
import { predict } from '../../core/insight/predict.ts';
import type { PredictionState } from '../../core/insight/prediction.ts';
import { judgeUnusual, type UnusualStat, type UnusualState } from '../../core/insight/unusual.ts';
import { storedUnusual } from '../../core/insight/unusual-state-text.ts';
import { unusualText } from '../../core/insight/unusual-text.ts';
import { failureKinds, type FailureKind } from '../../device-sim/fridge-failure.ts';
import { JUDGED_FROM, LIMIT, liveOf, SHOP, type LifeOptions } from './fridge-life.ts';

const HEALTHY_DAYS = 37;
const FAILING_DAYS = 20;
const HOUR = 3_600_000;
/** A stuck sensor crosses no limit. It counts as found within this time. */
const STUCK_WITHIN = 48 * HOUR;

type Hours = Map<number, HourShape>;

interface Outcome {
  readonly wrong: readonly string[];
  readonly healthyMs: number;
  /** Milliseconds from the failure to the first finding after it, and from there to the crossing. */
  readonly after: number | undefined;
  readonly lead: number;
  readonly text: string | undefined;
  readonly hours: Hours;
  readonly largest: number;
}

/** Predicts by minutes, because unusual values are judged with the defrosts that predictions learn. */
function createGate() {
  let gate: PredictionState | undefined;
  let minute: Sample[] = [];
  const minuteOf = (sample: Sample) => Math.floor(sample.at / 60_000);
  return {
    defrosts: () => gate && defrostsOf(gate.gate),
    isKnown: () => gate !== undefined,
    add(sample: Sample): void {
      if (minute.length > 0 && minuteOf(minute[0]!) !== minuteOf(sample)) {
        const mean = minute.reduce((sum, each) => sum + each.mean, 0) / minute.length;
        const min = Math.min(...minute.map((each) => each.min));
        const max = Math.max(...minute.map((each) => each.max));
        const folded = { at: minuteOf(minute[0]!) * 60_000, mean, min, max };
        gate = predict(gate, folded, { limit: LIMIT, side: 'above' }).state;
        minute = [];
      }
      minute.push(sample);
    },
  };
}

interface Opened {
  readonly at: number;
  readonly stats: readonly UnusualStat[];
  readonly text: string | undefined;
}

/** Judges samples, and collects the hours and the findings. */
function createJudging(neighbours: readonly Hours[]) {
  const gate = createGate();
  const hours: Hours = new Map();
  const opened: Opened[] = [];
  let unusual: UnusualState | undefined;
  let [isOpen, largest] = [false, 0];
  const siteDuty = (at: number) => {
    const hour = hourOf(at) - 1;
    const duties = neighbours.flatMap((known) => known.get(hour)?.duty ?? []);
    return duties.length < 2 ? undefined : medianOf(duties);
  };
  return {
    hours,
    opened,
    largest: () => largest,
    add(sample: Sample): void {
      gate.add(sample);
      const isHour = unusual && hourOf(sample.at) !== unusual.now.hour;
      const context =
        isHour && gate.isKnown() ? { siteDuty: siteDuty(sample.at), defrosts: gate.defrosts() } : {};
      const step = judgeUnusual(unusual, sample, context);
      unusual = step.state;
      if (step.hour) {
        hours.set(step.hour.hour, step.hour);
        largest = Math.max(largest, JSON.stringify(storedUnusual(unusual)).length);
      }
      const is = step.none === undefined;
      const { found } = unusual;
      if (is && !isOpen)
        opened.push({ at: sample.at, stats: found.map(({ stat }) => stat), text: unusualText(found) });
      isOpen = is;
    },
  };
}

/** @param neighbours the hours of the other devices of the shop */
function outcomeOf(options: LifeOptions, days: number, neighbours: readonly Hours[]): Outcome {
  const judging = createJudging(neighbours);
  const { failure, crossed } = liveOf(options, days, (sample) => judging.add(sample));
  const { hours, opened } = judging;
  const begins = failure ? failure.at * 1_000 : days * 24 * HOUR;
  const wrong = opened
    .filter(({ at }) => at >= JUDGED_FROM * 1_000 && at < begins)
    .map(({ stats }) => stats.join('+'));
  const end = crossed ?? begins + STUCK_WITHIN;
  const first = opened.find(({ at }) => at >= begins && at < end);
  const after = failure && first ? first.at - begins : undefined;
  return {
    wrong,
    healthyMs: begins - JUDGED_FROM * 1_000,
    after,
    lead: first ? end - first.at : NaN,
    text: first?.text,
    hours,
    largest: judging.largest(),
  };
}

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'tune-1' },
    shops: { type: 'string', default: '3' },
    detail: { type: 'boolean', default: false },
  },
});
const shops = Number(values.shops);
if (!Number.isInteger(shops) || shops < 1)
  throw new Error(`--shops ${values.shops}: it takes a whole number from 1`);

const begin = process.cpuUsage();
const healthy: Outcome[] = [];
const failing = new Map<FailureKind, Outcome[]>(failureKinds.map((kind) => [kind, []]));
for (let shop = 0; shop < shops; shop += 1) {
  const numbers = Array.from({ length: SHOP }, (_, index) => shop * SHOP + index);
  const of = (number: number) => ({ set: values.set, number, defrosts: 'regular' as const });
  const alone = numbers.map((number) => outcomeOf(of(number), HEALTHY_DAYS, []).hours);
  for (const number of numbers)
    healthy.push(
      outcomeOf(
        of(number),
        HEALTHY_DAYS,
        alone.filter((_, index) => index !== number % SHOP),
      ),
    );
  failureKinds.forEach((kind, index) => {
    const number = numbers[index % SHOP]!;
    const others = alone.filter((_, other) => other !== number % SHOP);
    failing.get(kind)!.push(outcomeOf({ ...of(number), kind }, FAILING_DAYS, others));
  });
}
const everyone = [...healthy, ...[...failing.values()].flat()];
const months = everyone.reduce((sum, { healthyMs }) => sum + healthyMs, 0) / (30 * 24 * HOUR);
const wrong = everyone.flatMap((each) => each.wrong);
const median = (all: number[]) => (all.length === 0 ? NaN : medianOf(all));
console.log(
  `${values.set}: ${(wrong.length / months).toFixed(2)} false a month of ${months.toFixed(1)} device months; state at most ${Math.max(...everyone.map(({ largest }) => largest))} bytes`,
);
for (const [kind, outcomes] of failing) {
  const found = outcomes.filter(({ after }) => after !== undefined);
  const hours = (member: 'after' | 'lead') => median(found.map((each) => each[member]! / HOUR)).toFixed(1);
  const texts = [...new Set(found.map(({ text }) => text))].join('; ');
  console.log(
    `${kind}: ${((100 * found.length) / outcomes.length).toFixed(0)} % of ${outcomes.length}, ${hours('after')} h after it begins, ${hours('lead')} h before the crossing: ${texts}`,
  );
}
if (values.detail) {
  const causes = Map.groupBy(wrong, (stats) => stats);
  console.log([...causes].map(([stats, all]) => `${stats} ${all.length}`).join(', '));
}
console.log(`${(process.cpuUsage(begin).user / 1e6).toFixed(0)} s of processor time`);
