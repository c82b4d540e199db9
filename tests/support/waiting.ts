// Waiting for events that take an unknown time, without sleeping for a fixed one.

import { setTimeout as sleep } from 'node:timers/promises';

type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

/**
 * Polls until `look` gives something other than `undefined` and `false`, and returns it. Throws an error that names
 * `what` after `milliseconds`.
 */
export async function eventually<T>(what: string, look: Look<T>, milliseconds = 30_000): Promise<T> {
  const end = performance.now() + milliseconds;
  for (let pause = 1; ; pause = Math.min(2 * pause, 50)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
    await sleep(pause);
  }
}
