// The runtime of a world: one virtual clock with its timers, seeded randomness, and lives whose code can be killed at any await.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createRandom, type Random } from './random.ts';

/** A process or a function environment: once dead, its timers never fire and its I/O never answers. */
export interface Life {
  readonly name: string;
  readonly isAlive: boolean;
  kill(): void;
  /** Nothing of it runs for `ms`, as after SIGSTOP, and then everything that was due meanwhile. */
  freeze(ms: number): void;
  /** In milliseconds since the world began. */
  readonly frozenUntil: number;
}

/** @param parent the process of an environment, which dies with it */
export function createLife(name: string, parent?: Life): Life {
  let [isKilled, frozenUntil] = [false, 0];
  return {
    name,
    get isAlive() {
      return !isKilled && parent?.isAlive !== false;
    },
    kill: () => void (isKilled = true),
    freeze: (ms) => void (frozenUntil = state.elapsed + ms),
    get frozenUntil() {
      return Math.max(frozenUntil, parent?.frozenUntil ?? 0);
    },
  };
}

/** What I/O that answers at once throws in a dead life. */
export class Killed extends Error {
  constructor(name: string) {
    super(`${name} was killed`);
    this.name = 'Killed';
  }
}

interface Task {
  due: number;
  readonly order: number;
  readonly life: Life | undefined;
  run: (() => void) | undefined;
}

const isBefore = (a: Task, b: Task) => a.due < b.due || (a.due === b.due && a.order < b.order);

/** A binary heap of tasks, the next one due first. */
function createTasks() {
  const heap: Task[] = [];
  return {
    first: () => heap[0],
    push(task: Task): void {
      let place = heap.push(task) - 1;
      while (place > 0) {
        const parent = (place - 1) >> 1;
        if (!isBefore(task, heap[parent]!)) break;
        heap[place] = heap[parent]!;
        place = parent;
      }
      heap[place] = task;
    },
    shift(): Task | undefined {
      const [first] = heap;
      const last = heap.pop();
      if (heap.length === 0 || !last) return first;
      let place = 0;
      for (;;) {
        let child = 2 * place + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
        if (!isBefore(heap[child]!, last)) break;
        heap[place] = heap[child]!;
        place = child;
      }
      heap[place] = last;
      return first;
    },
    clear: () => void (heap.length = 0),
  };
}

const lives = new AsyncLocalStorage<Life>();
const tasks = createTasks();
/** Taken before the world replaces it. */
const realImmediate = setImmediate;

const state = {
  /** Milliseconds since the world began; never goes back. */
  elapsed: 0,
  /** What the machine's clock shows beyond `elapsed`. */
  offset: 0,
  order: 0,
  turns: 0,
  real: 0,
  random: createRandom(0, 'world'),
  ids: createRandom(0, 'ids'),
};

export const currentLife = (): Life | undefined => lives.getStore();
export function inLife<Result>(life: Life | undefined, run: () => Result): Result {
  if (lives.getStore() === life) return run();
  return life ? lives.run(life, run) : lives.exit(run);
}

/** @throws Killed where the code that asks is dead */
export function requireAlive(life = currentLife()): void {
  if (life && !life.isAlive) throw new Killed(life.name);
}

export const world = {
  /** Epoch milliseconds by the machine's clock. */
  now: () => Math.floor(state.offset + state.elapsed),
  elapsed: () => state.elapsed,
  /** Tasks that were run so far: a measure of progress that is the same for the same seed. */
  turns: () => state.turns,
  random: (): Random => state.random,
  ids: (): Random => state.ids,
  /** Sets the machine's clock forward, or back by a negative number; no time passes. */
  step: (ms: number) => void (state.offset += ms),
  /** Begins a new world at `start`, epoch milliseconds: nothing of an earlier world continues. */
  begin(seed: number, start: number): void {
    tasks.clear();
    Object.assign(state, { elapsed: 0, offset: start, order: 0, turns: 0 });
    state.random = createRandom(seed, 'world');
    state.ids = createRandom(seed, 'ids');
  },
};

/** Runs `run` in `ms` milliseconds in the life that asks, or never if that is dead by then. @returns a function that cancels it */
export function later(ms: number, run: () => void): () => void {
  const life = currentLife();
  if (life && !life.isAlive) return () => {};
  state.order += 1;
  const due = state.elapsed + (ms > 0 ? ms : 0);
  const task: Task = { due, order: state.order, life, run };
  tasks.push(task);
  return () => void (task.run = undefined);
}

/** Resolves after `ms`; never in a life that is dead by then. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => void later(ms, resolve));

/** Holds the clock while something outside the world works, such as the system's threads that make a key. */
export async function outside<Result>(work: Promise<Result>): Promise<Result> {
  state.real += 1;
  try {
    return await work;
  } finally {
    state.real -= 1;
  }
}

/** Tasks for each turn of the real event loop; promises and ticks settle between two of them as well. */
const TASKS_A_TURN = 32;

/** Runs the next task that is due until `end`. @returns whether there was one */
function runNext(end: number): boolean {
  for (;;) {
    const next = tasks.first();
    if (!next || next.due > end) return false;
    tasks.shift();
    if (!next.run || (next.life && !next.life.isAlive)) continue;
    if (next.life && next.life.frozenUntil > next.due) {
      next.due = next.life.frozenUntil;
      tasks.push(next);
      continue;
    }
    state.elapsed = Math.max(state.elapsed, next.due);
    state.turns += 1;
    inLife(next.life, next.run);
    return true;
  }
}

/**
 * Runs what falls due, in order, for `ms` milliseconds or until `isDone`; the clock moves on only when nothing else can run.
 *
 * @throws what a task throws
 */
export function advance(ms: number, isDone: () => boolean = () => false): Promise<void> {
  const end = state.elapsed + ms;
  let isOver = false;
  return new Promise((resolve, reject) => {
    function step(): void {
      if (isOver) return;
      try {
        isOver = isDone();
        if (!isOver && state.real === 0 && !runNext(end)) {
          state.elapsed = Math.max(state.elapsed, end);
          isOver = true;
        }
        if (isOver) resolve();
      } catch (error) {
        isOver = true;
        reject(error);
      }
    }
    function turn(): void {
      if (isOver) return;
      const count = state.real > 0 ? 1 : TASKS_A_TURN;
      for (let task = 0; task < count; task += 1) realImmediate(step);
      realImmediate(turn);
    }
    turn();
  });
}

/** Runs the world until `work` is done, at most `ms` of its time. @throws what `work` throws, and Error when it does not end */
export async function until<Result>(work: Promise<Result>, ms = 3_600_000): Promise<Result> {
  let isDone = false;
  const end = () => void (isDone = true);
  work.then(end, end);
  await advance(ms, () => isDone);
  if (!isDone) throw new Error(`not done after ${ms} ms of the world's time`);
  return work;
}
