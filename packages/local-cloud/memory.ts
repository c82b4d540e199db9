// Returns memory to the system after busy times, which V8 does not do by itself while idle.

import v8 from 'node:v8';
import vm from 'node:vm';
import type { Clock } from './clock.ts';

/** A full collection; unlike others it also returns the memory of short-lived objects. */
type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

export interface MemoryProbe {
  /** Bytes that V8 holds and does not use. */
  slack(): number;
  /** The share of the time since the last call in which a processor worked for this thread, from 0 to 1. */
  busy(): number;
  collect(): void;
}

const PERIOD_MS = 30_000;
/** Less is not worth the pause of about 30 ms for a heap of 30 MB. */
const WORTHWHILE_BYTES = 33_554_432;
const IDLE_SHARE = 0.05;

function exposedCollect(): Collect {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as Collect;
  v8.setFlagsFromString('--no-expose-gc'); // functions do not see it
  return collect;
}

export function createMemoryProbe(): MemoryProbe {
  const collect = exposedCollect();
  let before = { at: performance.now(), processor: process.threadCpuUsage() };
  return {
    slack() {
      const { heapTotal, heapUsed } = process.memoryUsage();
      return heapTotal - heapUsed;
    },
    busy() {
      const { user, system } = process.threadCpuUsage(before.processor);
      const milliseconds = performance.now() - before.at;
      before = { at: performance.now(), processor: process.threadCpuUsage() };
      return (user + system) / 1_000 / milliseconds;
    },
    collect: () => collect({ type: 'major', flavor: 'last-resort' }),
  };
}

/**
 * Checks twice a minute whether there is enough memory to return and time to do it. The first time there always is enough: the
 * garbage of a start is half of the heap, and V8 does not collect it while little happens.
 *
 * @returns a function that ends it
 */
export function returnMemory(clock: Clock, probe: MemoryProbe = createMemoryProbe()): () => void {
  let cancel = () => {};
  let worthwhile = 0;
  const look = () => {
    if (probe.busy() < IDLE_SHARE && probe.slack() >= worthwhile) {
      probe.collect();
      worthwhile = WORTHWHILE_BYTES;
    }
    cancel = clock.after(PERIOD_MS, look);
  };
  cancel = clock.after(PERIOD_MS, look);
  return () => cancel();
}
