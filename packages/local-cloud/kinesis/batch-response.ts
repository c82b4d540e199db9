// What a function's answer says of its batch: done, failed whole, or done up to a record.

/** `from`: index of the first record that is to come again. */
export type BatchOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'partial'; readonly from: number };

const done: BatchOutcome = { kind: 'done' };
const failed: BatchOutcome = { kind: 'failed' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * Reads the response of a function that reports items. An empty or absent list is success; an identifier that is empty,
 * missing, or no record of the batch makes the whole batch fail; of several, the lowest counts.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function readResponse(response: string, sequenceNumbers: readonly string[]): BatchOutcome {
  let answer: unknown;
  try {
    answer = JSON.parse(response);
  } catch {
    return failed;
  }
  if (!isObject(answer)) return answer === null || answer === '' ? done : failed;
  const items = answer['batchItemFailures'];
  if (items === undefined || items === null) return done;
  if (!Array.isArray(items)) return failed;
  const places = items.map((item: unknown) =>
    isObject(item) ? sequenceNumbers.indexOf(String(item['itemIdentifier'])) : -1,
  );
  if (places.length === 0) return done;
  const from = places.reduce((least, place) => Math.min(least, place), Infinity);
  return from < 0 ? failed : { kind: 'partial', from };
}
