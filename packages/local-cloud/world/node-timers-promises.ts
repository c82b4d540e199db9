// Replaces `node:timers/promises` in a world: waits by the world's clock.

import { pause } from './runtime.ts';

export async function setTimeout<Value>(ms = 1, value?: Value): Promise<Value | undefined> {
  await pause(ms);
  return value;
}
