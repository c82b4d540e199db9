// How the support table says what a property may hold.

import type { Value } from './evaluate.ts';

/** What a property may hold, and how a person reads that. */
export interface Check {
  readonly describe: string;
  readonly accepts: (text: string, value: Value) => boolean;
}

/**
 * Property paths are joined by dots; `*` stands for each item of a list or each key, a final `**` for all below.
 */
export interface TypeSupport {
  readonly honours: Readonly<Record<string, Check>>;
  /** Path to the reason why it has no effect on one machine. */
  readonly ignores: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
}

/** What the table has for one resource type. */
export interface ResourceSupport {
  readonly properties: TypeSupport;
  readonly metadata?: TypeSupport;
}

const scalar = (describe: string, accepts: (text: string) => boolean): Check => ({
  describe,
  accepts: (text, value) => value.kind === 'scalar' && accepts(text),
});

/** For what another part of the local cloud reads, and refuses by line. */
export const checkedBy = (part: string): Check => ({ describe: `checked by ${part}`, accepts: () => true });
export const text = scalar('text', () => true);
export const flag = scalar('true or false', (found) => found === 'true' || found === 'false');
export const oneOf = (...allowed: readonly string[]) =>
  scalar(allowed.join(' or '), (found) => allowed.includes(found));
/** As `oneOf`, in capitals or small letters. */
export const anyCase = (...allowed: readonly string[]) =>
  scalar(allowed.join(' or '), (found) => allowed.includes(found.toUpperCase()));
export const whole = (least: number, most: number) =>
  scalar(
    `a whole number from ${least} to ${most}`,
    (found) => /^\d+$/.test(found) && +found >= least && +found <= most,
  );
/** For limits that AWS lifts with -1. */
export const wholeOrEndless = (least: number, most: number) =>
  scalar(
    `-1 or a whole number from ${least} to ${most}`,
    (found) => found === '-1' || (/^\d+$/.test(found) && +found >= least && +found <= most),
  );

/** For a type of which nothing has an effect here. */
export const unchecked = (reason: string): ResourceSupport => ({
  properties: { honours: {}, ignores: { '**': reason } },
});
