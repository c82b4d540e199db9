// Schemas for texts that stored rules and requests share.

import * as z from 'zod/mini';

/** Text that must match the pattern; `what` completes "must be". */
export const matching = (pattern: RegExp, what: string) =>
  z.string().check(z.regex(pattern, `must be ${what}`));

export const ruleId = matching(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/, 'an id: 1 to 64 letters, digits, _ or -');

export const metricName = matching(
  /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
  'the name of a metric: a letter, then letters, digits or _, at most 64',
);

/** Half of a surrogate pair is not text that a table could store. */
export const isUnicode = z.refine<string>((text) => text.isWellFormed(), 'must be Unicode text');
