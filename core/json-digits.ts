// What is kept to look at or to replay must be what came: a double has not the digits of every number that JSON can write.

interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
/** Of ES2026, and in Node 21 and later: the types of TypeScript have none of it. */
const json = JSON as unknown as JsonWithSource;

/**
 * Parses JSON text; a number whose double is written otherwise becomes an object that `JSON.stringify` writes as it came.
 * For keeping only: nothing is computed with such numbers. Throws as JSON.parse does.
 */
export function parseWithDigits(text: string): unknown {
  try {
    return json.parse(text, (_name, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source
        ? json.rawJSON(source)
        : value,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Thousands of levels deep, where looking at each value overflows the stack: kept, with its numbers as doubles.
    return JSON.parse(text);
  }
}

/** Whether a value is such a number. */
export const isKeptNumber = (value: unknown) => json.isRawJSON(value);
