// The messages of a device of the world: those of the chaos harness, bursts of one steady value without id and time, and hostile ones.

import { createPayloads, type Message as ChaosMessage, type Sender } from '../bench/chaos/payloads.ts';
import { createRandom, type Random } from '../bench/chaos/random.ts';
import { HOSTILE } from './hostile-payloads.ts';

export type Message = Omit<ChaosMessage, 'payload' | 'key'> & {
  readonly payload: string | Buffer;
  /** Undefined for a message without anything to find it by. */
  readonly key: string | undefined;
};

export interface Messages {
  /** One or more, to be sent at once. @param now epoch milliseconds */
  next(now: number): readonly Message[];
  /** The last one: newer than all others. */
  last(now: number): Message;
  /** Sent messages by kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const STEADY_SHARE = 0.06;
const MOST_STEADY = 4;
const HOSTILE_SHARE = 0.08;

export function createMessages(sender: Sender, seed: number): Messages {
  const kinds: Record<string, number> = {};
  const counted = <Kind>(kind: Kind): Kind => {
    kinds[String(kind)] = (kinds[String(kind)] ?? 0) + 1;
    return kind;
  };
  const chaos = createRandom(seed, sender.name);
  const counting: Random = { ...chaos, weighted: (items) => counted(chaos.weighted(items)) };
  const payloads = createPayloads(sender, counting);
  const random = createRandom(seed, `steady ${sender.name}`);
  const topic = `telemetry/${sender.site}/${sender.name}`;
  let count = 0;
  const nextKey = () => `m:${sender.name}:${1_000_000 + (count += 1)}`;
  /** Equal but for the note, which is not a metric: each is a reading of its own. */
  const steady = (): Message => {
    const key = nextKey();
    return { topic, payload: JSON.stringify({ temperature: 4.5, note: key }), key };
  };
  function hostile(): Message {
    const kind = counted(random.pick(Object.keys(HOSTILE)));
    const key = nextKey();
    return { topic, payload: HOSTILE[kind]!(key, random), key: kind === 'empty' ? undefined : key };
  }
  return {
    kinds,
    next(now) {
      if (random.chance(STEADY_SHARE)) return Array.from({ length: random.whole(2, MOST_STEADY) }, steady);
      return [random.chance(HOSTILE_SHARE) ? hostile() : payloads.next(now)];
    },
    last: (now) => payloads.last(now),
  };
}
