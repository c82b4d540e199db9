// Measures predictions against simulated failures: `node bench/insight/predictions.ts --set report-1 --devices 50`.

import { parseArgs } from 'node:util';
import type { FailureKind } from '../../device-sim/fridge-failure.ts';
import type { Defrosts } from '../../device-sim/fridge-traits.ts';
import { edgeOf } from '../../core/insight/band.ts';
import { predict } from '../../core/insight/predict.ts';
import { storedOf } from '../../core/insight/state-text.ts';
import type { PredictionState } from '../../core/insight/prediction.ts';
import { JUDGED_FROM, LIMIT, liveOf, type Life } from './fridge-life.ts';

const KINDS: readonly FailureKind[] = ['leak', 'stop', 'ajar', 'ice', 'drift'];
const HEALTHY_DAYS = 37;
const FAILING_DAYS = 20;
const MINUTE = 60_000;

interface Outcome {
  /** Announcements while nothing was wrong, and the duration of that time. */
  readonly wrong: number;
  readonly healthyMs: number;
  /** Milliseconds from the announcement to the crossing; undefined if it was not announced. */
  readonly lead: number | undefined;
  readonly crossed: boolean;
  /** Whether ten minutes passed between leaving the normal band (as of the start of the failure) and the crossing. */
  readonly possible: boolean;
  readonly largest: number;
  readonly modes: number;
}

/** Counts announcements before the failure, and whether one at least ten minutes old is active at the crossing. */
function outcomeOf({ minutes, failure, crossed, schedule }: Life, isKnown: boolean): Outcome {
  const settings = { limit: LIMIT, side: 'above' as const, ...(isKnown && { defrosts: schedule }) };
  let state: PredictionState | undefined;
  let [wrong, opened, closed, largest, free, judged] = [0, NaN, NaN, 0, 0, 0];
  let isOpen = false;
  let edge: number | undefined;
  let inside = 0;
  for (const minute of minutes) {
    if (crossed !== undefined && minute.at > crossed) break;
    const step = predict(state, minute, settings);
    state = step.state;
    const is = step.prediction.none === undefined;
    if (failure && minute.second >= failure.at) edge ??= edgeOf(state.gate.band);
    if (edge === undefined || minute.mean <= edge) inside = minute.at + MINUTE;
    if (is && !isOpen) {
      if (minute.second >= JUDGED_FROM && !(failure && minute.second >= failure.at)) wrong += 1;
      opened = minute.at;
      closed = NaN;
    } else if (!is && isOpen) closed = minute.at;
    isOpen = is;
    if (minute.second % 3_600 === 0) {
      largest = Math.max(largest, JSON.stringify(storedOf(state)).length);
      judged += 1;
      free += state.gate.usual.schedule ? 0 : 1;
    }
  }
  const isStillOpen = crossed !== undefined && (isOpen || crossed - closed <= 30 * MINUTE);
  const lead = isStillOpen && crossed - opened >= 10 * MINUTE ? crossed - opened : undefined;
  const end = failure ? failure.at : minutes.at(-1)!.second;
  const possible = crossed !== undefined && crossed - inside >= 10 * MINUTE;
  return {
    possible,
    wrong,
    healthyMs: (end - JUDGED_FROM) * 1_000,
    lead,
    crossed: crossed !== undefined,
    largest,
    modes: free / judged,
  };
}

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'tune-1' },
    devices: { type: 'string', default: '20' },
    modes: { type: 'string', default: 'learned,known,irregular' },
    'no-restocking': { type: 'boolean', default: false },
    detail: { type: 'boolean', default: false },
  },
});
const devices = Number(values.devices);
if (!Number.isInteger(devices) || devices < 5)
  throw new Error(`--devices ${values.devices}: it takes a whole number from 5`);

const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(0)} %`;
const median = (all: number[]) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

for (const mode of values.modes.split(',')) {
  const defrosts: Defrosts = mode.startsWith('irregular') ? 'irregular' : 'regular';
  const isKnown = mode.endsWith('known');
  const begin = process.cpuUsage();
  const healthy: Outcome[] = [];
  const failing = new Map<FailureKind, Outcome[]>(KINDS.map((kind) => [kind, []]));
  const options = { set: values.set, defrosts, ...(values['no-restocking'] && { restocking: false }) };
  for (let number = 0; number < devices; number += 1) {
    healthy.push(outcomeOf(liveOf({ ...options, number }, HEALTHY_DAYS), isKnown));
    const kind = KINDS[number % KINDS.length]!;
    failing.get(kind)!.push(outcomeOf(liveOf({ ...options, number, kind }, FAILING_DAYS), isKnown));
  }
  const all = [...failing.values()].flat().filter(({ crossed }) => crossed);
  const everyone = [...healthy, ...all];
  const wrong = everyone.reduce((sofar, each) => sofar + each.wrong, 0);
  const months = everyone.reduce((sofar, each) => sofar + each.healthyMs, 0) / (30 * 86_400_000);
  const found = all.filter(({ lead }) => lead !== undefined);
  const kinds = [...failing].map(([kind, outcomes]) => {
    const crossing = outcomes.filter(({ crossed }) => crossed);
    const announced = crossing.filter(({ lead }) => lead !== undefined);
    const possible = crossing.filter(({ possible }) => possible).length;
    return `${kind} ${share(announced.length, crossing.length)} of ${share(possible, crossing.length)} (${median(announced.map(({ lead }) => lead! / 3_600_000)).toFixed(1)} h)`;
  });
  const { user } = process.cpuUsage(begin);
  console.log(
    `${values.set} ${mode}: announced ${share(found.length, all.length)} of ${all.length} (possible ${share(all.filter(({ possible }) => possible).length, all.length)}), false ${(wrong / months).toFixed(2)} a month, ` +
      `median lead ${median(found.map(({ lead }) => lead! / 3_600_000)).toFixed(1)} h; ${kinds.join(', ')}; ` +
      `state at most ${Math.max(...everyone.map(({ largest }) => largest))} bytes; without schedule ${share(
        everyone.reduce((s, e) => s + e.modes, 0),
        everyone.length,
      )}; ${(user / 1e6).toFixed(1)} s`,
  );
  if (values.detail)
    console.log(`false of each healthy device: ${healthy.map(({ wrong }) => wrong).join(' ')}`);
}
