// Parses each DynamoDB expression once: from request to request only its values change, and dynalite's parsers, which take
// half the time of a write, look at no more of them than their types.

interface Context {
  readonly attrNames?: Readonly<Record<string, string>>;
  readonly attrVals?: Readonly<Record<string, object>>;
  /** Names and values that no expression of the request has used so far. */
  readonly unusedAttrNames?: Record<string, true>;
  readonly unusedAttrVals?: Record<string, true>;
  readonly isKeyCondition?: boolean;
}

type Parse = (text: string, options: { readonly context: Context }) => unknown;

/** A parser as PEG generates it, and as dynalite calls it. */
export interface Parser {
  parse: Parse;
}

/** In a remembered tree, names the value that belongs there. */
const valueName = Symbol('valueName');

/** For these the parsers look at the values themselves. */
const dependsOnValues = /between|attribute_type/i;
const longestRemembered = 4_096;
const maxRemembered = 500;

const isNode = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A copy of `node` and all below it, but for what `replace` gives something else for. */
function copy(node: object, replace: (node: object) => unknown): unknown {
  const replaced = replace(node);
  if (replaced !== undefined) return replaced;
  const copyMember = (member: unknown) => (isNode(member) ? copy(member, replace) : member);
  if (Array.isArray(node)) return node.map(copyMember);
  const target = Object.create(Object.getPrototypeOf(node) as object | null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(node)) target[name] = copyMember(member);
  return target;
}

function remember(tree: object, values: Readonly<Record<string, object>>): object {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  return copy(tree, (node) => {
    const name = names.get(node);
    return name === undefined ? undefined : { [valueName]: name };
  }) as object;
}

const recall = (tree: object, values: Readonly<Record<string, object>>) =>
  copy(tree, (node: { readonly [valueName]?: string }) => {
    const name = node[valueName];
    return name === undefined ? undefined : values[name];
  });

/** What a tree depends on: the text, what its names stand for, and the types of its values; undefined where one lacks. */
function keyOf(text: string, tokens: readonly string[], context: Context): string | undefined {
  const { attrNames = {}, attrVals = {}, isKeyCondition = false } = context;
  const parts: unknown[] = [text, isKeyCondition];
  for (const token of tokens) {
    const value = token.startsWith('#') ? attrNames[token] : attrVals[token];
    if (value === undefined) return undefined;
    parts.push(typeof value === 'string' ? value : Object.keys(value));
  }
  return JSON.stringify(parts);
}

function markUsed(tokens: readonly string[], { unusedAttrNames, unusedAttrVals }: Context): void {
  for (const token of tokens) delete (token.startsWith('#') ? unusedAttrNames : unusedAttrVals)?.[token];
}

/** Makes `parser` remember the trees of its last few hundred expressions. A refused expression is parsed every time. */
export function rememberParses(parser: Parser): void {
  const parse = parser.parse.bind(parser);
  const tokensOf = new Map<string, readonly string[]>();
  const trees = new Map<string, object>();

  function findTokens(text: string): readonly string[] {
    const known = tokensOf.get(text);
    if (known) return known;
    const tokens = [...new Set(text.match(/[#:]\w+/g))];
    if (tokensOf.size >= maxRemembered) tokensOf.clear();
    tokensOf.set(text, tokens);
    return tokens;
  }

  parser.parse = (text, options) => {
    if (text.length > longestRemembered || dependsOnValues.test(text)) return parse(text, options);
    const { context } = options;
    const tokens = findTokens(text);
    const key = keyOf(text, tokens, context);
    const known = key === undefined ? undefined : trees.get(key);
    if (known) {
      markUsed(tokens, context);
      return recall(known, context.attrVals ?? {});
    }
    const tree = parse(text, options);
    if (key !== undefined && isNode(tree)) {
      if (trees.size >= maxRemembered) trees.clear();
      trees.set(key, remember(tree, context.attrVals ?? {}));
    }
    return tree;
  };
}
