// Runs seeds in processes of their own, one for each processor: a world has one thread, and seeds do not depend on each other.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Options } from './options.ts';
import type { SeedResult } from './seed-run.ts';

/** What a process answers for a seed: its result, and the processor time since its last answer, in microseconds. */
export interface SeedAnswer {
  readonly result: SeedResult;
  readonly processorTime: number;
}

export interface SeedRequest {
  readonly options: Options;
  readonly seed: number;
}

async function ask(child: ChildProcess, request: SeedRequest): Promise<SeedAnswer> {
  const ended = new AbortController();
  const { signal } = ended;
  child.send(request);
  try {
    const answered = once(child, 'message', { signal }) as Promise<[SeedAnswer]>;
    const failed = once(child, 'exit', { signal }).then(([code, name]) => {
      throw new Error(`the process of seed ${request.seed} ended with ${String(code ?? name)}`);
    });
    const [answer] = await Promise.race([answered, failed]);
    return answer;
  } finally {
    ended.abort();
  }
}

/**
 * Calls back in the order of the seeds.
 *
 * @throws Error when a process ends before its seed does
 */
export async function runInProcesses(
  options: Options,
  count: number,
  done: (answer: SeedAnswer) => void,
): Promise<void> {
  const end = options.seed + options.seeds;
  const waiting = new Map<number, SeedAnswer>();
  let [next, shown] = [options.seed, options.seed];

  async function work(): Promise<void> {
    const child = fork(new URL('./seed-process.ts', import.meta.url));
    try {
      while (next < end) {
        const seed = next;
        next += 1;
        waiting.set(seed, await ask(child, { options, seed }));
        for (; waiting.has(shown); shown += 1) {
          done(waiting.get(shown)!);
          waiting.delete(shown);
        }
      }
    } finally {
      child.kill();
    }
  }
  await Promise.all(Array.from({ length: Math.min(count, options.seeds) }, work));
}
