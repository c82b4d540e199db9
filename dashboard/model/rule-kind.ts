// The kinds of rules that the form can edit as a sentence: a limit, a predicted limit, unusual behaviour. Converts one into another.

import type { Rule } from './api-types.ts';
import { numberText } from './format.ts';

export type Draft = Omit<Rule, 'id'>;
export type RuleKind = 'limit' | 'predicted' | 'unusual';

/** The names in the form. */
export const RULE_KINDS: Readonly<Record<RuleKind, string>> = {
  limit: 'is',
  predicted: 'will be',
  unusual: 'is unusual',
};

export const kindOf = ({ predicted, unusual }: Draft): RuleKind =>
  predicted ? 'predicted' : unusual ? 'unusual' : 'limit';

export const metricOf = ({ metric, predicted, unusual }: Draft): string =>
  metric ?? predicted?.metric ?? unusual?.metric ?? '';

type Limits = Pick<Draft, 'above' | 'below'>;
export const sideOf = ({ above, below }: Limits) =>
  above !== undefined || below === undefined ? 'above' : 'below';
export const limitOf = (limits: Limits) => limits.above ?? limits.below;

const MADE: Readonly<Record<RuleKind, (metric: string, limits: Limits) => Draft>> = {
  limit: (metric, limits) => ({ metric, ...limits }),
  predicted: (metric, limits) => ({ predicted: { metric, ...limits, within: '30m' } }),
  unusual: (metric) => ({ unusual: { metric } }),
};
const USUAL_LIMITS: Limits = { above: 8 };

/** The rule as one of that kind, with the same devices, metric, limit, severity and channels. */
export function asKind(draft: Draft, kind: RuleKind): Draft {
  if (kind === kindOf(draft)) return draft;
  const { match, severity, channels, enabled, comment, predicted } = draft;
  const { above, below } = predicted ?? draft;
  const limits = above === undefined && below === undefined ? USUAL_LIMITS : { above, below };
  const kept = Object.entries({ match, severity, channels, enabled, comment }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...MADE[kind](metricOf(draft), limits), ...Object.fromEntries(kept) };
}

/** The same rule about another metric. */
export function withMetric(draft: Draft, metric: string): Draft {
  const { predicted, unusual } = draft;
  if (predicted) return { ...draft, predicted: { ...predicted, metric } };
  return unusual ? { ...draft, unusual: { metric } } : { ...draft, metric };
}

const PREDICTED_FIELDS = new Set(['metric', 'above', 'below', 'within', 'defrost']);

export const isText = (value: unknown) => typeof value === 'string';

/** Whether the form has fields for the defrosts. Typed JSON may contain anything. */
function isDefrost(defrost: unknown): boolean {
  if (typeof defrost !== 'object' || defrost === null) return defrost === undefined;
  const { at, timeZone, every, from, lasts, metric } = defrost as Readonly<Record<string, unknown>>;
  if (lasts !== undefined && !isText(lasts)) return false;
  if ('at' in defrost) return Array.isArray(at) && at.every(isText) && isText(timeZone);
  return 'every' in defrost ? isText(every) && (isText(from) || typeof from === 'number') : isText(metric);
}

/** Whether the form has fields for all that is special to the kind: one limit, on one side. */
export function fitsForm({ predicted, unusual }: Draft): boolean {
  if (predicted && unusual) return false;
  if (unusual) return isText(unusual.metric) && Object.keys(unusual).every((name) => name === 'metric');
  if (!predicted) return false;
  const { above, below, defrost } = predicted;
  return (
    (above === undefined) !== (below === undefined) &&
    typeof limitOf(predicted) === 'number' &&
    isText(predicted.metric) &&
    isDefrost(defrost) &&
    Object.keys(predicted).every((name) => PREDICTED_FIELDS.has(name))
  );
}

/** An example of a notification, and how long the rule learns first, such as `Sends, for example: temperature 6.4 °C, above its normal band ...`. */
export function previewText(draft: Draft, unit?: string): string | undefined {
  if (!fitsForm(draft)) return undefined;
  const { predicted, unusual, severity = 'major' } = draft;
  if (unusual)
    return `Sends, for example: “${unusual.metric}: warmer and runs longer: it loses cold”. It learns for four days before it sends anything.`;
  const limit = predicted && limitOf(predicted);
  if (!predicted || limit === undefined) return undefined;
  const ahead = `“${predicted.metric}: ${sideOf(predicted)} its normal band for 12 minutes; ${numberText(limit, unit, true)}${unit === undefined ? '' : ` ${unit}`} in about 25 minutes at this rate”`;
  return `Sends, for example: ${ahead}. It is ${severity} if the limit is expected within ${predicted.within ?? '30m'}, otherwise one severity lower. It learns for two days before it sends anything.`;
}
