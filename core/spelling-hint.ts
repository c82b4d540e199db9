// Reports that a rule skips a metric only because of its spelling, and how a mapping or the rule can correct that.

import { isLimitRule, matches, type AlertRule, type Subject } from './alert-rule.ts';
import { isSpellingOf } from './spelling.ts';

/** The name that almost matches what the rule judges; undefined if the rule judges one of the names, or none is similar. */
export function spelledOtherwise(rule: AlertRule, names: readonly string[]): string | undefined {
  const metric = 'metric' in rule ? rule.metric : undefined;
  const isAny = isLimitRule(rule) && rule.anySpelling;
  if (metric === undefined || isAny || names.includes(metric)) return undefined;
  return names.find((name) => isSpellingOf(metric, name));
}

/**
 * Hints about the metrics that a mapping makes of a message. `subject` is absent for a payload of an unknown device, which
 * any rule may then match.
 */
export function mappingHints(
  rules: readonly AlertRule[],
  names: readonly string[],
  subject?: Subject,
): string[] {
  return rules.flatMap((rule) => {
    const { enabled = true, match } = rule;
    const name = spelledOtherwise(rule, names);
    const isOther = subject && match && !matches(withoutRegistry(match), subject);
    if (name === undefined || !enabled || isOther || !('metric' in rule)) return [];
    const { id, metric } = rule;
    return [
      `Rule \`${id}\` judges \`${metric}\`, but this gives \`${name}\`: name it \`${metric}\` in the expression, or set \`anySpelling\` in the rule`,
    ];
  });
}

/** An archived message has neither the type nor the groups of its device. */
function withoutRegistry({ site, device }: NonNullable<AlertRule['match']>) {
  return { ...(site !== undefined && { site }), ...(device !== undefined && { device }) };
}
