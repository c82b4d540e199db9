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

/** Whether the write may be done on the item that is there. */
export function isAllowed(
  { Expected, ConditionalOperator }: Conditional,
  { condition, values }: Expressions,
  existing: Item | undefined,
): boolean {
  if (condition) return condition.run(existing ?? NOTHING, values);
  return !Expected || testOfConditions(Expected, ConditionalOperator)(existing ?? NOTHING, values);
}

/** @throws ConditionalCheckFailedException, with the item where the request asks for it */
export function requireCondition(
  request: Conditional,
  expressions: Expressions,
  existing: Item | undefined,
): void {
  if (isAllowed(request, expressions, existing)) return;
  const Item = request.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? existing : undefined;
  throw new DynamoError('ConditionalCheckFailedException', 'The conditional request failed', { Item });
}

/** Whether the item that is there decides about the write. */
export const hasCondition = ({ Expected }: Conditional, { condition }: Expressions): boolean =>
  condition !== undefined || Expected !== undefined;
