// Parses condition, filter and key condition expressions, and finds in them what DynamoDB refuses.

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

/** In this order; those of a condition count for the first condition that has any. */
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

/** One parser for conditions and operands: what a parenthesis holds shows only once it is read. */
function createParser(reader: Reader) {
  let operators = 0;
  let depth = 0;

  function count(): void {
    operators += 1;
  }

  function conditionOf(node: Node): Condition {
    if (!isCondition(node)) return reader.fail();
    if (node.type === 'call' && node.name === 'size') reportMisuse(node, reader);
    return node;
  }

  function operandOf(node: Node): Operand {
    return isOperand(node) ? node : reader.fail();
  }

  function endOfCondition(): void {
    const problem = reader.firstOf(CONDITION_PROBLEMS);
    if (problem !== undefined) reader.report('condition', problem);
  }

  function either(): Node {
    return chain('or', () => chain('and', negation));
  }

  function chain(type: 'and' | 'or', read: () => Node): Node {
    const first = read();
    if (!reader.skip(type.toUpperCase())) return first;
    const args = [conditionOf(first)];
    do {
      count();
      args.push(conditionOf(read()));
    } while (reader.skip(type.toUpperCase()));
    return { type, args };
  }

  function negation(): Node {
    if (!reader.skip('NOT')) return comparison();
    count();
    return { type: 'not', args: [conditionOf(comparison())] };
  }

  function comparison(): Node {
    const left = atom();
    const test = testOf(left);
    if (test || left.type === 'call') endOfCondition();
    return test ?? left;
  }

  function testOf(left: Node): TestNode | undefined {
    const { text } = reader.current();
    if (COMPARISONS.has(text)) {
      reader.next();
      return compared(text, [operandOf(left), operand()]);
    }
    if (reader.skip('BETWEEN')) {
      const args = [operandOf(left), operand()];
      reader.expect('AND');
      args.push(operand());
      checkBetween(args, reader);
      return compared('between', args);
    }
    if (!reader.skip('IN')) return undefined;
    reader.expect('(');
    const args = [operandOf(left), ...listOf(reader, operand)];
    reader.expect(')');
    return compared('in', args);
  }

  function compared(name: string, args: Operand[]): TestNode {
    count();
    checkMisuse(args, reader);
    if (COMPARISONS.has(name)) checkDistinct(name, args, reader);
    return { type: 'test', name, args };
  }

  const operand = (): Operand => operandOf(atom());

  function atom(): Node {
    const { kind, text } = reader.current();
    if (text === '(') return grouped();
    if (kind === ':value') return reader.value();
    if (kind === 'name' && !KEYWORDS.has(text.toUpperCase()) && reader.isFollowedBy('(')) return call();
    return reader.path();
  }

  function grouped(): Node {
    reader.expect('(');
    depth += 1;
    if (depth > MAX_DEPTH) throw new SyntaxProblem('Syntax error; the parentheses are nested too deeply');
    const isDoubled = reader.current().text === '(';
    const node = either();
    const wasInnermost = isDoubled && redundant === node;
    reader.expect(')');
    depth -= 1;
    if (wasInnermost) reader.report('parens', 'The expression has redundant parentheses;');
    redundant = node;
    return node;
  }
  /** What was last read in parentheses of its own. */
  let redundant: Node | undefined;

  function call(): CallNode {
    const { text: name } = reader.next();
    count();
    reader.expect('(');
    const args = listOf(reader, operand);
    reader.expect(')');
    checkCall(name, args, reader);
    return { type: 'call', name, args, valueType: name === 'size' ? 'N' : 'BOOL' };
  }

  return () => {
    const tree = conditionOf(either());
    if (reader.current().kind !== 'end') reader.fail();
    if (operators > MAX_OPERATORS)
      throw new SyntaxProblem(`The expression contains too many operators; operator count: ${operators}`);
    return tree;
  };
}

/** @throws SyntaxProblem with what is wrong with the text */
export function parseCondition(text: string, placeholders: Placeholders): Parsed<Condition> {
  const reader = createReader(text, placeholders, KEYWORDS);
  const tree = createParser(reader)();
  const problem = reader.firstOf(PROBLEMS);
  if (problem !== undefined) throw new SyntaxProblem(problem);
  const { nestedPaths, pathHeads, lateChecks } = reader;
  return { tree, nestedPaths, pathHeads, lateChecks };
}
