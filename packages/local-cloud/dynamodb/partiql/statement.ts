// Parses PartiQL statements.

import { isDeepStrictEqual } from 'node:util';
import { refuse, validationError } from '../error.ts';
import { checkOverlap } from '../expressions/reader.ts';
import type { Condition, Operand, Section, Values } from '../expressions/syntax.ts';
import type { AttributeValue, Item, Path } from '../values/attribute-value.ts';
import { problemOfValues } from '../values/check-value.ts';
import { malformed } from './lex.ts';
import { incorrectType, parseCondition } from './parse-condition.ts';
import { createReader, type Reader } from './reader.ts';

export interface Target {
  readonly table: string;
  readonly index: string | undefined;
}

interface Base extends Target {
  readonly values: Values;
}

interface Reading<Kind extends string> extends Base {
  readonly kind: Kind;
  /** Undefined for `*`. */
  readonly paths: readonly Path[] | undefined;
  readonly where: Condition | undefined;
  readonly order: { readonly name: string; readonly isBackward: boolean } | undefined;
}

export type Select = Reading<'select'>;
/** The existence check of a transaction. */
export type Exists = Reading<'exists'>;

export interface Insert extends Base {
  readonly kind: 'insert';
  readonly item: Item;
}

export interface Change extends Base {
  readonly kind: 'update' | 'delete';
  readonly sections: readonly Section[];
  readonly where: Condition;
  /** Such as `ALL_NEW`. */
  readonly returned: string | undefined;
}

export type Statement = Select | Exists | Insert | Change;

function targetOf(reader: Reader): Target {
  const names = [reader.name()];
  while (reader.takes('.')) names.push(reader.name());
  if (names.includes('')) throw validationError('Path component cannot be an empty string');
  if (names.length > 2) throw validationError('A path may contain at most 2 components in the FROM clause');
  return { table: names[0]!, index: names[1] };
}

function selectOf<Kind extends string>(reader: Reader, kind: Kind): Reading<Kind> {
  const paths: Path[] = [];
  if (!reader.takes('*')) {
    do paths.push(reader.path());
    while (reader.takes(','));
  }
  reader.expect('FROM');
  const target = targetOf(reader);
  const where = reader.takes('WHERE') ? parseCondition(reader) : undefined;
  let order: Select['order'];
  if (reader.takes('ORDER', 'BY')) {
    const name = reader.name();
    order = { name, isBackward: reader.takes('DESC') };
    reader.takes('ASC');
  }
  return {
    kind,
    ...target,
    paths: paths.length > 0 ? paths : undefined,
    where,
    order,
    values: reader.values,
  };
}

function insertOf(reader: Reader): Insert {
  reader.expect('INTO');
  const target = targetOf(reader);
  if (target.index !== undefined) throw validationError('FROM clause may only contain a single table name');
  reader.expect('VALUE');
  const { M: item } = reader.value() as { M?: Readonly<Record<string, AttributeValue>> };
  if (!item) throw malformed('INSERT needs the item as a map');
  return { kind: 'insert', ...target, item, values: reader.values };
}

/** The right side of SET: a value, another attribute, or the sum of both. */
function sumOf(reader: Reader): Operand {
  const first = termOf(reader);
  for (const sign of ['+', '-'])
    if (reader.takes(sign)) return { type: 'call', name: sign, args: [first, termOf(reader)] };
  return first;
}

function termOf(reader: Reader): Operand {
  if (reader.isValue()) return reader.node(reader.value());
  const name = reader.peek().text.toLowerCase();
  if (!['list_append', 'if_not_exists'].includes(name) || !reader.takes(name.toUpperCase(), '('))
    return { type: 'path', path: reader.path() };
  const first = reader.inside(() => sumOf(reader));
  reader.expect(',');
  const args = [first, reader.inside(() => sumOf(reader))];
  reader.expect(')');
  if (name === 'if_not_exists' && first.type !== 'path')
    throw validationError(`Operator or function requires a document path; operator or function: ${name}`);
  return { type: 'call', name, args };
}

const SETS = ['SS', 'NS', 'BS'];

function setOf(reader: Reader): Section {
  const path = reader.path();
  reader.expect('=');
  for (const [name, type] of [
    ['SET_ADD', 'add'],
    ['SET_DELETE', 'delete'],
  ] as const) {
    if (!reader.takes(name, '(')) continue;
    if (!isDeepStrictEqual(reader.path(), path))
      throw malformed(`The first argument of ${name} must be the attribute that SET names`);
    reader.expect(',');
    const value = reader.node(reader.value());
    reader.expect(')');
    if (!SETS.includes(value.valueType)) throw incorrectType(name, value.valueType);
    return { type, path, value };
  }
  return { type: 'set', path, value: sumOf(reader) };
}

function sectionsOf(reader: Reader): Section[] {
  const sections: Section[] = [];
  for (;;) {
    if (reader.takes('SET')) {
      do sections.push(setOf(reader));
      while (reader.takes(','));
    } else if (reader.takes('REMOVE')) {
      do sections.push({ type: 'remove', path: reader.path() });
      while (reader.takes(','));
    } else return sections;
  }
}

function returningOf(reader: Reader, kind: Change['kind']): string | undefined {
  if (!reader.takes('RETURNING')) return undefined;
  const [scope, age] = [reader.next().text.toUpperCase(), reader.next().text.toUpperCase()];
  if (!['ALL', 'MODIFIED'].includes(scope) || !['OLD', 'NEW'].includes(age))
    throw malformed('Invalid RETURNING clause');
  reader.expect('*');
  if (kind === 'delete' && (scope !== 'ALL' || age !== 'OLD'))
    throw validationError(
      `Invalid returning clause: RETURNING ${scope} ${age} *. Only RETURNING ALL OLD * is allowed in DELETE statements.`,
    );
  return `${scope === 'ALL' ? 'ALL' : 'UPDATED'}_${age}`;
}

function changeOf(reader: Reader, kind: Change['kind']): Change {
  if (kind === 'delete') reader.expect('FROM');
  const target = targetOf(reader);
  const sections = kind === 'update' ? sectionsOf(reader) : [];
  if (kind === 'update' && sections.length === 0) throw malformed('UPDATE needs SET or REMOVE');
  checkOverlap(
    {
      report(_kind, message) {
        throw validationError(message);
      },
    },
    sections.map(({ path }) => path),
  );
  reader.expect('WHERE');
  const where = parseCondition(reader);
  const returned = returningOf(reader, kind);
  if (target.index !== undefined) throw validationError('This operation is not supported on an index');
  return { kind, ...target, sections, where, returned, values: reader.values };
}

function statementOf(reader: Reader): Statement {
  if (reader.takes('SELECT')) return selectOf(reader, 'select');
  if (reader.takes('INSERT')) return insertOf(reader);
  if (reader.takes('UPDATE')) return changeOf(reader, 'update');
  if (reader.takes('DELETE')) return changeOf(reader, 'delete');
  if (!reader.takes('EXISTS', '(', 'SELECT')) throw malformed('Expected data manipulation');
  const select = selectOf(reader, 'exists');
  reader.expect(')');
  return select;
}

/** @throws ValidationException for text that is not a statement, and for invalid values */
export function parseStatement(text: string, parameters: readonly AttributeValue[] = []): Statement {
  const reader = createReader(text, parameters);
  const statement = statementOf(reader);
  reader.end();
  refuse(problemOfValues(statement.values));
  if (statement.kind === 'insert') refuse(problemOfValues(statement.item));
  return statement;
}
