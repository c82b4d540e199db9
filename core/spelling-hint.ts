// Says when a rule passes over a metric only because of how it is spelled, and what a mapping can do about it.

import { isLimitRule, matches, type AlertRule, type Subject } from './alert-rule.ts';
import { isSpellingOf } from './spelling.ts';

/** The name that is nearly what the rule judges; undefined where the rule judges one of the names, or none is like it. */
export function spelledOtherwise(rule: AlertRule, names: readonly string[]): string | undefined {
  const metric = 'metric' in rule ? rule.metric : undefined;
  const isAny = isLimitRule(rule) && rule.anySpelling;
  if (metric === undefined || isAny || names.includes(metric)) return undefined;
  return names.find((name) => isSpellingOf(metric, name));
}

/**
 * Sentences about the metrics that a mapping makes of a message. `subject` is absent for a payload of no known device: then it
 * may be of any that a rule matches.
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
      `Rule \`${id}\` judges \`${metric}\`, and this makes \`${name}\`: name it \`${metric}\` in the expression, or set \`anySpelling\` in the rule`,
    ];
  });
}

/** A line of the archive has neither the type nor the groups of its device. */
function withoutRegistry({ site, device }: NonNullable<AlertRule['match']>) {
  return { ...(site !== undefined && { site }), ...(device !== undefined && { device }) };
}
