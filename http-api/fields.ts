// Parameters and parts of answers that several routes share.

import * as z from 'zod/mini';
import { parseTimestamp } from '../core/timestamp.ts';
import { isUnicode, matching } from '../core/text-schema.ts';

/** Text that stands for a value. `schema` describes it to readers, in the words of JSON Schema. */
function textFor<Value>(
  read: (text: string) => { readonly value: Value } | { readonly problem: string },
  schema: Readonly<Record<string, unknown>>,
) {
  const convert = (text: string, context: { issues: unknown[] }): Value => {
    const found = read(text);
    if ('value' in found) return found.value;
    context.issues.push({ code: 'custom', input: text, message: found.problem });
    return z.NEVER;
  };
  return z.pipe(z.string(), z.transform(convert)).check(z.meta(schema));
}

/** As topics have it: more than things may be called, since the account itself can publish for any name. */
export const deviceId = matching(/^[^#+/]{1,128}$/, 'a device id: 1 to 128 characters without #, + and /');

/** A point in time, given as ISO 8601 (UTC without an offset), epoch milliseconds or epoch seconds; gives milliseconds. */
export const timeText = textFor(
  (text) => {
    const found = parseTimestamp(/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
    if ('ms' in found) return { value: found.ms };
    return { problem: `must be a time, as ISO 8601 or epoch milliseconds: ${found.detail}` };
  },
  { examples: ['2026-11-20T13:00:00Z', '1790000000000'] },
);

/** What people say. */
export const remark = z.string().check(z.minLength(1), z.maxLength(500), isUnicode);

/** How many things a page has at most; without it a route takes `usual`. */
export const pageLimit = (usual: number, most: number) =>
  z.optional(
    textFor(
      (text) => {
        const value = Number(text);
        const fits = /^\d{1,6}$/.test(text) && value >= 1 && value <= most;
        return fits ? { value } : { problem: `must be a whole number from 1 to ${most}` };
      },
      { type: 'integer', minimum: 1, maximum: most, default: usual },
    ),
  );

/** In answers. */
export const time = z.int().check(z.describe('Epoch milliseconds'));

/** A point in time in a body, as text or number; gives epoch milliseconds. */
export const timeValue = z.pipe(
  z.union([z.string(), z.number()], 'must be a time, as ISO 8601 or epoch milliseconds'),
  z.transform((value, context): number => {
    const found = parseTimestamp(value);
    if ('ms' in found) return found.ms;
    const message = `must be a time, as ISO 8601 or epoch milliseconds: ${found.detail}`;
    context.issues.push({ code: 'custom', input: value, message });
    return z.NEVER;
  }),
);
