// Checks names, attributes and units of things in options and tables.

import {
  ATTRIBUTE_RULE,
  attributeNameProblem,
  attributeValueProblem,
  MAX_ATTRIBUTE_LENGTH,
  nameProblem,
} from '../core/thing-names.ts';
import { OnboardingError } from './onboarding-error.ts';

const UNIT_RULE = 'metric=unit, such as temperature=C or humidity=percent';

export function checkName(what: string, name: string): string {
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new OnboardingError(`${what} ${JSON.stringify(name)} ${problem}`);
}

export function parseAttributes(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    if (attributeNameProblem(name) === undefined && attributeValueProblem(value) === undefined)
      return [name, value] as const;
    throw new OnboardingError(
      `--attr ${JSON.stringify(pair)} is not allowed: name=value, of ${ATTRIBUTE_RULE}`,
    );
  });
  return Object.fromEntries(entries);
}

const PLAIN_MARKS: Readonly<Record<string, string>> = {
  ...{ '°': '', '%': 'percent', µ: 'u', μ: 'u', '²': '2', '³': '3', Ω: 'Ohm' },
};

/** One metric of the attribute `units`; undefined if it is not valid. */
function unitPart(pair: string, between: RegExp): string | undefined {
  const [, metric, text = ''] = between.exec(pair) ?? [];
  const spelling = text.replaceAll(/[°%µμ²³Ω]/g, (mark) => PLAIN_MARKS[mark] ?? mark);
  return metric !== undefined && /^[a-zA-Z0-9_.@/#-]{1,16}$/.test(spelling)
    ? `${metric}:${spelling}`
    : undefined;
}

/** The thing attribute `units`, which cannot have `°` or `%`: `temperature:C,humidity:percent`. */
export function parseUnits(pairs: readonly string[]): Record<string, string> {
  const parts = pairs.map((pair) => {
    const part = unitPart(pair, /^([A-Za-z][A-Za-z0-9_]{0,63})=(.+)$/);
    if (part !== undefined) return part;
    throw new OnboardingError(`--unit ${JSON.stringify(pair)} is not allowed: ${UNIT_RULE}`);
  });
  if (parts.length === 0) return {};
  const units = parts.join(',');
  if (units.length <= MAX_ATTRIBUTE_LENGTH) return { units };
  throw new OnboardingError(
    `--unit: together they are longer than the ${MAX_ATTRIBUTE_LENGTH} characters of an attribute`,
  );
}

/** The same from one cell: `temperature=C; humidity=%`, with `=` or `:`, separated by commas, semicolons or spaces. */
export function unitsOf(cell: string): { readonly units: string } | { readonly problem: string } {
  const pairs = cell.split(/[,;\s]+/).filter((pair) => pair !== '');
  const parts = pairs.map((pair) => unitPart(pair, /^([A-Za-z][A-Za-z0-9_]{0,63})[=:](.+)$/));
  const wrong = pairs.find((_, at) => parts[at] === undefined);
  if (wrong !== undefined) return { problem: `has ${JSON.stringify(wrong)}: write ${UNIT_RULE}` };
  const units = parts.join(',');
  return units.length <= MAX_ATTRIBUTE_LENGTH
    ? { units }
    : { problem: `is longer than the ${MAX_ATTRIBUTE_LENGTH} characters of an attribute` };
}
