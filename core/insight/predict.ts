// Announces that a limit will be reached: one step per minute of a device and metric, from one state to the next.

import { NO_EXCURSIONS } from './excursion.ts';
import { CALM_LAG, extendCalm, extendGate, firstGate, interruptGate } from './gate.ts';
import { judge, LEARNING, WATCH, type Step } from './judge.ts';
import { faultOf, minuteOf, mirrored, rounded, type Minute } from './minute.ts';
import type { Pause, PredictionSettings, PredictionState } from './prediction.ts';
import { FIT_MINUTES, recall, remember } from './trend.ts';

const DAY = 1_440;
/** A gap of up to `FILL` minutes is filled; after `PAUSE` the sensor may be another one; after `FORGET` learning restarts. */
const FILL = 3;
const PAUSE = 10;
const FORGET = 3 * DAY;
/** This many consecutive stale minutes mean that the clock was set back. */
const SET_BACK = 60;
/**
 * Judges one minute. Minutes come in order; one of the last 25 may come again, corrected, and is judged with present
 * knowledge. Older ones are ignored. Pure: the same state and minute give the same result.
 */
export function predict(
  state: PredictionState | undefined,
  given: Minute,
  settings: PredictionSettings,
): Step {
  const fault = faultOf(given);
  if (fault !== undefined)
    return {
      state: state ?? begin({ at: 0, mean: 0, min: 0, max: 0 }),
      prediction: { none: 'unusable', fault },
    };
  const isUp = settings.side === 'above';
  const known = { ...given, mean: rounded(given.mean) };
  const minute = isUp ? known : mirrored(known);
  const limit = isUp ? settings.limit : -settings.limit;
  const next = state && state.from > 0 ? advance(state, minute, settings) : begin(minute);
  if (next.stale > 0) return { state: next, prediction: { none: 'late' } };
  const step = judge(next, limit, settings);
  return step.prediction.none === 'changed' ? { ...step, state: begin(minute) } : step;
}

function begin(minute: Minute): PredictionState {
  const at = minuteOf(minute.at);
  const gate = firstGate(minute);
  const recent = remember('', gate.band, minute.mean);
  return { v: 1, from: at, at, gate, recent, values: [], wrong: [], stale: 0 };
}

function advance(state: PredictionState, minute: Minute, settings: PredictionSettings): PredictionState {
  const at = minuteOf(minute.at);
  const missed = at - state.at - 1;
  if (missed < 0) return correct(state, minute, -missed - 1);
  if (missed > FORGET) return begin(minute);
  const paused = missed >= PAUSE;
  const extended = extendGate(paused ? interruptGate(state.gate) : state.gate, minute, settings.defrosts);
  const past = missed === 0 ? meanBefore(state) : undefined;
  const gate = extendCalm(extended, { at, before: state.at, past }, settings.defrosts);
  return {
    ...state,
    at,
    gate,
    recent: continued(state, gate.band, minute.mean, missed),
    values: valuesOf(state.values, minute),
    pause: pauseOf(state, paused, at, minute.mean),
    stale: 0,
  };
}

/** The mean of the minute by which calm hours are learned; undefined so soon after a gap. */
function meanBefore({ recent, gate }: PredictionState): number | undefined {
  const from = recent.length - 2 * (CALM_LAG + 1);
  return from < 0 ? undefined : recall(recent.slice(from, from + 2), gate.band)[0];
}

/** Replaces the minute that was judged `ago` minutes before the last one. */
function correct(state: PredictionState, minute: Minute, ago: number): PredictionState {
  const index = state.recent.length - 2 * (ago + 1);
  if (ago >= FIT_MINUTES || index < 0) {
    const stale = state.stale + 1;
    return stale < SET_BACK ? { ...state, stale } : setBack(state, minute);
  }
  const { band } = state.gate;
  const packed = remember('', band, minute.mean);
  const recent = state.recent.slice(0, index) + packed + state.recent.slice(index + 2);
  return { ...state, recent, values: valuesOf(state.values, minute), stale: 0 };
}

/** Keeps the band, which does not depend on the clock, and learns the defrosts again. */
function setBack(state: PredictionState, minute: Minute): PredictionState {
  const fresh = begin(minute);
  const { block, top, bottom } = fresh.gate.band;
  const band = { ...state.gate.band, block, top, bottom };
  const gate = { ...fresh.gate, band, excursions: NO_EXCURSIONS };
  const learned = Math.min(state.at - state.from, LEARNING);
  const recent = remember('', band, minute.mean);
  return { ...fresh, from: fresh.from - learned, gate, recent, values: state.values };
}

function continued(
  state: PredictionState,
  band: PredictionState['gate']['band'],
  mean: number,
  missed: number,
) {
  const { zero, step } = state.gate.band;
  const isSame = zero === band.zero && step === band.step;
  let text = missed > FILL ? '' : state.recent;
  if (!isSame && text !== '')
    text = recall(text, state.gate.band).reduce((sofar, value) => remember(sofar, band, value), '');
  for (let index = 0; index < missed && text !== ''; index += 1) text = remember(text, band, mean);
  return remember(text, band, mean);
}

function valuesOf(values: readonly number[], { min, max }: Minute): readonly number[] {
  if (values.length > 2) return values;
  return [...new Set([...values, min, max])].slice(0, 3);
}

function pauseOf(
  { pause, recent, gate }: PredictionState,
  paused: boolean,
  at: number,
  mean: number,
): Pause | undefined {
  if (paused) {
    const values = recall(recent, gate.band);
    return { at, before: [Math.min(...values), Math.max(...values)], since: [mean, mean] };
  }
  if (!pause || at - pause.at > WATCH) return undefined;
  const [low, high] = pause.since;
  return { ...pause, since: [Math.min(low, mean), Math.max(high, mean)] };
}
