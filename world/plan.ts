// Plans the faults of a world from its seed, as data: a list from which any part can be left out, to find the part that matters.

import { createRandom, type Random } from '../bench/chaos/random.ts';

export type Fault = { readonly at: number } & (
  | { readonly kind: 'kill' | 'power-cut'; readonly turns: number; readonly downMs: number }
  | { readonly kind: 'crash-environment'; readonly turns: number; readonly pick: number }
  | { readonly kind: 'freeze'; readonly turns: number; readonly forMs: number }
  | {
      readonly kind: 'freeze-environment';
      readonly turns: number;
      readonly pick: number;
      readonly forMs: number;
      /** In the call after the next one that counts a mail in its minute; else at some moment. */
      readonly isSending?: true;
    }
  | { readonly kind: 'full-disk'; readonly forMs: number }
  | { readonly kind: 'sns-outage' | 'throttle'; readonly forMs: number }
  | { readonly kind: 'lost-answers'; readonly forMs: number; readonly share: number }
  | { readonly kind: 'clock-step'; readonly ms: number }
  | { readonly kind: 'cut' | 'half-open' | 'twin'; readonly pick: number }
  | { readonly kind: 'storm'; readonly messages: number }
  | { readonly kind: 'revoke'; readonly pick: number; readonly forMs: number }
  | { readonly kind: 'restart' }
);
export type FaultKind = Fault['kind'];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** An event that comes so long before the turn of a minute is handled across it. */
const MOST_BEFORE_MS = 400;
/** The clock is never more than this ahead or behind, so that no reading in time is rejected for its age. */
const MOST_STEP_MS = 25 * SECOND;

/** Readings that come at the turn of a minute, when the sweep runs and the rate limit begins again. */
const nearMinute = (at: number, random: Random) =>
  Math.max(1, Math.ceil(at / MINUTE)) * MINUTE - random.whole(0, MOST_BEFORE_MS);

type Make = (at: number, random: Random) => Fault;

const MAKE: Readonly<Record<FaultKind, Make>> = {
  kill: (at, random) => ({
    ...{ kind: 'kill', at, turns: random.whole(0, 400), downMs: random.whole(1, 20) * SECOND },
  }),
  'power-cut': (at, random) => ({
    ...{ kind: 'power-cut', at, turns: random.whole(0, 400), downMs: random.whole(1, 20) * SECOND },
  }),
  'crash-environment': (at, random) => ({
    ...{ kind: 'crash-environment', at, turns: random.whole(0, 300), pick: random.whole(0, 99) },
  }),
  freeze: (at, random) => ({
    ...{ kind: 'freeze', at, turns: random.whole(0, 300), forMs: random.whole(1, 60) * SECOND },
  }),
  'freeze-environment': (at, random) => ({
    ...{ kind: 'freeze-environment', at, turns: random.whole(0, 300), pick: random.whole(0, 99) },
    forMs: random.whole(1, 200) * SECOND,
    ...(random.chance(0.5) && { isSending: true }),
  }),
  'full-disk': (at, random) => ({ kind: 'full-disk', at, forMs: random.whole(1, 30) * SECOND }),
  'sns-outage': (at, random) => ({ kind: 'sns-outage', at, forMs: random.whole(10, 240) * SECOND }),
  throttle: (at, random) => ({ kind: 'throttle', at, forMs: random.whole(1, 30) * SECOND }),
  'lost-answers': (at, random) => ({
    ...{ kind: 'lost-answers', at, forMs: random.whole(5, 60) * SECOND, share: random.whole(5, 40) / 100 },
  }),
  'clock-step': (at, random) => ({ kind: 'clock-step', at, ms: random.whole(-MOST_STEP_MS, MOST_STEP_MS) }),
  cut: (at, random) => ({ kind: 'cut', at, pick: random.whole(0, 99) }),
  'half-open': (at, random) => ({ kind: 'half-open', at, pick: random.whole(0, 99) }),
  twin: (at, random) => ({ kind: 'twin', at, pick: random.whole(0, 99) }),
  storm: (at, random) => ({
    ...{ kind: 'storm', messages: random.whole(2, 12) },
    at: random.chance(0.5) ? nearMinute(at, random) : at,
  }),
  revoke: (at, random) => ({
    ...{ kind: 'revoke', at, pick: random.whole(0, 99), forMs: random.whole(5, 120) * SECOND },
  }),
  restart: (at) => ({ kind: 'restart', at }),
};

export const FAULT_KINDS = Object.keys(MAKE) as readonly FaultKind[];

/** During these, a notification may be sent again with the same alert id. */
export const DISTURBING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'kill',
  'power-cut',
  'crash-environment',
  'freeze',
  'freeze-environment',
  'full-disk',
  'lost-answers',
  'throttle',
  'sns-outage',
  'restart',
]);

/** @param ms length of the world. @returns faults in the order of their times, in milliseconds since its beginning */
export function planFaults(seed: number, ms: number, count: number): readonly Fault[] {
  const random = createRandom(seed, 'faults');
  const faults = Array.from({ length: count }, () => {
    const kind = random.pick(FAULT_KINDS);
    return MAKE[kind](random.whole(0, ms), random);
  });
  return faults.sort((a, b) => a.at - b.at);
}

/** One line, as the report shows it. */
export function faultText({ kind, at, ...rest }: Fault): string {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return `${(at / SECOND).toFixed(1).padStart(10)} s  ${kind}${details.length > 0 ? `: ${details.join(', ')}` : ''}`;
}
