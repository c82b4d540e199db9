// Finds the subscribers of a topic in time that depends on the topic's levels, not on how many subscribe.

import { type Filter } from './topics.ts';

/** The options of one subscription. */
export interface SubscriptionOptions {
  readonly qos: 0 | 1;
  /** MQTT 5: not the subscriber's own messages. */
  readonly noLocal: boolean;
  /** MQTT 5: keep the retain flag on what is forwarded. */
  readonly retainAsPublished: boolean;
}

export interface Match<S> {
  readonly subscriber: S;
  readonly options: SubscriptionOptions;
  /** The filter, `$share/...`, where the message goes to one of a group. */
  readonly shared?: string;
}

/** Of a group's member: `behind` while messages wait for it, `away` where none more may. */
export type Readiness = 'ready' | 'behind' | 'away';

export interface SubscriptionIndex<S> {
  set(filter: Filter, subscriber: S, options: SubscriptionOptions): void;
  delete(filter: Filter, subscriber: S): void;
  /**
   * Everyone who gets a message on `topic`, once each, with the highest QoS of the filters that match; of each shared
   * group one member, in turn: of those that are ready, else of those that are behind, else of those with QoS 1.
   */
  match(topic: string, readinessOf: (subscriber: S) => Readiness): Match<S>[];
  /** Who subscribes with a shared filter, in the order of joining. */
  members(filter: Filter): ReadonlyMap<S, SubscriptionOptions>;
}

interface Group<S> {
  readonly filter: string;
  readonly members: Map<S, SubscriptionOptions>;
  turn: number;
}

interface Node<S> {
  readonly children: Map<string, Node<S>>;
  readonly subscribers: Map<S, SubscriptionOptions>;
  readonly groups: Map<string, Group<S>>;
}

function createNode<S>(): Node<S> {
  return { children: new Map(), subscribers: new Map(), groups: new Map() };
}

function isEmpty(node: Node<unknown>): boolean {
  return node.children.size === 0 && node.subscribers.size === 0 && node.groups.size === 0;
}

/** Nodes whose filter matches; `#` stands for one level or more here, so `sensor/#` does not match `sensor`. */
function collect<S>(node: Node<S>, levels: readonly string[], at: number, found: Node<S>[]): void {
  if (at === levels.length) {
    found.push(node);
    return;
  }
  const exact = node.children.get(levels[at]!);
  if (exact) collect(exact, levels, at + 1, found);
  if (at === 0 && levels[0]!.startsWith('$')) return; // [MQTT-4.7.2-1]
  const one = node.children.get('+');
  if (one) collect(one, levels, at + 1, found);
  const rest = node.children.get('#');
  if (rest) found.push(rest);
}

function pick<S>(
  group: Group<S>,
  readinessOf: (subscriber: S) => Readiness,
): [S, SubscriptionOptions] | undefined {
  const members = [...group.members];
  const those = (wanted: Readiness) => members.filter(([member]) => readinessOf(member) === wanted);
  let from = those('ready');
  if (from.length === 0) from = those('behind');
  if (from.length === 0) from = members.filter(([, { qos }]) => qos > 0);
  group.turn = (group.turn + 1) % Math.max(1, from.length);
  return from[group.turn];
}

/** The node of a filter, made with those above it where it is not there yet. */
function makeNode<S>(root: Node<S>, levels: readonly string[]): Node<S> {
  let node = root;
  for (const level of levels) {
    let next = node.children.get(level);
    if (!next) node.children.set(level, (next = createNode()));
    node = next;
  }
  return node;
}

/** The nodes from the root to that of a filter, as far as they are there. */
function pathTo<S>(root: Node<S>, levels: readonly string[]): Node<S>[] {
  const nodes = [root];
  for (const level of levels) {
    const next = nodes.at(-1)!.children.get(level);
    if (!next) break;
    nodes.push(next);
  }
  return nodes;
}

/** The group of a shared filter, made where it is not there yet. */
function makeGroup<S>(node: Node<S>, name: string, levels: readonly string[]): Group<S> {
  let group = node.groups.get(name);
  if (!group) {
    group = { filter: `$share/${name}/${levels.join('/')}`, members: new Map(), turn: -1 };
    node.groups.set(name, group);
  }
  return group;
}

function leaveGroup<S>(node: Node<S>, name: string, subscriber: S): void {
  const group = node.groups.get(name);
  group?.members.delete(subscriber);
  if (group?.members.size === 0) node.groups.delete(name);
}

/** Removes from the end of a path what has no subscribers left. */
function prune(path: readonly Node<unknown>[], levels: readonly string[]): void {
  for (let depth = levels.length; depth > 0 && isEmpty(path[depth]!); depth -= 1)
    path[depth - 1]!.children.delete(levels[depth - 1]!);
}

/** Subscribers of the nodes, once each, with the highest QoS of the filters that match. */
function subscribersOf<S>(nodes: readonly Node<S>[]): Match<S>[] {
  const best = new Map<S, SubscriptionOptions>();
  for (const node of nodes) {
    for (const [subscriber, options] of node.subscribers) {
      const other = best.get(subscriber);
      if (!other || other.qos < options.qos) best.set(subscriber, options);
    }
  }
  return [...best].map(([subscriber, options]) => ({ subscriber, options }));
}

export function createSubscriptionIndex<S>(): SubscriptionIndex<S> {
  const root = createNode<S>();
  return {
    set({ levels, group }, subscriber, options) {
      const node = makeNode(root, levels);
      const members = group === undefined ? node.subscribers : makeGroup(node, group, levels).members;
      members.set(subscriber, options);
    },
    delete({ levels, group }, subscriber) {
      const path = pathTo(root, levels);
      const node = path[levels.length];
      if (!node) return;
      if (group === undefined) node.subscribers.delete(subscriber);
      else leaveGroup(node, group, subscriber);
      prune(path, levels);
    },
    match(topic, readinessOf) {
      const nodes: Node<S>[] = [];
      collect(root, topic.split('/'), 0, nodes);
      if (nodes.length === 0) return [];
      const matches = subscribersOf(nodes);
      for (const node of nodes) {
        for (const group of node.groups.values()) {
          const chosen = pick(group, readinessOf);
          if (chosen) matches.push({ subscriber: chosen[0], options: chosen[1], shared: group.filter });
        }
      }
      return matches;
    },
    members({ levels, group }) {
      const node = pathTo(root, levels)[levels.length];
      return node?.groups.get(group!)?.members ?? new Map<S, SubscriptionOptions>();
    },
  };
}
