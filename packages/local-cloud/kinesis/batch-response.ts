// Reads the answer of a function to a batch of records: all done, all failed, or done up to a record.

import { failedItems } from '../lambda/batch-response.ts';

/** `from`: index of the first record that is to come again. */
export type BatchOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'partial'; readonly from: number };

/** Of several records that are reported, the lowest counts, as those after it come again too. */
export function readResponse(response: string, sequenceNumbers: () => readonly string[]): BatchOutcome {
  const failed = failedItems(response, sequenceNumbers);
  if (!failed) return { kind: 'failed' };
  return failed.length === 0 ? { kind: 'done' } : { kind: 'partial', from: Math.min(...failed) };
}
