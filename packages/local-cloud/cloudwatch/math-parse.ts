// Parses metric math into a tree: operators by precedence, functions and lists.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

import { invalidExpression, readTokens, type Tokens } from './expression-lex.ts';

export type MathNode =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'list'; readonly items: readonly MathNode[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly MathNode[] }
  | { readonly kind: 'operator'; readonly name: string; readonly left: MathNode; readonly right: MathNode };

/** The weakest first; other names of an operator map to its sign. */
const LEVELS: readonly Readonly<Record<string, string>>[] = [
  { OR: 'OR', '||': 'OR' },
  { AND: 'AND', '&&': 'AND' },
  { '==': '==', '!=': '!=', '<': '<', '>': '>', '<=': '<=', '>=': '>=' },
  { '+': '+', '-': '-' },
  { '*': '*', '/': '/' },
];
const DEEPEST = 50;

function operatorAt(tokens: Tokens, level: number): string | undefined {
  const { kind, text } = tokens.peek();
  const operators = LEVELS[level]!;
  const name = kind === 'name' ? text.toUpperCase() : text;
  return (kind === 'name' || kind === 'sign') && Object.hasOwn(operators, name) ? operators[name] : undefined;
}

function readItems(tokens: Tokens, closing: string, depth: number): MathNode[] {
  const items: MathNode[] = [];
  if (tokens.take(closing)) return items;
  do items.push(readLevel(tokens, 0, depth + 1));
  while (tokens.take(','));
  tokens.expect(closing);
  return items;
}

function readOperand(tokens: Tokens, depth: number): MathNode {
  if (depth > DEEPEST) throw invalidExpression('The expression is nested too deeply');
  if (tokens.take('-'))
    return {
      kind: 'operator',
      name: '-',
      left: { kind: 'number', value: 0 },
      right: readPower(tokens, depth + 1),
    };
  if (tokens.take('+')) return readPower(tokens, depth + 1);
  if (tokens.take('[')) return { kind: 'list', items: readItems(tokens, ']', depth) };
  if (tokens.take('(')) {
    const inner = readLevel(tokens, 0, depth + 1);
    tokens.expect(')');
    return inner;
  }
  const token = tokens.next();
  if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
  if (token.kind === 'name' && tokens.take('('))
    return { kind: 'call', name: token.text.toUpperCase(), args: readItems(tokens, ')', depth) };
  if (token.kind === 'name') return { kind: 'id', id: token.text };
  throw invalidExpression(
    `The expression has '${token.text}' where a metric, a number or a function is expected`,
  );
}

function readPower(tokens: Tokens, depth: number): MathNode {
  const left = readOperand(tokens, depth);
  if (!tokens.take('^')) return left;
  return { kind: 'operator', name: '^', left, right: readPower(tokens, depth + 1) };
}

function readLevel(tokens: Tokens, level: number, depth: number): MathNode {
  if (level === LEVELS.length) return readPower(tokens, depth);
  let left = readLevel(tokens, level + 1, depth);
  for (let name = operatorAt(tokens, level); name !== undefined; name = operatorAt(tokens, level)) {
    tokens.next();
    left = { kind: 'operator', name, left, right: readLevel(tokens, level + 1, depth) };
  }
  return left;
}

/** @throws AwsError ValidationError that says what was expected */
export function parseMath(source: string): MathNode {
  const tokens = readTokens(source);
  const node = readLevel(tokens, 0, 0);
  tokens.end();
  return node;
}

/** The words that FILL takes instead of a value. */
export const FILLERS: readonly string[] = ['REPEAT', 'LINEAR'];
const isFiller = (node: MathNode) => node.kind === 'id' && FILLERS.includes(node.id.toUpperCase());

/** The ids that an expression names. */
export function idsIn(node: MathNode): string[] {
  if (node.kind === 'id') return [node.id];
  if (node.kind === 'list') return node.items.flatMap(idsIn);
  if (node.kind === 'call') return node.args.filter((each) => !isFiller(each)).flatMap(idsIn);
  return node.kind === 'operator' ? [...idsIn(node.left), ...idsIn(node.right)] : [];
}
