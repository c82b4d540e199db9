// The parsed form of rules SQL.

import type { Value } from '../json/value.ts';

/** Where an expression is in the SQL text, for error messages and explanations. */
interface Span {
  /** Offset of its first character. */
  readonly at: number;
  /** Offset after its last character. */
  readonly end: number;
}

export type Expression = Span &
  (
    | { readonly kind: 'literal'; readonly value: Value }
    /** `*` as an argument: the payload as raw bytes. */
    | { readonly kind: 'star' }
    /** Without names: the whole value. */
    | { readonly kind: 'path'; readonly names: readonly string[] }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'member'; readonly of: Expression; readonly names: readonly string[] }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
    | { readonly kind: 'cast'; readonly of: Expression; readonly type: string }
    | { readonly kind: 'object'; readonly members: readonly (readonly [string, Expression])[] }
    | { readonly kind: 'array'; readonly items: readonly Expression[] }
    | { readonly kind: 'not'; readonly of: Expression }
    | {
        readonly kind: 'infix';
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | { readonly kind: 'exists'; readonly query: Query }
    | { readonly kind: 'query'; readonly query: Query }
    | {
        readonly kind: 'case';
        readonly of: Expression;
        readonly whens: readonly When[];
        readonly otherwise?: Expression;
      }
  );
/** Whether `holds` is true for some expression in a syntax tree, at any depth. */
export function someExpression(
  node: unknown,
  holds: (node: { readonly kind?: unknown; readonly name?: unknown }) => boolean,
): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return holds(node) || Object.values(node).some((part) => someExpression(part, holds));
}
export type ExpressionKind = Expression['kind'];

export interface When {
  readonly equals: Expression;
  readonly result: Expression;
}

export type SelectItem =
  /** `*` */
  | { readonly kind: 'all' }
  /** `a.b.*`, the members of an object. */
  | { readonly kind: 'spread'; readonly of: Expression }
  /** An expression and the path under which its value appears. */
  | { readonly kind: 'field'; readonly of: Expression; readonly as: readonly string[] };

export type SelectList =
  | { readonly kind: 'items'; readonly items: readonly SelectItem[] }
  | { readonly kind: 'value'; readonly of: Expression };

/** A nested query. */
export interface Query {
  readonly select: SelectList;
  readonly from: Expression;
  readonly alias?: string;
  readonly where?: Expression;
}

export interface Statement {
  readonly set: readonly { readonly name: string; readonly to: Expression }[];
  readonly select: SelectList;
  readonly from?: { readonly filter: string; readonly at: number };
  readonly where?: Expression;
}
