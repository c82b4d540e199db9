// Topic filters of rules, and the index that finds the rules of a topic without trying each of them.

export interface TopicFilter {
  readonly text: string;
  readonly levels: readonly string[];
}

const MAX_BYTES = 256;
const MAX_LEVELS = 8;

/** @returns the problem as text, if `text` is not a filter that a rule can have */
export function parseTopicFilter(text: string): TopicFilter | string {
  const levels = text.split('/');
  const quoted = JSON.stringify(text);
  if (text === '') return 'the topic filter is empty';
  if (Buffer.byteLength(text) > MAX_BYTES) return `the topic filter is longer than ${MAX_BYTES} bytes`;
  if (levels.length > MAX_LEVELS) return `the topic filter ${quoted} has more than ${MAX_LEVELS} levels`;
  if (levels.some((level) => level.includes('+') && level !== '+')) {
    return `in the topic filter ${quoted}, + must be a whole level`;
  }
  if (levels.some((level, index) => level.includes('#') && (level !== '#' || index < levels.length - 1))) {
    return `in the topic filter ${quoted}, # must be the last level`;
  }
  if (text.startsWith('$aws/rules/'))
    return 'a rule cannot listen to the topics of Basic Ingest; leave FROM out';
  return { text, levels };
}

/** Why `filter` does not match the topic with these levels; undefined if it does. */
export function mismatch({ levels: filter }: TopicFilter, levels: readonly string[]): string | undefined {
  if (levels[0]!.startsWith('$') && (filter[0] === '+' || filter[0] === '#')) {
    return 'a wildcard does not stand for a first level that begins with $';
  }
  for (const [index, wanted] of filter.entries()) {
    const level = levels[index];
    if (level === undefined) return `the topic has ${levels.length} levels, the filter ${filter.length}`;
    if (wanted === '#') return undefined;
    if (wanted !== '+' && wanted !== level) {
      return `level ${index + 1} is ${JSON.stringify(level)}, not ${JSON.stringify(wanted)}`;
    }
  }
  if (levels.length === filter.length) return undefined;
  return `the topic has ${levels.length} levels, the filter ${filter.length}`;
}

interface Level<Item> {
  readonly children: Map<string, Level<Item>>;
  readonly here: Item[];
  /** Those whose filter ends in `#` below this level. */
  readonly below: Item[];
}

export interface TopicIndex<Item> {
  add(filter: TopicFilter, item: Item): void;
  /** In no particular order. */
  match(levels: readonly string[]): Item[];
}

const createLevel = <Item>(): Level<Item> => ({ children: new Map(), here: [], below: [] });

/** `a/#` does not match `a` (unlike MQTT), and wildcards do not match a first level that begins with `$`. */
export function createTopicIndex<Item>(): TopicIndex<Item> {
  const root = createLevel<Item>();

  function collect(level: Level<Item>, levels: readonly string[], at: number, found: Item[]): void {
    if (at === levels.length) {
      found.push(...level.here);
      return;
    }
    const name = levels[at]!;
    const wild = at > 0 || !name.startsWith('$');
    if (wild) found.push(...level.below);
    const exact = name === '+' ? undefined : level.children.get(name);
    if (exact) collect(exact, levels, at + 1, found);
    const any = wild ? level.children.get('+') : undefined;
    if (any) collect(any, levels, at + 1, found);
  }
  return {
    add({ levels }, item) {
      const last = levels.at(-1);
      const path = last === '#' ? levels.slice(0, -1) : levels;
      let level = root;
      for (const name of path) {
        const next = level.children.get(name) ?? createLevel<Item>();
        level.children.set(name, next);
        level = next;
      }
      (last === '#' ? level.below : level.here).push(item);
    },
    match(levels) {
      const found: Item[] = [];
      collect(root, levels, 0, found);
      return found;
    },
  };
}
