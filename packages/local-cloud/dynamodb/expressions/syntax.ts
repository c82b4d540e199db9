// The syntax trees of expressions.

import type { AttributeValue, Path } from '../values/attribute-value.ts';

export interface PathNode {
  readonly type: 'path';
  readonly path: Path;
}

/** Refers to a value of the request by its name. */
export interface ValueNode {
  readonly type: 'value';
  readonly name: string;
  /** The type of the request's value, such as `N`. */
  readonly valueType: string;
}

export interface CallNode {
  readonly type: 'call';
  /** A function, or `+` and `-`. */
  readonly name: string;
  readonly args: readonly Operand[];
  /** The type of its result, if known. */
  readonly valueType?: string | undefined;
}

export type Operand = PathNode | ValueNode | CallNode;

export interface TestNode {
  readonly type: 'test';
  /** A comparison such as `<=`, `between` or `in`. */
  readonly name: string;
  readonly args: readonly Operand[];
}

interface LogicNode<Type extends string> {
  readonly type: Type;
  readonly args: readonly Condition[];
}

export type Condition = TestNode | CallNode | LogicNode<'and'> | LogicNode<'or'> | LogicNode<'not'>;

export type Section =
  | { readonly type: 'set'; readonly path: Path; readonly value: Operand }
  | { readonly type: 'remove'; readonly path: Path }
  | SetSection;

/** Adds to a number or a set, or deletes from a set. */
export interface SetSection {
  readonly type: 'add' | 'delete';
  readonly path: Path;
  readonly value: ValueNode;
}

export type Values = Readonly<Record<string, AttributeValue>>;

/** Checks a request's values, which may differ from those that the expression was parsed with. @returns a problem */
export type LateCheck = (values: Values) => string | undefined;

export interface Parsed<Tree> {
  readonly tree: Tree;
  /** Attributes of which the expression names a member. */
  readonly nestedPaths: ReadonlySet<string>;
  /** All attributes of the expression. */
  readonly pathHeads: ReadonlySet<string>;
  readonly lateChecks: readonly LateCheck[];
}
