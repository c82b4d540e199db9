// The form of a mapping, stored and in requests; the JSONata expression itself is checked separately.

import * as z from 'zod/mini';
import { MAX_EXPRESSION_LENGTH } from './mapping.ts';
import { match } from './rule-schema.ts';
import { isUnicode, metricName } from './text-schema.ts';
import { unitOf } from './unit.ts';

const unit = z
  .string()
  .check(z.refine((text) => unitOf(text) !== undefined, 'must be a unit, such as °C, Cel or hPa'));

export const mappingFields = {
  comment: z.optional(z.string().check(z.maxLength(500), isUnicode)),
  enabled: z.optional(z.boolean()),
  match: z.optional(match),
  expression: z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(MAX_EXPRESSION_LENGTH),
        isUnicode,
        z.describe(
          'JSONata. Without it, the built-in formats read the message, and units and celsius apply to their result',
        ),
      ),
  ),
  units: z.optional(
    z
      .record(metricName, unit)
      .check(z.describe('Units of metrics, such as {"temperature": "°C"}, whatever the messages say')),
  ),
  celsius: z.optional(z.boolean().check(z.describe('Convert Fahrenheit and Kelvin to Celsius'))),
};

/** The stored fields besides the id and the time of a version. */
export const storedMapping = z.strictObject(mappingFields);

/** The fields that a trial reads from a request, which may have others. */
export const triedMapping = z.object(mappingFields);
