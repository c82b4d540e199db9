// Lets reads run together and writes alone, in phases that alternate, so that neither waits for more than one phase of the other.

export interface Phases {
  /** Resolves, with what ends the read, once no write is under way. */
  startRead(): Promise<() => void>;
  /** Runs `write` when the reads under way have ended. One at a time. */
  write<T>(write: () => Promise<T>): Promise<T>;
}

export function createPhases(): Phases {
  let reads = 0;
  let isWriting = false;
  let startWriting: (() => void) | undefined;
  let waiting: (() => void)[] = [];

  function startRead(): () => void {
    reads += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      reads -= 1;
      if (reads === 0) startWriting?.();
    };
  }

  return {
    startRead: () =>
      isWriting
        ? new Promise((resolve) => waiting.push(() => resolve(startRead())))
        : Promise.resolve(startRead()),
    async write(write) {
      isWriting = true; // reads that come from now on wait
      if (reads > 0) await new Promise<void>((resolve) => (startWriting = resolve));
      startWriting = undefined;
      try {
        return await write();
      } finally {
        isWriting = false;
        const next = waiting;
        waiting = [];
        for (const start of next) start();
      }
    },
  };
}
