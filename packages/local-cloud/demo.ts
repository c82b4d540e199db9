// Runs the demo fleet beside the stack: in a thread of its own, over real MQTT, as any other client.
import { Worker } from 'node:worker_threads';
import type { Log } from './log.ts';

/** A fleet that takes longer than this to say goodbye is cut off. */
const stopMilliseconds = 5_000;

/** @returns a function that stops the fleet and resolves when its devices have disconnected. */
export function startDemo(script: string, dataDir: string, log: Log): () => Promise<void> {
  const worker = new Worker(script, { workerData: { dataDir } });
  let stopping = false;
  worker.on('error', (error) => log.error('demo fleet failed', { reason: error.message }));
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      if (!stopping && code !== 0) log.error('demo fleet ended', { code });
      resolve();
    });
  });
  return async () => {
    stopping = true;
    worker.postMessage('stop');
    const cut = setTimeout(() => void worker.terminate(), stopMilliseconds);
    await exited;
    clearTimeout(cut);
  };
}
