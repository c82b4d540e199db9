// Runs the jobs of a message, and acknowledges each in the journal once it is done.

import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { Backlog } from './backlog.ts';
import type { Job } from './jobs.ts';
import { type Plan, RETAINED_CONSUMER } from './plan.ts';
import type { Retained } from './retained.ts';

export interface JobRunner {
  /** Starts the jobs of entry `seq`; the message is finished in the backlog when the last of them ends. */
  runAll(seq: number, plan: Pick<Plan, 'message' | 'jobs' | 'retains'>): void;
  isRunning(): boolean;
  /** Resolves when no job runs. */
  idle(): Promise<void>;
}

interface JobRunnerDeps {
  readonly journal: Pick<Journal, 'acknowledge'>;
  readonly retained: Pick<Retained, 'set'>;
  readonly backlog: Backlog;
  readonly log: Log;
}

/** Counts the messages with a job that runs. */
function createRunning() {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    begin: () => void (running += 1),
    end(): void {
      running -= 1;
      if (running === 0) for (const resolve of waiting.splice(0)) resolve();
    },
    isRunning: () => running > 0,
    idle: () => (running > 0 ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
  };
}

/**
 * Runs one job, acknowledges it and calls `ended`, whether it went well or not. One promise and no async function: tens of thousands of
 * jobs may wait for a delivery stream.
 */
function run(
  { journal, log }: JobRunnerDeps,
  { consumer, run: work }: Job,
  { seq, topic, ended }: { readonly seq: number; readonly topic: string; readonly ended: () => void },
): void {
  const failed = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    log.error('unfinished: it is tried again after a restart', { consumer, topic, reason });
    ended();
  };
  try {
    void work().then(() => {
      journal.acknowledge(seq, consumer);
      ended();
    }, failed);
  } catch (error) {
    queueMicrotask(() => failed(error));
  }
}

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { retained, backlog } = deps;
  const running = createRunning();

  return {
    runAll(seq, { message, jobs, retains }) {
      let left = jobs.length + (retains ? 1 : 0);
      if (left === 0) {
        backlog.finish(message);
        return;
      }
      running.begin();
      const ended = () => {
        left -= 1;
        if (left > 0) {
          backlog.resumeReading();
          return;
        }
        backlog.finish(message);
        running.end();
      };
      const entry = { seq, topic: message.topic, ended };
      for (const job of jobs) run(deps, job, entry);
      if (retains) run(deps, { consumer: RETAINED_CONSUMER, run: () => retained.set(message) }, entry);
      backlog.askForRelief();
    },
    isRunning: () => running.isRunning(),
    idle: () => running.idle(),
  };
}
