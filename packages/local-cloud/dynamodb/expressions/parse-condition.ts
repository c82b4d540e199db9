// Parses condition, filter and key condition expressions, and reports what DynamoDB refuses.

import { equal, order } from '../values/compare.ts';
import type { AttributeValue } from '../values/attribute-value.ts';
import { SyntaxProblem } from './lex.ts';
import {
  createReader,
  immediateType,
  listOf,
  operandType,
  pathText,
  type Placeholders,
  type ProblemKind,
  type Reader,
} from './reader.ts';
import type { CallNode, Condition, Operand, Parsed, TestNode } from './syntax.ts';

const KEYWORDS: ReadonlySet<string> = new Set(['BETWEEN', 'IN', 'AND', 'OR', 'NOT']);
const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const ATTRIBUTE_TYPES = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M'];
const MAX_OPERATORS = 300;
const MAX_DEPTH = 300;

/** In this order. Problems of a condition count for the first condition that has any. */
const PROBLEMS: readonly ProblemKind[] = [
  'parens',
  'unknownFunction',
  'misusedFunction',
  'reserved',
  'condition',
];
const CONDITION_PROBLEMS: readonly ProblemKind[] = ['name', 'value', 'operand', 'distinct', 'function'];

const wrongType = (name: string, type: string) =>
  `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`;

type Check = (args: readonly Operand[], reader: Reader, name: string) => void;

const requirePath: Check = ([path], reader, name) => {
  if (path!.type === 'path') return;
  reader.report('function', `Operator or function requires a document path; operator or function: ${name}`);
};

const functions: Readonly<Record<string, { readonly count: number; readonly check: Check }>> = {
  attribute_exists: { count: 1, check: requirePath },
  attribute_not_exists: { count: 1, check: requirePath },
  attribute_type: { count: 2, check: checkAttributeType },
  begins_with: {
    count: 2,
    check(args, reader, name) {
      const wrong = args.map(operandType).find((type) => type && type !== 'S' && type !== 'B');
      if (wrong) reader.report('function', wrongType(name, wrong));
    },
  },
  contains: { count: 2, check: () => {} },
  size: {
    count: 1,
    check([arg], reader, name) {
      const type = operandType(arg);
      if (type && ['N', 'BOOL', 'NULL'].includes(type)) reader.report('function', wrongType(name, type));
    },
  },
};

function checkAttributeType([, second]: readonly Operand[], reader: Reader, name: string): void {
  const type = operandType(second);
  if (type !== 'S' || second?.type !== 'value') {
    reader.report('function', wrongType(name, type ?? '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}'));
    return;
  }
  reader.lateChecks.push((values) => {
    const wanted = values[second.name]?.['S'] as string;
    if (ATTRIBUTE_TYPES.includes(wanted)) return undefined;
    return `Invalid attribute type name found; type: ${wanted}, valid types: {${ATTRIBUTE_TYPES.join(',')}}`;
  });
}

function checkDistinct(name: string, [first, second, ...more]: readonly Operand[], reader: Reader): void {
  if (more.length > 0 || first?.type !== 'path' || second?.type !== 'path') return;
  if (pathText(first.path) !== pathText(second.path)) return;
  const message =
    'The first operand must be distinct from the remaining operands for this operator or function; ' +
    `operator: ${name}, first operand: ${pathText(first.path)}`;
  reader.report('distinct', message);
}

function checkMisuse(args: readonly Operand[], reader: Reader): void {
  const misused = args.find((arg) => arg.type === 'call' && arg.name !== 'size');
  if (misused) reportMisuse(misused as CallNode, reader);
}

const reportMisuse = ({ name }: CallNode, reader: Reader) =>
  reader.report(
    'misusedFunction',
    `The function is not allowed to be used this way in an expression; function: ${name}`,
  );

function checkCall(name: string, args: readonly Operand[], reader: Reader): void {
  checkMisuse(args, reader);
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!known) reader.report('unknownFunction', `Invalid function name; function: ${name}`);
  else if (known.count !== args.length) {
    const message = 'Incorrect number of operands for operator or function; operator or function: ';
    reader.report('operand', `${message}${name}, number of operands: ${args.length}`);
  } else {
    checkDistinct(name, args, reader);
    known.check(args, reader, name);
  }
}

const boundsText = (low: AttributeValue, high: AttributeValue) => {
  const show = (value: AttributeValue) =>
    Object.entries(value)
      .map(([type, content]) => `{${type}:${String(content)}}`)
      .join();
  return `lower bound operand: AttributeValue: ${show(low)}, upper bound operand: AttributeValue: ${show(high)}`;
};

function checkBetween([, low, high]: readonly Operand[], reader: Reader): void {
  const [lowType, highType] = [immediateType(low), immediateType(high)];
  if (low?.type !== 'value' || high?.type !== 'value' || !lowType || !highType) return;
  reader.lateChecks.push((values) => {
    const [from, to] = [values[low.name]!, values[high.name]!];
    const rule = (what: string) => `The BETWEEN operator requires ${what}; ${boundsText(from, to)}`;
    if (lowType !== highType) return rule('same data type for lower and upper bounds');
    if (equal(from, to) || !(order(from, to) > 0)) return undefined;
    return rule('upper bound to be greater than or equal to lower bound');
  });
}

type Node = Condition | Operand;

const isCondition = (node: Node): node is Condition => node.type !== 'path' && node.type !== 'value';
const isOperand = (node: Node): node is Operand =>
  node.type === 'path' || node.type === 'value' || node.type === 'call';

/** The state of one parse. */
interface Parse {
  readonly reader: Reader;
  operators: number;
  depth: number;
  /** The last part that was read in its own parentheses. */
  redundant?: Node;
}

function conditionOf({ reader }: Parse, node: Node): Condition {
  if (!isCondition(node)) return reader.fail();
  if (node.type === 'call' && node.name === 'size') reportMisuse(node, reader);
  return node;
}

function operandOf({ reader }: Parse, node: Node): Operand {
  return isOperand(node) ? node : reader.fail();
}

const operand = (parse: Parse): Operand => operandOf(parse, atom(parse));

function endOfCondition({ reader }: Parse): void {
  const problem = reader.firstOf(CONDITION_PROBLEMS);
  if (problem !== undefined) reader.report('condition', problem);
}

// Whether parentheses hold a condition or an operand is known only after reading them, so one parser reads both.

function either(parse: Parse): Node {
  return chain(parse, 'or', () => chain(parse, 'and', () => negation(parse)));
}

function chain(parse: Parse, type: 'and' | 'or', read: () => Node): Node {
  const { reader } = parse;
  const first = read();
  if (!reader.skip(type.toUpperCase())) return first;
  const args = [conditionOf(parse, first)];
  do {
    parse.operators += 1;
    args.push(conditionOf(parse, read()));
  } while (reader.skip(type.toUpperCase()));
  return { type, args };
}

function negation(parse: Parse): Node {
  if (!parse.reader.skip('NOT')) return comparison(parse);
  parse.operators += 1;
  return { type: 'not', args: [conditionOf(parse, comparison(parse))] };
}

function comparison(parse: Parse): Node {
  const left = atom(parse);
  const test = testOf(parse, left);
  if (test || left.type === 'call') endOfCondition(parse);
  return test ?? left;
}

function testOf(parse: Parse, left: Node): TestNode | undefined {
  const { reader } = parse;
  const { text } = reader.current();
  if (COMPARISONS.has(text)) {
    reader.next();
    return compared(parse, text, [operandOf(parse, left), operand(parse)]);
  }
  if (reader.skip('BETWEEN')) {
    const args = [operandOf(parse, left), operand(parse)];
    reader.expect('AND');
    args.push(operand(parse));
    checkBetween(args, reader);
    return compared(parse, 'between', args);
  }
  if (!reader.skip('IN')) return undefined;
  reader.expect('(');
  const args = [operandOf(parse, left), ...listOf(reader, () => operand(parse))];
  reader.expect(')');
  return compared(parse, 'in', args);
}

function compared(parse: Parse, name: string, args: Operand[]): TestNode {
  parse.operators += 1;
  checkMisuse(args, parse.reader);
  if (COMPARISONS.has(name)) checkDistinct(name, args, parse.reader);
  return { type: 'test', name, args };
}

function atom(parse: Parse): Node {
  const { reader } = parse;
  const { kind, text } = reader.current();
  if (text === '(') return grouped(parse);
  if (kind === ':value') return reader.value();
  if (kind === 'name' && !KEYWORDS.has(text.toUpperCase()) && reader.isFollowedBy('(')) return call(parse);
  return reader.path();
}

function grouped(parse: Parse): Node {
  const { reader } = parse;
  reader.expect('(');
  parse.depth += 1;
  if (parse.depth > MAX_DEPTH) throw new SyntaxProblem('Syntax error; the parentheses are nested too deeply');
  const isDoubled = reader.current().text === '(';
  const node = either(parse);
  const wasInnermost = isDoubled && parse.redundant === node;
  reader.expect(')');
  parse.depth -= 1;
  if (wasInnermost) reader.report('parens', 'The expression has redundant parentheses;');
  parse.redundant = node;
  return node;
}

function call(parse: Parse): CallNode {
  const { reader } = parse;
  const { text: name } = reader.next();
  parse.operators += 1;
  reader.expect('(');
  const args = listOf(reader, () => operand(parse));
  reader.expect(')');
  checkCall(name, args, reader);
  return { type: 'call', name, args, valueType: name === 'size' ? 'N' : 'BOOL' };
}

function parseTree(reader: Reader): Condition {
  const parse: Parse = { reader, operators: 0, depth: 0 };
  const tree = conditionOf(parse, either(parse));
  if (reader.current().kind !== 'end') reader.fail();
  if (parse.operators > MAX_OPERATORS)
    throw new SyntaxProblem(`The expression contains too many operators; operator count: ${parse.operators}`);
  return tree;
}

/** @throws SyntaxProblem with what is wrong with the text */
export function parseCondition(text: string, placeholders: Placeholders): Parsed<Condition> {
  const reader = createReader(text, placeholders, KEYWORDS);
  const tree = parseTree(reader);
  const problem = reader.firstOf(PROBLEMS);
  if (problem !== undefined) throw new SyntaxProblem(problem);
  const { nestedPaths, pathHeads, lateChecks } = reader;
  return { tree, nestedPaths, pathHeads, lateChecks };
}
