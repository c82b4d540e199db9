// Generates the devices' messages: valid readings in all forms and invalid ones, each message with a key to find it by.

import { badValues, badWhole, jsonWithDigits, refusedReading } from './bad-payloads.ts';
import type { Random } from './random.ts';

export interface Message {
  readonly topic: string;
  readonly payload: string;
  /** Identifies the message in the archive: its `note`, or for a bare value its topic and text. */
  readonly key: string;
}

export interface Payloads {
  /** @param now epoch milliseconds */
  next(now: number): Message;
  /** The device's last message: one closed and one open window that are newer than all others, hot or not. */
  last(now: number): Message;
}

const SECOND = 1000;
const WINDOW = 10 * SECOND;
const HOUR = 3600 * SECOND;
/** Later than the time of any other message of the run, including moved clocks, and within the accepted clock skew. */
const LAST_AHEAD = 50 * SECOND;
/** The largest number of readings in a message; a larger one is rejected whole. */
const MAX_READINGS = 1000;

export type Reading = Record<string, unknown>;

export interface Sender {
  readonly name: string;
  readonly site: string;
  /** The devices behind a gateway; empty for a plain device. */
  readonly children: readonly string[];
  /** Whether its last window is above the limit. */
  readonly endsHot: boolean;
}

/** How likely each kind is. */
const WEIGHTS: readonly (readonly [number, string])[] = [
  [30, 'single'],
  [12, 'untimed'],
  [8, 'reusedIds'],
  [8, 'resend'],
  [8, 'pack'],
  [0.6, 'longPack'],
  [1.5, 'hotWindow'],
  [3, 'backlog'],
  [4, 'late'],
  [8, 'badValues'],
  [5, 'refusedReadings'],
  [3, 'badWhole'],
  [3, 'bare'],
  [3, 'array'],
];
const CHILD_WEIGHT = [25, 'child'] as const;

function createTemperatures(random: Random) {
  let isHot = false;
  const calm = () => random.whole(100, 699) / 100;
  const hot = () => random.whole(900, 2500) / 100;
  return {
    calm,
    hot,
    usual: () => (isHot ? hot() : calm()),
    /** Sometimes begins or ends a time in which the usual temperature is hot. */
    toggle: () => {
      if (random.chance(isHot ? 0.1 : 0.02)) isHot = !isHot;
    },
  };
}

/** The parts of which messages are made: values, readings and what surrounds them. */
function createParts({ name, site }: Sender, random: Random) {
  const base = `telemetry/${site}/${name}`;
  const temperatures = createTemperatures(random);
  let count = 0;
  const nextCount = () => (count += 1);
  const lastCount = () => count;
  const idOf = () => `${name}-${(count += 1)}`;

  function asTime(ms: number): unknown {
    const forms = [ms, ms, ms, new Date(ms).toISOString(), String(ms), ms / 1000];
    return random.pick(forms);
  }

  function reading(at: number, temperature = temperatures.usual()): Reading {
    return { id: idOf(), timestamp: asTime(at), temperature, humidity: random.whole(20, 90) };
  }

  function message(payload: Reading, topic = base): Message {
    const key = `m:${name}:${(count += 1)}`;
    return { topic, payload: jsonWithDigits({ ...payload, note: key }), key };
  }

  function array(readings: readonly Reading[]): Message {
    const key = `m:${name}:${(count += 1)}`;
    const [first, ...rest] = readings;
    return { topic: base, payload: JSON.stringify([{ ...first, note: key }, ...rest]), key };
  }

  const many = <Item>(length: number, make: (index: number) => Item) =>
    Array.from({ length }, (_, index) => make(index));
  const pack = (readings: readonly unknown[]) => message({ readings });
  const recently = (now: number) => now - random.whole(0, 30_000);

  return {
    ...temperatures,
    ...{ base, nextCount, lastCount, idOf, reading, message, array, many, pack, recently },
  };
}

type Kinds = Readonly<Record<string, (now: number) => Message>>;

type Parts = ReturnType<typeof createParts>;

/** Messages as a device sends them. */
function usualKinds(
  { children, name }: Sender,
  random: Random,
  { base, nextCount, reading, message, array, many, pack, recently }: Parts,
): Kinds {
  return {
    single: (now) => message(reading(recently(now))),
    pack: (now) => pack(many(random.whole(2, 40), () => reading(recently(now)))),
    bare() {
      const payload = `${random.whole(1, 7)}.${String(1_000_000 + nextCount())}`;
      return { topic: `${base}/power`, payload, key: `bare:${name}:power:${payload}` };
    },
    array: (now) => array(many(random.whole(1, 8), () => reading(recently(now)))),
    child: (now) => message(reading(recently(now)), `${base}/${random.pick(children)}`),
  };
}

/** Messages without a time of their own, with the ID of another reading, or sent before. */
function ambiguousKinds(
  { name }: Sender,
  random: Random,
  { lastCount, calm, hot, usual, idOf, reading, message, many, pack, recently }: Parts,
  sentBefore: readonly Message[],
): Kinds {
  return {
    untimed: () =>
      message({
        ...(random.chance(0.6) && { id: random.pick([idOf(), name, lastCount()]) }),
        temperature: usual(),
      }),
    /** One ID for all readings of a moment, as from devices that send their name as ID. */
    reusedIds(now) {
      const at = recently(now);
      const values = many(random.whole(2, 6), () => ({
        id: name,
        timestamp: at,
        temperature: random.chance(0.2) ? hot() : calm(),
      }));
      return random.chance(0.5) ? pack(values) : message(values[0]!);
    },
    resend: (now) => (sentBefore.length > 0 ? random.pick(sentBefore) : message(reading(recently(now)))),
  };
}

/** Messages that are late, many, or wrong. */
function unusualKinds({ name }: Sender, random: Random, parts: Parts): Kinds {
  const { base, nextCount, calm, hot, reading, message, many, pack, recently } = parts;
  return {
    longPack(now) {
      const length = random.whole(300, MAX_READINGS);
      const span = random.pick([1, 3, 30]) * WINDOW;
      return pack(many(length, (index) => ({ ...reading(now - span + index), humidity: index % 50 })));
    },
    hotWindow(now) {
      const start = Math.floor(now / WINDOW) * WINDOW - WINDOW;
      return pack(many(random.whole(60, 250), () => reading(start + random.whole(0, WINDOW - 1))));
    },
    /** Many windows in one event, alternately above the limit and far below it. */
    backlog(now) {
      const windows = random.whole(20, 50);
      return pack(
        many(windows, (index) => reading(now - (windows - index) * WINDOW, index % 2 === 0 ? hot() : calm())),
      );
    },
    late: (now) => message(reading(now - random.whole(1, 150) * HOUR)),
    badValues: (now) => message({ ...reading(recently(now)), ...badValues(random) }),
    refusedReadings: (now) =>
      pack(
        many(random.whole(2, 12), () =>
          random.chance(0.5) ? refusedReading(random, now) : reading(recently(now)),
        ),
      ),
    badWhole() {
      const key = `m:${name}:${nextCount()}`;
      return { topic: base, payload: badWhole(random, key, MAX_READINGS), key };
    },
  };
}

export function createPayloads(sender: Sender, random: Random): Payloads {
  const parts = createParts(sender, random);
  const { idOf, pack, toggle } = parts;
  const sentBefore: Message[] = [];
  const kinds: Kinds = {
    ...usualKinds(sender, random, parts),
    ...ambiguousKinds(sender, random, parts, sentBefore),
    ...unusualKinds(sender, random, parts),
  };
  const weights = [...WEIGHTS, ...(sender.children.length > 0 ? [CHILD_WEIGHT] : [])];

  return {
    next(now) {
      toggle();
      const kind = random.weighted(weights);
      const made = kinds[kind]!(now);
      if (kind === 'single' || kind === 'pack') sentBefore.push(made);
      if (sentBefore.length > 20) sentBefore.shift();
      return made;
    },
    last(now) {
      const value = sender.endsHot ? 20 : 3;
      const at = now + LAST_AHEAD;
      return pack([
        { id: idOf(), timestamp: at - WINDOW, temperature: value },
        { id: idOf(), timestamp: at, temperature: value },
      ]);
    },
  };
}
