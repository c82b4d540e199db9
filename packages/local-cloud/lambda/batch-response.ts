// Reads the answer of a function that reports batch item failures, for every kind of event source.

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * Places in `identifiers`, which is called only when some failed, of the items that failed; undefined when the whole batch did. An empty or absent list is success;
 * an identifier that is empty, missing, or no item of the batch makes the whole batch fail.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function failedItems(
  response: string,
  identifiers: () => readonly string[],
): readonly number[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(response);
  } catch {
    return undefined;
  }
  if (!isObject(answer)) return answer === null || answer === '' ? [] : undefined;
  const items = answer['batchItemFailures'];
  if (items === undefined || items === null) return [];
  if (!Array.isArray(items)) return undefined;
  if (items.length === 0) return [];
  const known = identifiers();
  const places = items.map((item: unknown) =>
    isObject(item) ? known.indexOf(String(item['itemIdentifier'])) : -1,
  );
  return places.includes(-1) ? undefined : places;
}
