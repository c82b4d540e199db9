// EventBridge Scheduler on one machine: invokes functions at whole multiples of their interval, once for each.

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { scheduleEvent } from './schedule-event.ts';
import type { ScheduleSpec } from './schedule-spec.ts';

export interface Schedules {
  start(): void;
  /** Invokes nothing more; functions that run go on. */
  close(): void;
}

export interface SchedulesOptions {
  readonly schedules: readonly ScheduleSpec[];
  /** Hands an event to a function; resolves once it is on disk. */
  readonly invoke: (functionName: string, payload: string) => Promise<void>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly log: Log;
  /** Gets schedule.invocations. */
  readonly count: (name: string) => void;
}

/** The clock is read at least this often, to notice that the machine slept or that its time was set. */
const LONGEST_WAIT_MS = 60_000;

/** The last time from `due` to `now`. */
function lastOf({ next }: ScheduleSpec, due: number, now: number): number {
  let last = due;
  for (let then = next(last); then !== undefined && then <= now; then = next(last)) last = then;
  return last;
}

/**
 * Times are aligned to the epoch, where AWS counts from the schedule's creation. Times that passed while the machine slept
 * or nothing ran are skipped, except the last one, which is made up for when the machine wakes.
 */
export function createSchedules(options: SchedulesOptions): Schedules {
  const { schedules, invoke, clock, newId, log, count } = options;
  const timers = new Map<number, () => void>();

  function run(spec: ScheduleSpec, due: number): void {
    count('schedule.invocations');
    invoke(spec.functionName, scheduleEvent(spec, { id: newId(), due })).catch((error: unknown) => {
      log.error('schedule cannot invoke its function', { schedule: spec.name, reason: String(error) });
    });
  }

  function wait(key: number, spec: ScheduleSpec, due: number): void {
    const ms = Math.max(0, Math.min(due - clock.now(), LONGEST_WAIT_MS));
    timers.set(
      key,
      clock.after(ms, () => look(key, spec, due)),
    );
  }

  function look(key: number, spec: ScheduleSpec, due: number): void {
    const now = clock.now();
    const next = spec.next(now);
    if (now >= due) run(spec, lastOf(spec, due, now));
    // Sooner once the clock was set back.
    const soonest = now >= due ? next : Math.min(due, next ?? due);
    if (soonest === undefined || soonest === Infinity) timers.delete(key);
    else wait(key, spec, soonest);
  }

  return {
    start() {
      for (const [key, spec] of schedules.entries()) {
        if (spec.enabled) look(key, spec, Infinity);
      }
    },
    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
