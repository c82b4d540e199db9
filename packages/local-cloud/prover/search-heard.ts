// Finds the shortest pair of a topic filter and a topic by which a device receives what it must not.

import type { Machine } from './question.ts';
import { breadthFirst, type SearchResult } from './search.ts';

/** Where the reading of a pair is: before a level, in one, in one that `+` matches, or after `#`. */
type Place = 'first' | 'group' | 'start' | 'level' | 'plusFirst' | 'plus' | 'rest' | 'restFirst';

interface PairState {
  readonly place: Place;
  readonly filter: readonly number[];
  readonly topic: readonly (readonly number[])[];
}

type Move = readonly [state: PairState, filter: string, topic: string];

/** The machines of the filter and of the topics, and the letters that both may have. */
interface Pair {
  readonly filter: Machine;
  readonly topics: readonly Machine[];
  readonly plain: readonly string[];
}

const readFilter = ({ filter }: Pair, { filter: states }: PairState, text: string): readonly number[] =>
  Array.from(text).reduce<readonly number[]>((at, char) => filter.step(at, char), states);

const stepTopics = ({ topics }: Pair, { topic }: PairState, char: string) =>
  topic.map((states, n) => topics[n]!.step(states, char));

type Moves = Iterable<Move>;

function* both(pair: Pair, state: PairState): Moves {
  for (const char of pair.plain) {
    const place = char === '/' ? 'start' : 'level';
    const filter = readFilter(pair, state, char);
    yield [{ place, filter, topic: stepTopics(pair, state, char) }, char, char];
  }
}

/** The topic alone continues, in what a wildcard matches. */
function* topicAlone(
  pair: Pair,
  state: PairState,
  place: Place,
  isOutside: (char: string) => boolean,
): Moves {
  for (const char of pair.plain)
    if (!isOutside(char)) yield [{ ...state, place, topic: stepTopics(pair, state, char) }, '', char];
}

function* wildcards(pair: Pair, state: PairState, isFirst: boolean): Moves {
  const read = (text: string) => readFilter(pair, state, text);
  yield [{ ...state, place: isFirst ? 'plusFirst' : 'plus', filter: read('+') }, '+', ''];
  yield [{ ...state, place: isFirst ? 'restFirst' : 'rest', filter: read('#') }, '#', ''];
}

function* afterPlus(pair: Pair, state: PairState): Moves {
  const filter = readFilter(pair, state, '/');
  yield [{ place: 'start', filter, topic: stepTopics(pair, state, '/') }, '/', '/'];
}

function* group(pair: Pair, state: PairState): Moves {
  for (const char of pair.plain) {
    const filter = readFilter(pair, state, char);
    yield [{ ...state, place: char === '/' ? 'first' : state.place, filter }, char, ''];
  }
}

/** What can be read next, by place: of both texts, or of one of them. */
const MOVES: Readonly<Record<Place, (pair: Pair, state: PairState) => Moves>> = {
  *first(pair, state) {
    yield* both(pair, state);
    yield* wildcards(pair, state, true);
  },
  group,
  *start(pair, state) {
    yield* both(pair, state);
    yield* wildcards(pair, state, false);
  },
  level: both,
  *plusFirst(pair, state) {
    yield* topicAlone(pair, state, 'plus', (char) => char === '/' || char === '$');
    yield* afterPlus(pair, state);
  },
  *plus(pair, state) {
    yield* topicAlone(pair, state, 'plus', (char) => char === '/');
    yield* afterPlus(pair, state);
  },
  rest: (pair, state) => topicAlone(pair, state, 'rest', () => false),
  restFirst: (pair, state) => topicAlone(pair, state, 'rest', (char) => char === '$'),
};

/**
 * A topic filter that `filter` accepts with a topic that it matches and `topics` accept. Shared subscriptions count, and a
 * wildcard at the beginning does not match topics that begin with $ [MQTT-4.7.2-1].
 *
 * @param letters of both; wildcards are added for the filter alone
 */
export function searchHeard(
  filter: Machine,
  topics: readonly Machine[],
  letters: readonly string[],
): SearchResult {
  const plain = letters.filter((char) => char !== '+' && char !== '#');
  const pair: Pair = { filter, topics, plain };
  const isAlive = ({ filter: states, topic }: PairState) =>
    filter.isAlive(states) && topics.every((machine, n) => machine.isAlive(topic[n]!));

  const start: PairState = {
    place: 'first',
    filter: filter.starts,
    topic: topics.map(({ starts }) => starts),
  };
  return breadthFirst<PairState>({
    start,
    keyOf: ({ place, filter: states, topic }) => `${place}|${states.join()}|${topic.join('|')}`,
    *next(state) {
      for (const move of MOVES[state.place](pair, state)) if (isAlive(move[0])) yield move;
      if (state !== start) return;
      const shared = { ...start, place: 'group' as const, filter: readFilter(pair, start, '$share/') };
      for (const move of MOVES.group(pair, shared))
        if (move[1] !== '/' && isAlive(move[0])) yield [move[0], `$share/${move[1]}`, ''];
    },
    end(state) {
      const { place, filter: states, topic } = state;
      if (['first', 'group', 'plusFirst', 'restFirst'].includes(place)) return undefined;
      if (!topics.every((machine, n) => machine.accepts(topic[n]!))) return undefined;
      if (filter.accepts(states)) return ['', ''];
      // `a/#` matches `a` as well [MQTT-4.7.1-2].
      return place !== 'rest' && filter.accepts(readFilter(pair, state, '/#')) ? ['/#', ''] : undefined;
    },
  });
}
