// The statements of a role's policies as they are written: which parts nothing uses, and which are wildcards.

import { parsePattern } from '../policies/pattern.ts';
import type { Need } from './need.ts';
import type { PolicySource, StatementPlaces } from './role-source.ts';

/** An action or a resource of a statement that no call needed. */
export interface Unused {
  readonly role: string;
  readonly at: string;
  readonly statementAt: string;
  readonly sid: string;
  readonly part: 'action' | 'resource';
  readonly value: string;
}

export interface Wildcard {
  readonly role: string;
  readonly at: string;
  readonly statementAt: string;
  readonly value: string;
}

interface JsonStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
}

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** One statement as it is written, with what it decided. */
export interface Written {
  readonly role: string;
  readonly key: string;
  readonly statement: JsonStatement;
  readonly places: StatementPlaces;
}

export function statementsOf(role: string, policies: readonly PolicySource[]): Written[] {
  return policies.flatMap(({ name, document, places }) => {
    const { Statement: found } = JSON.parse(document) as { Statement: JsonStatement | JsonStatement[] };
    return [found].flat().map((statement, index) => ({
      role,
      key: `${name}#${index + 1}`,
      statement,
      places: places[index]!,
    }));
  });
}

function covers(text: string, value: string): boolean {
  const bound = parsePattern(text).bind((key) => `\${${key}}`);
  return 'test' in bound && bound.test(value);
}

/** The parts of a statement that none of the needs uses. @param needs those that this statement decided */
export function unusedOf({ role, statement, places }: Written, needs: readonly Need[]): Unused[] {
  const unused = (
    part: Unused['part'],
    values: readonly string[],
    at: readonly string[],
    isUsed: (value: string) => boolean,
  ): Unused[] =>
    values.flatMap((value, index) =>
      isUsed(value)
        ? []
        : [{ role, at: at[index]!, statementAt: places.at, sid: statement.Sid ?? '', part, value }],
    );
  return [
    ...unused('action', listOf(statement.Action), places.actions, (value) =>
      needs.some(({ action }) => covers(value.toLowerCase(), action.toLowerCase())),
    ),
    // Where no action is used, its resources are unused too: they are not listed again.
    ...(needs.length === 0
      ? []
      : unused('resource', listOf(statement.Resource), places.resources, (value) =>
          needs.some(({ resource }) => covers(value, resource)),
        )),
  ];
}

/** A resource that names nothing before its first wildcard: `*`, `thing/*`, `bucket/*`; but not `bucket/raw/*`. */
function isOpenResource(value: string): boolean {
  if (!value.startsWith('arn:')) return /[*?]/.test(value);
  const name = value.split(':').slice(5).join(':');
  return /^(?:[^*?/:]+[/:])?[*?]/.test(name);
}

const isOpenAction = (value: string) => /[*?]/.test(value);

export function wildcardsOf({ role, statement, places }: Written): Wildcard[] {
  if (statement.Effect !== 'Allow') return [];
  const found = (
    values: readonly string[],
    at: readonly string[],
    isOpen: (value: string) => boolean,
  ): Wildcard[] =>
    values.flatMap((value, index) =>
      isOpen(value) ? [{ role, at: at[index]!, statementAt: places.at, value }] : [],
    );
  return [
    ...found(listOf(statement.Action), places.actions, isOpenAction),
    ...found(listOf(statement.Resource), places.resources, isOpenResource),
  ];
}
