// The form of a mapping, stored and in requests; whether its expression is JSONata is checked beside it.

import * as z from 'zod/mini';
import { MAX_EXPRESSION_LENGTH } from './mapping.ts';
import { match } from './rule-schema.ts';
import { isUnicode } from './text-schema.ts';

export const mappingFields = {
  comment: z.optional(z.string().check(z.maxLength(500), isUnicode)),
  enabled: z.optional(z.boolean()),
  match: z.optional(match),
  expression: z
    .string()
    .check(z.minLength(1), z.maxLength(MAX_EXPRESSION_LENGTH), isUnicode, z.describe('JSONata')),
};

/** What is stored beside the id and the time of a version. */
export const storedMapping = z.strictObject(mappingFields);
