// Runs the demo of a project beside the stack, in its own thread, where it is a client like any other.

import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';

/** A demo that takes longer than this to stop is cut off. */
const STOP_MILLISECONDS = 5_000;
/** A fleet of a few devices leaves little garbage. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4 };

/** @returns a function that sends the message `stop`, and resolves when the thread has ended. */
export function startDemo(script: string, dataDir: string, log: Log): () => Promise<void> {
  const worker = new Worker(script, { workerData: { dataDir }, resourceLimits: RESOURCE_LIMITS });
  let stopping = false;
  worker.on('error', (error) => log.error('demo failed', { reason: error.message }));
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      if (!stopping && code !== 0) log.error('demo ended', { code });
      resolve();
    });
  });
  return async () => {
    stopping = true;
    worker.postMessage('stop');
    const cut = setTimeout(() => void worker.terminate(), STOP_MILLISECONDS);
    await exited;
    clearTimeout(cut);
  };
}
