// Asynchronous invocation as Lambda does it: retries after one and two minutes, then the failure destination; no event is lost without a log entry.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { FunctionSpec } from '../template/functions.ts';
import type { Condition, Deliver } from './destination.ts';
import type { Outcome } from './environment.ts';
import type { Source } from './fair-queue.ts';
import type { FunctionMetrics } from './function-metrics.ts';

export interface Arrived {
  readonly requestId: string;
  readonly payload: string;
  /** Sources take turns, so that the backlog of one delays no other. */
  readonly source: Source;
}

export interface AsyncEvents {
  /**
   * Resolves when the event is finished: it succeeded, or its record is in the failure destination, or it has none and the
   * loss is logged. Never rejects. After `close` it stays pending, so that the caller keeps the event.
   */
  accept(arrived: Arrived): Promise<void>;
  /** Events being attempted or delivered; those that wait for a retry do not count. */
  active(): number;
  /** Drops the retries that wait. */
  close(): void;
}

export interface AsyncSettings {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: (name: string, by?: number) => void;
  readonly metrics: Pick<FunctionMetrics, 'dropped' | 'undelivered'>;
  readonly attempt: (event: Arrived) => Promise<Outcome>;
  readonly deliver: Deliver | undefined;
}

/** Milliseconds before the second and the third attempt. */
const retryDelays = [60_000, 120_000];
const FIRST_DELIVERY_DELAY = 1_000;
const LONGEST_DELIVERY_DELAY = 60_000;

interface Event extends Arrived {
  /** Epoch milliseconds. */
  readonly acceptedAt: number;
  attempts: number;
  response: string | undefined;
}

/** Counts the events that are worked on, and waits between attempts. */
function createActivity(clock: Clock) {
  const timers = new Set<() => void>();
  let active = 0;
  let closed = false;
  return {
    active: () => active,
    begin: () => void (active += 1),
    end: () => void (active -= 1),
    isClosed: () => closed,
    /** Resolves when the time is up; never after `close`. */
    pause(ms: number): Promise<void> {
      active -= 1;
      return new Promise((resolve) => {
        const cancel = clock.after(ms, () => {
          timers.delete(cancel);
          active += 1;
          resolve();
        });
        timers.add(cancel);
      });
    },
    close(): void {
      closed = true;
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}

type Activity = ReturnType<typeof createActivity>;

/** Repeats an event whose first attempt has failed. @returns why it is given up, if it is */
async function repeat(
  { spec, clock, log, count, attempt }: AsyncSettings,
  activity: Activity,
  event: Event,
  first: Outcome,
): Promise<Condition | undefined> {
  const { maximumRetryAttempts, maximumEventAgeSeconds } = spec.async;
  for (let outcome = first; ; outcome = await attempt(event)) {
    if (!outcome.failed) return undefined;
    if (activity.isClosed()) await new Promise(() => {}); // its environment was ended, not its attempt: it stays pending
    event.attempts += 1;
    event.response = outcome.payload;
    if (event.attempts > maximumRetryAttempts) return 'RetriesExhausted';
    const delay = retryDelays[event.attempts - 1] ?? retryDelays.at(-1)!;
    if (clock.now() + delay - event.acceptedAt > maximumEventAgeSeconds * 1_000) return 'EventAgeExceeded';
    log.warn('event failed, will be retried', {
      function: spec.logicalId,
      requestId: event.requestId,
      attempt: event.attempts,
      seconds: delay / 1_000,
      error: outcome.payload.slice(0, 300),
    });
    count('lambda.retries');
    await activity.pause(delay);
  }
}

/** Puts the record of an event into the failure destination, and repeats that until it succeeds. */
async function giveUp(
  { spec, clock, log, count, metrics, deliver }: AsyncSettings,
  activity: Activity,
  event: Event,
  condition: Condition,
): Promise<void> {
  const { requestId, payload, attempts, response } = event;
  const error = response?.slice(0, 300);
  const fields = { function: spec.logicalId, requestId, condition, attempts, error };
  count('lambda.givenUp');
  metrics.dropped();
  if (!deliver) {
    count('lambda.lost');
    log.error('event lost: all attempts failed and the template names no failure destination', fields);
    return;
  }
  const record = { requestId, condition, invokeCount: attempts, payload, response, time: clock.now() };
  for (let delay = FIRST_DELIVERY_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELIVERY_DELAY)) {
    try {
      await deliver(record);
      log.error('all attempts failed: the event is kept in the failure destination', fields);
      return;
    } catch (error) {
      metrics.undelivered();
      log.error('failure destination cannot be written, will be retried', {
        ...fields,
        seconds: delay / 1_000,
        reason: (error as Error).message,
      });
      await activity.pause(delay);
    }
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
export function createAsyncEvents(settings: AsyncSettings): AsyncEvents {
  const { spec, clock } = settings;
  const activity = createActivity(clock);

  async function finishFailed(event: Event, first: Outcome | undefined): Promise<void> {
    const condition = first ? await repeat(settings, activity, event, first) : 'ZeroReservedConcurrency';
    if (condition) await giveUp(settings, activity, event, condition);
    activity.end();
  }

  return {
    active: activity.active,
    accept(arrived) {
      if (activity.isClosed()) return new Promise(() => {});
      activity.begin();
      const event: Event = { ...arrived, acceptedAt: clock.now(), attempts: 0, response: undefined };
      if (spec.reservedConcurrency === 0) return finishFailed(event, undefined);
      return settings.attempt(event).then((outcome) => {
        if (outcome.failed) return finishFailed(event, outcome);
        activity.end();
        return undefined;
      });
    },
    close: () => activity.close(),
  };
}
