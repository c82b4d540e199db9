// Runs the jobs of a message, and acknowledges each in the journal once it is done.

import type { Journal } from '../journal/journal.ts';
import type { Log } from '../log.ts';
import type { Backlog } from './backlog.ts';
import type { Job } from './jobs.ts';
import type { InboundMessage } from './message.ts';
import { type Plan, RETAINED_CONSUMER } from './plan.ts';
import type { Retained } from './retained.ts';

export interface JobRunner {
  /** Starts the jobs of entry `seq`; the message is finished in the backlog when the last of them ends. */
  runAll(seq: number, plan: Pick<Plan, 'message' | 'jobs' | 'retains'>): void;
  isRunning(): boolean;
  /** Resolves when no job runs. */
  idle(): Promise<void>;
}

export function createJobRunner(deps: {
  readonly journal: Pick<Journal, 'acknowledge'>;
  readonly retained: Pick<Retained, 'set'>;
  readonly backlog: Backlog;
  readonly log: Log;
}): JobRunner {
  const { journal, retained, backlog, log } = deps;
  /** Messages with a job that runs. */
  let running = 0;
  const waiting: (() => void)[] = [];

  const warn = (consumer: string, { topic }: InboundMessage, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    log.error('unfinished: it is tried again after a restart', { consumer, topic, reason });
  };
  /** One promise and no async function: tens of thousands of jobs may wait for a delivery stream. */
  const run = (seq: number, job: Job, message: InboundMessage, ended: () => void) => {
    const { consumer } = job;
    const failed = (error: unknown) => {
      warn(consumer, message, error);
      ended();
    };
    try {
      void job.run().then(() => {
        journal.acknowledge(seq, consumer);
        ended();
      }, failed);
    } catch (error) {
      queueMicrotask(() => failed(error));
    }
  };

  return {
    runAll(seq, { message, jobs, retains }) {
      let left = jobs.length + (retains ? 1 : 0);
      if (left === 0) {
        backlog.finish(message);
        return;
      }
      running += 1;
      const ended = () => {
        left -= 1;
        if (left > 0) {
          backlog.resumeReading();
          return;
        }
        running -= 1;
        backlog.finish(message);
        if (running === 0) for (const resolve of waiting.splice(0)) resolve();
      };
      for (const job of jobs) run(seq, job, message, ended);
      if (retains)
        run(seq, { consumer: RETAINED_CONSUMER, run: () => retained.set(message) }, message, ended);
      backlog.askForRelief();
    },
    isRunning: () => running > 0,
    idle: () => (running > 0 ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
  };
}
