// The checks of values in the support table.

import type { Value } from './evaluate.ts';

/** The values that a property may have, and their description for people. */
export interface Check {
  readonly describe: string;
  readonly accepts: (text: string, value: Value) => boolean;
}

/**
 * Property paths are joined by dots; `*` stands for each item of a list or each key, a final `**` for all below.
 */
export interface TypeSupport {
  readonly honours: Readonly<Record<string, Check>>;
  /** Paths of properties that are accepted without effect, with the reason. */
  readonly ignores: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
}

/** The entry of one resource type. */
export interface ResourceSupport {
  readonly properties: TypeSupport;
  readonly metadata?: TypeSupport;
}

const scalar = (describe: string, accepts: (text: string) => boolean): Check => ({
  describe,
  accepts: (text, value) => value.kind === 'scalar' && accepts(text),
});

/** Any value: another part of the local cloud checks it, and names its line. */
export const checkedBy = (part: string): Check => ({ describe: `checked by ${part}`, accepts: () => true });
export const text = scalar('text', () => true);
export const flag = scalar('true or false', (found) => found === 'true' || found === 'false');
export const oneOf = (...allowed: readonly string[]) =>
  scalar(allowed.join(' or '), (found) => allowed.includes(found));
/** As `oneOf`, in upper or lower case. */
export const anyCase = (...allowed: readonly string[]) =>
  scalar(allowed.join(' or '), (found) => allowed.includes(found.toUpperCase()));
export const whole = (least: number, most: number) =>
  scalar(
    `a whole number from ${least} to ${most}`,
    (found) => /^\d+$/.test(found) && +found >= least && +found <= most,
  );
/** A limit that AWS disables with -1. */
export const wholeOrEndless = (least: number, most: number) =>
  scalar(
    `-1 or a whole number from ${least} to ${most}`,
    (found) => found === '-1' || (/^\d+$/.test(found) && +found >= least && +found <= most),
  );

/** A type that has no effect here at all. */
export const unchecked = (reason: string): ResourceSupport => ({
  properties: { honours: {}, ignores: { '**': reason } },
});
