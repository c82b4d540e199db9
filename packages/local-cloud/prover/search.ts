// Finds the shortest text that reaches a forbidden state, breadth first.

import type { Machine } from './question.ts';

interface Node<S> {
  readonly state: S;
  readonly from: Node<S> | undefined;
  /** What was read: of the filter, of the topic. */
  readonly read: readonly [filter: string, topic: string];
}

export interface Found {
  readonly filter: string;
  readonly topic: string;
}

/** Undefined where nothing is accepted: then `states` are all that can be reached. */
export interface SearchResult {
  readonly found: Found | undefined;
  readonly states: number;
}

function textsOf<S>(node: Node<S>): Found {
  const filter: string[] = [];
  const topic: string[] = [];
  for (let at: Node<S> | undefined = node; at; at = at.from) {
    filter.unshift(at.read[0]);
    topic.unshift(at.read[1]);
  }
  return { filter: filter.join(''), topic: topic.join('') };
}

export interface Space<S> {
  readonly start: S;
  readonly keyOf: (state: S) => string;
  readonly next: (state: S) => Iterable<readonly [state: S, filter: string, topic: string]>;
  /** What is read at the end, if the text may end here. */
  readonly end: (state: S) => readonly [filter: string, topic: string] | undefined;
}

export function breadthFirst<S>({ start, keyOf, next, end }: Space<S>): SearchResult {
  const seen = new Set([keyOf(start)]);
  let border: Node<S>[] = [{ state: start, from: undefined, read: ['', ''] }];
  while (border.length > 0) {
    const following: Node<S>[] = [];
    for (const node of border) {
      const ending = end(node.state);
      if (ending) {
        const found = textsOf({ state: node.state, from: node, read: ending });
        return { found, states: seen.size };
      }
      for (const [state, ...read] of next(node.state)) {
        const key = keyOf(state);
        if (seen.has(key)) continue;
        seen.add(key);
        following.push({ state, from: node, read });
      }
    }
    border = following;
  }
  return { found: undefined, states: seen.size };
}

/** A text of one character or more that all machines accept. */
export function searchText(machines: readonly Machine[], letters: readonly string[]): SearchResult {
  interface State {
    readonly of: readonly (readonly number[])[];
    readonly isEmpty: boolean;
  }
  return breadthFirst<State>({
    start: { of: machines.map(({ starts }) => starts), isEmpty: true },
    keyOf: ({ of, isEmpty }) => `${isEmpty}|${of.join('|')}`,
    *next({ of }) {
      for (const char of letters) {
        const after = of.map((states, n) => machines[n]!.step(states, char));
        if (machines.every((machine, n) => machine.isAlive(after[n]!)))
          yield [{ of: after, isEmpty: false }, '', char];
      }
    },
    end: ({ of, isEmpty }) =>
      !isEmpty && machines.every((machine, n) => machine.accepts(of[n]!)) ? ['', ''] : undefined,
  });
}
