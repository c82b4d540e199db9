// Plans what one device sends and when, as a pure function of its seed: packed, repeated and out of order as the options say.

import type { Controls } from './controls.ts';
import type { Metrics, Pattern } from './patterns.ts';
import { uniform } from './random.ts';

export interface PlanOptions {
  readonly seed: number;
  readonly pattern: Pattern;
  /** Epoch milliseconds of the first second. */
  readonly start: number;
  /** Readings a second. */
  readonly rate: number;
  /** Overrides `rate`, from one reading to the next, while the plan runs. */
  readonly controls?: Controls;
  /** Moves each reading by up to a quarter of its interval. */
  readonly jitter: boolean;
  /** Share of messages that are sent twice. */
  readonly duplicates: number;
  /** Share of messages that are delayed until later ones have overtaken them. */
  readonly reorder: number;
  /** The point of the interval at which the device begins, from 0 to 1; absent: its own. */
  readonly phase?: number;
  /** Readings in one message. */
  readonly pack: number;
  /** Simulated seconds a second. */
  readonly speed: number;
  /** Ends after this many readings; absent: no end. */
  readonly count?: number;
  /** Ends after this many milliseconds; absent: no end. */
  readonly duration?: number;
}

export interface PlannedMessage {
  /** When to send it, milliseconds after the start. */
  readonly due: number;
  /** JSON text. */
  readonly payload: string;
  readonly readings: number;
  readonly duplicate: boolean;
}

interface Reading {
  readonly id: string;
  readonly timestamp: number;
  readonly [metric: string]: string | number;
}

interface Sample {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly reading: Reading;
}

/** One random stream per use. */
const STREAMS = { phase: 40, jitter: 41, duplicate: 42, duplicateDelay: 43, reorder: 44, reorderDelay: 45 };

function readingOf(options: PlanOptions, index: number, at: number, metrics: Metrics): Reading {
  // The start is part of the id, so that another run with the same seed sends new readings.
  const id = `${options.start.toString(36)}-${index.toString(36)}`;
  return { id, timestamp: options.start + at, ...metrics };
}

const rateOf = ({ controls, rate }: PlanOptions) => controls?.sampleRate ?? rate;

/** Each device begins at its own point of the interval, so that a fleet does not send all at once, unless the plan gives the point. */
function* samples(options: PlanOptions): Generator<Sample> {
  const {
    seed,
    jitter,
    phase = uniform(seed, 0, STREAMS.phase),
    count = Infinity,
    duration = Infinity,
  } = options;
  let interval = 1_000 / rateOf(options);
  let origin = { index: 0, at: phase * interval };
  for (let index = 0, sent = 0; sent < count; index += 1) {
    const next = 1_000 / rateOf(options);
    if (next !== interval) origin = { index, at: origin.at + (index - 1 - origin.index) * interval + next };
    interval = next;
    const moved = jitter ? (uniform(seed, index, STREAMS.jitter) - 0.5) * 0.5 * interval : 0;
    const at = Math.max(0, Math.round(origin.at + (index - origin.index) * interval + moved));
    if (at >= duration) return;
    const metrics = options.pattern(seed, (at / 1_000) * options.speed);
    if (!metrics) continue;
    yield { at, reading: readingOf(options, index, at, metrics) };
    sent += 1;
  }
}

function* packed(options: PlanOptions): Generator<PlannedMessage> {
  let waiting: Sample[] = [];
  const message = (): PlannedMessage => {
    const readings = waiting.map(({ reading }) => reading);
    const payload = JSON.stringify(options.pack === 1 ? readings[0] : { readings });
    return { due: waiting.at(-1)!.at, payload, readings: readings.length, duplicate: false };
  };
  for (const sample of samples(options)) {
    waiting.push(sample);
    if (waiting.length < options.pack) continue;
    yield message();
    waiting = [];
  }
  if (waiting.length > 0) yield message();
}

/** The messages in the order of sending. The same options give the same messages. */
export function* planMessages(options: PlanOptions): Generator<PlannedMessage> {
  const { seed, duplicates, reorder, pack } = options;
  let held: PlannedMessage[] = [];
  let index = 0;
  const chance = (stream: number) => uniform(seed, index, stream);
  const later = (message: PlannedMessage, stream: number) =>
    Math.round(message.due + (1 + 2 * chance(stream)) * (1_000 / rateOf(options)) * pack);

  for (const message of packed(options)) {
    const isHeld = chance(STREAMS.reorder) < reorder;
    held.push(isHeld ? { ...message, due: later(message, STREAMS.reorderDelay) } : message);
    if (chance(STREAMS.duplicate) < duplicates) {
      held.push({ ...message, due: later(message, STREAMS.duplicateDelay), duplicate: true });
    }
    held.sort((a, b) => a.due - b.due);
    const ready = held.findIndex(({ due }) => due > message.due);
    yield* held.splice(0, ready < 0 ? held.length : ready);
    index += 1;
  }
  yield* held;
}
