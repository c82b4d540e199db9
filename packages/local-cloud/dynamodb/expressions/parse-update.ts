// Parses update expressions, and reports what DynamoDB refuses.

import { SyntaxProblem } from './lex.ts';
import {
  checkOverlap,
  createReader,
  immediateType,
  listOf,
  operandType,
  type Placeholders,
  type ProblemKind,
  type Reader,
} from './reader.ts';
import type { CallNode, Operand, Parsed, Section, ValueNode } from './syntax.ts';

const KEYWORDS: ReadonlySet<string> = new Set(['SET', 'REMOVE', 'ADD', 'DELETE']);
const MAX_OPERATORS = 300;

const PROBLEMS: readonly ProblemKind[] = [
  ...(['reserved', 'unknownFunction', 'section', 'name', 'value', 'overlap', 'conflict'] as const),
  ...(['operand', 'function'] as const),
];

const TYPE_NAMES: Readonly<Record<string, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
};

function requireTypes(name: string, type: string, args: readonly Operand[], reader: Reader): void {
  const wrong = args.map(immediateType).find((found) => found && found !== type);
  if (!wrong) return;
  const message = 'Incorrect operand type for operator or function; operator or function: ';
  reader.report('function', `${message}${name}, operand type: ${wrong}`);
}

type Check = (args: readonly Operand[], reader: Reader, name: string) => string | undefined;

const numeric: Check = (args, reader, name) => {
  requireTypes(name, 'N', args, reader);
  return 'N';
};

/** Each gives the type of its result. All take two operands. */
const functions: Readonly<Record<string, Check>> = {
  if_not_exists([path, fallback], reader, name) {
    if (path!.type !== 'path') {
      const message = 'Operator or function requires a document path; operator or function: ';
      reader.report('function', message + name);
    }
    return operandType(fallback);
  },
  list_append(args, reader, name) {
    requireTypes(name, 'L', args, reader);
    return 'L';
  },
  '+': numeric,
  '-': numeric,
};

function callOf(name: string, args: readonly Operand[], reader: Reader): CallNode {
  const check = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!check) reader.report('unknownFunction', `Invalid function name; function: ${name}`);
  else if (args.length === 2) return { type: 'call', name, args, valueType: check(args, reader, name) };
  else {
    const message = 'Incorrect number of operands for operator or function; operator or function: ';
    reader.report('function', `${message}${name}, number of operands: ${args.length}`);
  }
  return { type: 'call', name, args };
}

const MAX_DEPTH = 100;

/** An update expression that is being parsed. */
interface Parse {
  readonly reader: Reader;
  operators: number;
  depth: number;
}

/** Parentheses are allowed around every operand, and around a sum. */
function grouped<T>(parse: Parse, read: (parse: Parse) => T): T {
  parse.depth += 1;
  if (parse.depth > MAX_DEPTH) throw new SyntaxProblem('Syntax error; the parentheses are nested too deeply');
  const content = read(parse);
  parse.reader.expect(')');
  parse.depth -= 1;
  return content;
}

const argumentsOf = (parse: Parse): Operand[] => listOf(parse.reader, () => operand(parse));

function operand(parse: Parse): Operand {
  const { reader } = parse;
  if (reader.skip('(')) return grouped(parse, sum);
  const { kind, text } = reader.current();
  if (kind === ':value') return reader.value();
  if (kind !== 'name' || !reader.isFollowedBy('(')) return reader.path();
  reader.next();
  reader.expect('(');
  parse.operators += 1;
  return callOf(text, grouped(parse, argumentsOf), reader);
}

function sum(parse: Parse): Operand {
  const { reader } = parse;
  const left = operand(parse);
  const { text } = reader.current();
  if (text !== '+' && text !== '-') return left;
  reader.next();
  parse.operators += 1;
  return callOf(text, [left, operand(parse)], reader);
}

/** The value of ADD and DELETE, whose type the request gives. */
function setOperand(operator: 'ADD' | 'DELETE', reader: Reader): ValueNode {
  const value = reader.value();
  const type = TYPE_NAMES[value.valueType];
  if (type && !(operator === 'ADD' && value.valueType === 'N')) {
    const message = 'Incorrect operand type for operator or function; operator: ';
    reader.report('operand', `${message}${operator}, operand type: ${type}`);
  }
  return value;
}

/** Read one action of a clause, by the clause's keyword. */
const actions: Readonly<Record<string, (parse: Parse) => Section>> = {
  SET(parse) {
    const { path } = parse.reader.path();
    parse.reader.expect('=');
    return { type: 'set', path, value: sum(parse) };
  },
  REMOVE: ({ reader }) => ({ type: 'remove', path: reader.path().path }),
  ADD: ({ reader }) => ({ type: 'add', path: reader.path().path, value: setOperand('ADD', reader) }),
  DELETE: ({ reader }) => ({ type: 'delete', path: reader.path().path, value: setOperand('DELETE', reader) }),
};

function sectionsOf(reader: Reader): Section[] {
  const parse: Parse = { reader, operators: 0, depth: 0 };
  const sections: Section[] = [];
  const used = new Set<string>();
  do {
    const { kind, text } = reader.current();
    const keyword = text.toUpperCase();
    if (kind !== 'name' || !KEYWORDS.has(keyword)) reader.fail();
    reader.next();
    sections.push(...listOf(reader, () => actions[keyword]!(parse)));
    if (used.has(keyword))
      reader.report('section', `The "${keyword}" section can only be used once in an update expression;`);
    used.add(keyword);
  } while (reader.current().kind !== 'end');
  if (parse.operators > MAX_OPERATORS)
    throw new SyntaxProblem(`The expression contains too many operators; operator count: ${parse.operators}`);
  return sections;
}

/** @throws SyntaxProblem with what is wrong with the text */
export function parseUpdate(text: string, placeholders: Placeholders): Parsed<readonly Section[]> {
  const reader = createReader(text, placeholders, KEYWORDS);
  const tree = sectionsOf(reader);
  if (!reader.has('name'))
    checkOverlap(
      reader,
      tree.map(({ path }) => path),
    );
  const problem = reader.firstOf(PROBLEMS);
  if (problem !== undefined) throw new SyntaxProblem(problem);
  const heads = new Set(tree.map(({ path }) => path[0] as string));
  return { tree, nestedPaths: reader.nestedPaths, pathHeads: heads, lateChecks: reader.lateChecks };
}
