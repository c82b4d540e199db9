// Reads the template's YAML into a tree of nodes that have their line, so that each error can name it.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node as YamlNode,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { StartError } from '../start-error.ts';

/** Both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean;
  /** As it is written, so that `1.10` stays `1.10` where CloudFormation wants text. */
  readonly text: string;
  readonly place: Place;
}

export interface Entry<T> {
  readonly place: Place;
  readonly value: T;
}

export type Node =
  | ScalarNode
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly place: Place }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Entry<Node>>; readonly place: Place }
  /** An intrinsic function, in its short or long form, under its long name: `Ref`, `Condition`, `Fn::Sub`. */
  | { readonly kind: 'call'; readonly name: string; readonly argument: Node; readonly place: Place };

export type MapNode = Extract<Node, { kind: 'map' }>;

const DEEPEST = 64;

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same key appears twice in one mapping: remove one of them',
  TAB_AS_INDENT: 'a tab is used for indentation, which YAML forbids: use spaces',
  BAD_INDENT: 'the indentation does not fit, or a bracket above is not closed: align it with its neighbours',
  MULTIPLE_DOCS: 'a second document starts here: a template is one document, remove the --- line',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping starts where only a plain value is allowed: look for a missing quote or line break',
};

function syntaxError(file: string, error: YAMLError, lines: LineCounter): StartError {
  const { line, col } = lines.linePos(error.pos[0]);
  const [firstLine = ''] = error.message.split('\n');
  const tooDeep = firstLine.includes('call stack') ? 'nested too deeply to be a template' : undefined;
  return new StartError(`${file}:${line}:${col}: ${tooDeep ?? PLAIN_WORDS[error.code] ?? firstLine}`);
}

const longName = (name: string) => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);
const isIntrinsic = (key: string) => key === 'Ref' || key.startsWith('Fn::');

/** The file in messages, and its lines. */
interface Source {
  readonly file: string;
  readonly lines: LineCounter;
}

function placeOf({ lines }: Source, node: { range?: readonly number[] | null } | null): Place {
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  return { line, column: col };
}

const problemAt = ({ file }: Source, { line }: Place, message: string) =>
  new StartError(`${file}:${line}: ${message}`);

function keyOf(source: Source, { key }: Pair<YamlNode, YamlNode | null>): string {
  if (!isScalar(key)) throw problemAt(source, placeOf(source, key), 'a key must be plain text');
  return typeof key.value === 'string' ? key.value : String(key.source ?? key.value);
}

function scalarNode(source: Source, node: Scalar, place: Place): Node {
  const { value } = node;
  if (typeof value === 'string') return { kind: 'scalar', value, text: value, place };
  if (typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', value, text: node.source ?? String(value), place };
  throw problemAt(source, place, 'a value is missing here: give one, or remove the key');
}

/** A map, or the call that a map with one intrinsic function as its key is. */
function mapNode(source: Source, map: YAMLMap<YamlNode, YamlNode | null>, place: Place, depth: number): Node {
  const entries = new Map<string, Entry<Node>>();
  for (const pair of map.items) {
    const at = placeOf(source, pair.key);
    const key = keyOf(source, pair);
    if (!pair.value) throw problemAt(source, at, `${key} has no value: give one, or remove the key`);
    entries.set(key, { place: at, value: convert(source, pair.value, depth + 1, at) });
  }
  const [only] = entries;
  if (only && entries.size === 1 && isIntrinsic(only[0]))
    return { kind: 'call', name: only[0], argument: only[1].value, place };
  return { kind: 'map', entries, place };
}

function untagged(source: Source, node: YamlNode, place: Place, depth: number): Node {
  if (isScalar(node)) return scalarNode(source, node, place);
  if (isSeq<YamlNode>(node)) {
    const items = node.items.map((item) => convert(source, item, depth + 1));
    return { kind: 'list', items, place };
  }
  if (isMap<YamlNode, YamlNode | null>(node)) return mapNode(source, node, place, depth);
  throw problemAt(source, place, 'this is not allowed in a template');
}

function convert(source: Source, node: YamlNode, depth: number, keyPlace?: Place): Node {
  // A block under a key starts on the next line; its key is where a reader looks.
  const place = isScalar(node) || !keyPlace ? placeOf(source, node) : keyPlace;
  if (depth > DEEPEST)
    throw problemAt(source, place, `nested deeper than ${DEEPEST} levels, which no template needs`);
  if (isAlias(node))
    throw problemAt(source, place, 'CloudFormation knows no YAML aliases: write the value out');
  if (!node.tag?.startsWith('!')) return untagged(source, node, place, depth);
  const argument = untagged(source, node, place, depth);
  return { kind: 'call', name: longName(node.tag.slice(1)), argument, place: keyPlace ?? place };
}

/**
 * Parses the text of a template. `file` is its name in messages.
 * @throws StartError for text that is not YAML, and for aliases, nulls and nesting that CloudFormation does not accept.
 */
export function parseTemplate(text: string, file: string): Node {
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) throw new StartError(`${file}: nested too deeply to be a template`);
    throw error;
  }
  const [error] = document.errors;
  if (error) throw syntaxError(file, error, lines);
  if (!document.contents)
    throw new StartError(`${file}: is empty: a template has at least a Resources section`);
  return convert({ file, lines }, document.contents, 0);
}
