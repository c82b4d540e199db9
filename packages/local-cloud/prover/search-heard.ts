// The shortest pair of a topic filter and a topic by which something is heard that must not be.

import type { Machine } from './question.ts';
import { breadthFirst, type SearchResult } from './search.ts';

/** Where the reading of a pair is: before a level, in one, in one that `+` matches, or behind `#`. */
type Place = 'first' | 'group' | 'start' | 'level' | 'plusFirst' | 'plus' | 'rest' | 'restFirst';

interface PairState {
  readonly place: Place;
  readonly filter: readonly number[];
  readonly topic: readonly (readonly number[])[];
}

type Move = readonly [state: PairState, filter: string, topic: string];

const readFilter = (filter: Machine, { filter: states }: PairState, text: string): readonly number[] =>
  Array.from(text).reduce<readonly number[]>((at, char) => filter.step(at, char), states);

/** What can be read next, by place: of both texts, or of one of them. */
function movesOf(
  filter: Machine,
  topics: readonly Machine[],
  plain: readonly string[],
): Readonly<Record<Place, (state: PairState) => Iterable<Move>>> {
  const read = (state: PairState, text: string) => readFilter(filter, state, text);
  const stepTopics = ({ topic }: PairState, char: string) =>
    topic.map((states, n) => topics[n]!.step(states, char));

  function* both(state: PairState) {
    for (const char of plain) {
      const place = char === '/' ? 'start' : 'level';
      const after: PairState = { place, filter: read(state, char), topic: stepTopics(state, char) };
      yield [after, char, char] as const;
    }
  }
  /** The topic alone goes on, in what a wildcard matches. */
  function* topicAlone(state: PairState, place: Place, isLeft: (char: string) => boolean) {
    for (const char of plain) {
      if (!isLeft(char)) yield [{ ...state, place, topic: stepTopics(state, char) }, '', char] as const;
    }
  }
  function* wildcards(state: PairState, isFirst: boolean) {
    yield [{ ...state, place: isFirst ? 'plusFirst' : 'plus', filter: read(state, '+') }, '+', ''] as const;
    yield [{ ...state, place: isFirst ? 'restFirst' : 'rest', filter: read(state, '#') }, '#', ''] as const;
  }
  function* afterPlus(state: PairState) {
    const after: PairState = { place: 'start', filter: read(state, '/'), topic: stepTopics(state, '/') };
    yield [after, '/', '/'] as const;
  }
  function* group(state: PairState) {
    for (const char of plain) {
      if (char === '/') yield [{ ...state, place: 'first', filter: read(state, char) }, char, ''] as const;
      else yield [{ ...state, filter: read(state, char) }, char, ''] as const;
    }
  }

  return {
    *first(state) {
      yield* both(state);
      yield* wildcards(state, true);
    },
    group,
    *start(state) {
      yield* both(state);
      yield* wildcards(state, false);
    },
    level: both,
    *plusFirst(state) {
      yield* topicAlone(state, 'plus', (char) => char === '/' || char === '$');
      yield* afterPlus(state);
    },
    *plus(state) {
      yield* topicAlone(state, 'plus', (char) => char === '/');
      yield* afterPlus(state);
    },
    rest: (state) => topicAlone(state, 'rest', () => false),
    restFirst: (state) => topicAlone(state, 'rest', (char) => char === '$'),
  };
}

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
  const moves = movesOf(filter, topics, plain);
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
      for (const move of moves[state.place](state)) if (isAlive(move[0])) yield move;
      if (state !== start) return;
      const shared = { ...start, place: 'group' as const, filter: readFilter(filter, start, '$share/') };
      for (const move of moves.group(shared))
        if (move[1] !== '/' && isAlive(move[0])) yield [move[0], `$share/${move[1]}`, ''];
    },
    end(state) {
      const { place, filter: states, topic } = state;
      if (['first', 'group', 'plusFirst', 'restFirst'].includes(place)) return undefined;
      if (!topics.every((machine, n) => machine.accepts(topic[n]!))) return undefined;
      if (filter.accepts(states)) return ['', ''];
      // `a/#` matches `a` as well [MQTT-4.7.1-2].
      return place !== 'rest' && filter.accepts(readFilter(filter, state, '/#')) ? ['/#', ''] : undefined;
    },
  });
}
