// The condition of a write, and what DynamoDB answers when it does not hold.

import { DynamoError, refuse } from '../error.ts';
import { problemOfExpected, testOfConditions, type LegacyConditions } from '../requests/legacy-conditions.ts';
import type { Expressions } from '../requests/expressions.ts';
import type { Item } from '../values/attribute-value.ts';

export interface Conditional {
  readonly Expected?: LegacyConditions;
  readonly ConditionalOperator?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

export const checkExpected = ({ Expected }: Conditional) => refuse(problemOfExpected(Expected));

const NOTHING: Item = {};

/** Whether the condition of the write holds for the existing item. */
export function isAllowed(
  { Expected, ConditionalOperator }: Conditional,
  { condition, values }: Expressions,
  existing: Item | undefined,
): boolean {
  if (condition) return condition.run(existing ?? NOTHING, values);
  return !Expected || testOfConditions(Expected, ConditionalOperator)(existing ?? NOTHING, values);
}

/** @throws ConditionalCheckFailedException, with the item if the request wants it */
export function requireCondition(
  request: Conditional,
  expressions: Expressions,
  existing: Item | undefined,
): void {
  if (isAllowed(request, expressions, existing)) return;
  const Item = request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? existing : undefined;
  throw new DynamoError('ConditionalCheckFailedException', 'The conditional request failed', { Item });
}

/** Whether the write depends on the existing item. */
export const hasCondition = ({ Expected }: Conditional, { condition }: Expressions): boolean =>
  condition !== undefined || Expected !== undefined;
