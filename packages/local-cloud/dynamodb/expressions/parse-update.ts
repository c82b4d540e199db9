// Parses update expressions, and finds in them what DynamoDB refuses.

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

function createParser(reader: Reader) {
  let operators = 0;
  let depth = 0;

  /** Parentheses are allowed around every operand, and around a sum. */
  function grouped<T>(read: () => T): T {
    depth += 1;
    if (depth > MAX_DEPTH) throw new SyntaxProblem('Syntax error; the parentheses are nested too deeply');
    const content = read();
    reader.expect(')');
    depth -= 1;
    return content;
  }

  function operand(): Operand {
    if (reader.skip('(')) return grouped(sum);
    const { kind, text } = reader.current();
    if (kind === ':value') return reader.value();
    if (kind !== 'name' || !reader.isFollowedBy('(')) return reader.path();
    reader.next();
    reader.expect('(');
    operators += 1;
    return callOf(
      text,
      grouped(() => listOf(reader, operand)),
      reader,
    );
  }

  function sum(): Operand {
    const left = operand();
    const { text } = reader.current();
    if (text !== '+' && text !== '-') return left;
    reader.next();
    operators += 1;
    return callOf(text, [left, operand()], reader);
  }

  /** The value of ADD and DELETE, whose type is known at once. */
  function setOperand(operator: string): ValueNode {
    const value = reader.value();
    const type = TYPE_NAMES[value.valueType];
    if (type && !(operator === 'ADD' && value.valueType === 'N')) {
      const message = 'Incorrect operand type for operator or function; operator: ';
      reader.report('operand', `${message}${operator}, operand type: ${type}`);
    }
    return value;
  }

  const readers: Readonly<Record<string, () => Section>> = {
    SET() {
      const { path } = reader.path();
      reader.expect('=');
      return { type: 'set', path, value: sum() };
    },
    REMOVE: () => ({ type: 'remove', path: reader.path().path }),
    ADD: () => ({ type: 'add', path: reader.path().path, value: setOperand('ADD') }),
    DELETE: () => ({ type: 'delete', path: reader.path().path, value: setOperand('DELETE') }),
  };

  return (): Section[] => {
    const sections: Section[] = [];
    const used = new Set<string>();
    do {
      const { kind, text } = reader.current();
      const keyword = text.toUpperCase();
      if (kind !== 'name' || !KEYWORDS.has(keyword)) reader.fail();
      reader.next();
      sections.push(...listOf(reader, readers[keyword]!));
      if (used.has(keyword))
        reader.report('section', `The "${keyword}" section can only be used once in an update expression;`);
      used.add(keyword);
    } while (reader.current().kind !== 'end');
    if (operators > MAX_OPERATORS)
      throw new SyntaxProblem(`The expression contains too many operators; operator count: ${operators}`);
    return sections;
  };
}

/** @throws SyntaxProblem with what is wrong with the text */
export function parseUpdate(text: string, placeholders: Placeholders): Parsed<readonly Section[]> {
  const reader = createReader(text, placeholders, KEYWORDS);
  const tree = createParser(reader)();
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
