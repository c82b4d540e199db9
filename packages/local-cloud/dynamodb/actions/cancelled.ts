// The reasons why a transaction was cancelled: one for each of its actions, in their order.

import { DynamoError } from '../error.ts';
import type { Item } from '../values/attribute-value.ts';

export interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item | undefined;
}

export const NONE: Reason = { Code: 'None' };

/** An error as a reason. @throws the error if it is not one of DynamoDB's */
export function reasonOf(error: unknown): Reason {
  if (!(error instanceof DynamoError)) throw error;
  return { Code: 'ValidationError', Message: error.message };
}

/**
 * The reason why a key or an item does not fit the keys of the table. An empty or too large key is an error of the whole request.
 *
 * @param isOfTypes whether all key attributes are there and have their types
 * @throws ValidationException
 */
export function reasonOfKey(check: () => void, isOfTypes: boolean): Reason | undefined {
  if (isOfTypes) {
    check();
    return undefined;
  }
  try {
    check();
  } catch (error) {
    return reasonOf(error);
  }
  return undefined;
}

/** @throws TransactionCanceledException with a reason for each action */
export function requireAll(reasons: readonly Reason[]): void {
  if (reasons.every((reason) => reason === NONE)) return;
  const codes = reasons.map(({ Code }) => Code).join(', ');
  throw new DynamoError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}
