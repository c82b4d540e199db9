// Parses a WHERE clause into the syntax tree of condition expressions.

import { validationError } from '../error.ts';
import type { Condition, Operand, TestNode } from '../expressions/syntax.ts';
import { malformed } from './lex.ts';
import type { Reader } from './reader.ts';

const COMPARISONS = ['=', '<>', '!=', '<', '<=', '>', '>='];
/** How many arguments they have. */
const FUNCTIONS: Readonly<Record<string, number>> = { begins_with: 2, contains: 2, attribute_type: 2 };
/** The types of values that they take; a function without an entry takes all. */
const TYPES: Readonly<Record<string, readonly string[]>> = { begins_with: ['S', 'B'], attribute_type: ['S'] };
const UNORDERED = ['BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS'];

const MAX_IN = 100;

export const tooManyOperands = (count: number) =>
  validationError(`The IN operator is provided with too many operands; number of operands: ${count}`);

const typesOf = (operands: readonly Operand[]) =>
  operands.map((each) => (each.type === 'value' ? each.valueType : undefined));

export const incorrectType = (operator: string, type: string) =>
  validationError(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );

/** @throws ValidationException for a value that has no order */
function checkOrdered(operator: string, operands: readonly Operand[]): void {
  const wrong = typesOf(operands).find((type) => type !== undefined && UNORDERED.includes(type));
  if (wrong !== undefined) throw incorrectType(operator, wrong);
}

const not = (condition: Condition): Condition => ({ type: 'not', args: [condition] });

function operandOf(reader: Reader): Operand {
  if (reader.isValue()) return reader.node(reader.value());
  if (!reader.takes('SIZE', '(')) return { type: 'path', path: reader.path() };
  const args = [operandOf(reader)];
  reader.expect(')');
  return { type: 'call', name: 'size', args, valueType: 'N' };
}

function operandsOf(reader: Reader, close: string): Operand[] {
  const operands: Operand[] = [];
  do operands.push(operandOf(reader));
  while (reader.takes(','));
  reader.expect(close);
  return operands;
}

function callOf(reader: Reader): Condition | undefined {
  const name = reader.peek().text.toLowerCase();
  if (reader.peek().kind !== 'name' || !reader.is('(', 1) || !Object.hasOwn(FUNCTIONS, name))
    return undefined;
  reader.next();
  reader.next();
  const args = operandsOf(reader, ')');
  if (args.length !== FUNCTIONS[name]) throw malformed(`Wrong number of arguments of ${name}`);
  const types = typesOf(name === 'attribute_type' ? args.slice(1) : args);
  const wrong = types.find((type) => type !== undefined && TYPES[name]?.includes(type) === false);
  if (wrong !== undefined) throw incorrectType(name, wrong);
  return { type: 'call', name, args };
}

function isOf(reader: Reader, operand: Operand): Condition {
  const isNegated = reader.takes('NOT');
  if (reader.takes('MISSING'))
    return { type: 'call', name: isNegated ? 'attribute_exists' : 'attribute_not_exists', args: [operand] };
  reader.expect('NULL');
  const args = [operand, reader.node({ S: 'NULL' })];
  const isNull: Condition = { type: 'call', name: 'attribute_type', args };
  return isNegated ? not(isNull) : isNull;
}

function testOf(reader: Reader): Condition {
  const operand = operandOf(reader);
  if (reader.takes('IS')) return isOf(reader, operand);
  const isNegated = reader.takes('NOT');
  const test = (name: string, args: readonly Operand[]): Condition => {
    const node: TestNode = { type: 'test', name, args };
    return isNegated ? not(node) : node;
  };
  if (reader.takes('IN')) {
    const close = reader.takes('[') ? ']' : ')';
    if (close === ')') reader.expect('(');
    const list = operandsOf(reader, close);
    if (list.length > MAX_IN) throw tooManyOperands(list.length);
    return test('in', [operand, ...list]);
  }
  if (reader.takes('BETWEEN')) {
    const low = operandOf(reader);
    reader.expect('AND');
    const args = [operand, low, operandOf(reader)];
    checkOrdered('BETWEEN', args);
    return test('between', args);
  }
  const operator = reader.next().text;
  if (isNegated || !COMPARISONS.includes(operator)) throw malformed(`Unexpected token: ${operator}`);
  const args = [operand, operandOf(reader)];
  if (!['=', '<>', '!='].includes(operator)) checkOrdered(operator, args);
  return test(operator === '!=' ? '<>' : operator, args);
}

function termOf(reader: Reader): Condition {
  if (reader.takes('NOT')) return not(reader.inside(() => termOf(reader)));
  if (!reader.takes('(')) return callOf(reader) ?? testOf(reader);
  const condition = reader.inside(() => parseCondition(reader));
  reader.expect(')');
  return condition;
}

function listOf(reader: Reader, word: 'AND' | 'OR', read: (reader: Reader) => Condition): Condition {
  const args = [read(reader)];
  while (reader.takes(word)) args.push(read(reader));
  return args.length === 1 ? args[0]! : { type: word === 'AND' ? 'and' : 'or', args };
}

export const parseCondition = (reader: Reader): Condition =>
  listOf(reader, 'OR', (ofOr) => listOf(ofOr, 'AND', termOf));
