// A double has not every number that JSON can write: what is kept must be what came, and what is not zero must not count as zero.

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

/** Zero beyond the fifteenth decimal, and nothing that a format multiplies it by makes it a measurement. */
const UNDERFLOW = 1e-300;
const MAY_UNDERFLOW = /[eE]-\d{3}|0\.0{16}/;
const NON_ZERO = /^[^eE]*[1-9]/;
const MAY_HAVE_LONG_ID = /"id"\s*:\s*-?\d{16}/;
const WHOLE = /^-?\d+$/;

/**
 * Parses JSON text; a number that is not zero and whose double is zero, such as 1e-999, becomes one that is so small that it
 * is skipped as `underflow`, and a whole number called `id` that a double cannot hold becomes text, as ids of 64 bits that
 * differ in their last digits are different ids. Throws as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  if (!MAY_UNDERFLOW.test(text) && !MAY_HAVE_LONG_ID.test(text)) return JSON.parse(text);
  return parseWith(text, (value, source, name) => {
    if (value === 0 && NON_ZERO.test(source)) return UNDERFLOW;
    return name === 'id' && WHOLE.test(source) && !Number.isSafeInteger(value) ? source : value;
  });
}

/**
 * Parses JSON text; a number whose double is written otherwise becomes an object that `JSON.stringify` writes as it came.
 * For keeping only: nothing is computed with such numbers. Throws as JSON.parse does.
 */
export function parseWithDigits(text: string): unknown {
  return parseWith(text, (value, source) => (String(value) === source ? value : json.rawJSON(source)));
}

function parseWith(text: string, read: (value: number, source: string, name: string) => unknown): unknown {
  try {
    return json.parse(text, (name, value, { source }) =>
      typeof value === 'number' && source !== undefined ? read(value, source, name) : value,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Thousands of levels deep, where looking at each value overflows the stack: with its numbers as doubles.
    return JSON.parse(text);
  }
}

/** Whether a value is such a number. */
export const isKeptNumber = (value: unknown) => json.isRawJSON(value);
