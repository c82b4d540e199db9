// The form of a mapping, stored and in requests; whether its expression is JSONata is checked beside it.

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
        z.describe('JSONata; without it the formats read, and units and celsius hold for what they give'),
      ),
  ),
  units: z.optional(
    z
      .record(metricName, unit)
      .check(z.describe('Units of metrics, such as {"temperature": "°C"}, whatever the messages say')),
  ),
  celsius: z.optional(z.boolean().check(z.describe('Convert what is in Fahrenheit or Kelvin to Celsius'))),
};

/** What is stored beside the id and the time of a version. */
export const storedMapping = z.strictObject(mappingFields);

/** What is tried of a request: with or without what a request has beside it. */
export const triedMapping = z.object(mappingFields);
