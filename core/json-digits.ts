// A double cannot hold every JSON number: stored numbers must keep their digits, and a tiny number must not become zero.

interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
}
/** ES2026, in Node 21 and later; TypeScript's types do not have it yet. */
const json = JSON as unknown as JsonWithSource;

/** Zero beyond the fifteenth decimal; no factor that a format applies makes it a measurement. */
const UNDERFLOW = 1e-300;
const MAY_UNDERFLOW = /[eE]-\d{3}|0\.0{16}/;
const NON_ZERO = /^[^eE]*[1-9]/;
const MAY_HAVE_LONG_ID = /"id"\s*:\s*-?\d{16}/;
const WHOLE = /^-?\d+$/;

/**
 * Parses JSON text, with two exceptions. A number that is not zero but whose double is zero, such as 1e-999, becomes a tiny
 * number that is skipped as `underflow`. A whole number called `id` that a double cannot hold becomes text, because 64-bit
 * ids that differ in their last digits are different ids. Throws as JSON.parse does.
 */
export function parseJson(text: string): unknown {
  if (!MAY_UNDERFLOW.test(text) && !MAY_HAVE_LONG_ID.test(text)) return JSON.parse(text);
  return parseWith(text, (value, source, name) => {
    if (value === 0 && NON_ZERO.test(source)) return UNDERFLOW;
    return name === 'id' && WHOLE.test(source) && !Number.isSafeInteger(value) ? source : value;
  });
}

/**
 * Parses JSON text; a number whose double prints differently becomes an object that `JSON.stringify` writes as it came.
 * For storage only: nothing computes with such numbers. Throws as JSON.parse does.
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
    // Nested thousands of levels deep: visiting each value overflows the stack, so its numbers stay doubles.
    return JSON.parse(text);
  }
}

/** Whether a value is a number that `parseWithDigits` kept as text. */
export const isKeptNumber = (value: unknown) => json.isRawJSON(value);
