// The messages of a device of the world: those of the chaos harness, and bursts of one steady value without id and time.

import { createPayloads, type Message, type Sender } from '../bench/chaos/payloads.ts';
import { createRandom } from '../bench/chaos/random.ts';

export interface Messages {
  /** One or more, to be sent at once. @param now epoch milliseconds */
  next(now: number): readonly Message[];
  /** The last one: newer than all others. */
  last(now: number): Message;
}

const STEADY_SHARE = 0.06;
const MOST_STEADY = 4;

export function createMessages(sender: Sender, seed: number): Messages {
  const payloads = createPayloads(sender, createRandom(seed, sender.name));
  const random = createRandom(seed, `steady ${sender.name}`);
  let count = 0;
  /** Equal but for the note, which is not a metric: each is a reading of its own. */
  const steady = (): Message => {
    const key = `m:${sender.name}:steady-${(count += 1)}`;
    const payload = JSON.stringify({ temperature: 4.5, note: key });
    return { topic: `telemetry/${sender.site}/${sender.name}`, payload, key };
  };
  return {
    next: (now) =>
      random.chance(STEADY_SHARE)
        ? Array.from({ length: random.whole(2, MOST_STEADY) }, steady)
        : [payloads.next(now)],
    last: (now) => payloads.last(now),
  };
}
