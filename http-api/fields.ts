// Parameters and parts of answers that are shared by several routes.

import * as z from 'zod/mini';
import { durationOf } from '../core/duration.ts';
import { parseTimeText, TIME_EXAMPLES } from '../core/time-text.ts';
import { isUnicode, matching } from '../core/text-schema.ts';

/** Text that is parsed into a value. `schema` describes it in JSON Schema. */
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

/** As in topics. It allows more than thing names, because the account itself can publish for any name. */
export const deviceId = matching(/^[^#+/]{1,128}$/, 'a device id: 1 to 128 characters without #, + and /');

/** Epoch milliseconds, the base of relative times such as `-1h`. */
type Now = () => number;

type TimeFound = { readonly value: number } | { readonly problem: string };

const timeOf = (given: string | number, now: number): TimeFound => {
  const found = parseTimeText(String(given), now);
  if ('ms' in found) return { value: found.ms };
  const { problem } = found;
  return {
    problem: problem.startsWith('is not ') ? `must be ${problem.slice(7)}` : `must be a time, but ${problem}`,
  };
};

/** A point in time in a query, as people write it (core/time-text.ts); gives epoch milliseconds. */
export const timeText = (now: Now) =>
  textFor((text) => timeOf(text, now()), { examples: [...TIME_EXAMPLES, '1790000000000'] });

/** A comment by a user. */
export const remark = z.string().check(z.minLength(1), z.maxLength(500), isUnicode);

/** A parameter that is repeated for each of its values. */
export const listOf = <Item extends z.ZodMiniType>(item: Item, most: number) =>
  z.array(item).check(z.minLength(1), z.maxLength(most));

/** `*` matches any text. */
const pattern = z.optional(
  z.string().check(z.minLength(1), z.maxLength(128), z.meta({ examples: ['seattle', 'store-*'] })),
);

/** Filters for devices. */
export const matchFields = { site: pattern, type: pattern, group: pattern };

/** Most entries on a page; the default is `usual`. */
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

/** A time in answers. */
export const time = z.int().check(z.describe('Epoch milliseconds'));

/** Where the values of a span come from. */
export const source = z.strictObject({ from: time, to: time, source: z.enum(['archive', 'table', 'gone']) });

/** A future time in a body: as `timeText`, as a number, or as a span from now such as `2h`. */
export const timeAhead = (now: Now) =>
  z
    .pipe(
      z.union([z.string(), z.number()], 'must be a time, or a span such as 2h'),
      z.transform((given, context): number => {
        const span = durationOf(String(given).trim());
        const found = span === undefined ? timeOf(given, now()) : { value: now() + span };
        if ('value' in found) return found.value;
        const message = `${found.problem}, or a span such as 2h`;
        context.issues.push({ code: 'custom', input: given, message });
        return z.NEVER;
      }),
    )
    .check(z.meta({ examples: ['2h', '2026-11-20 18:00 Europe/Berlin', 1_790_000_000_000] }));
