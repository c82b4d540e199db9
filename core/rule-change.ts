// How a rule changes if people replace it or patch some of its fields.

import { mergePatch } from './merge-patch.ts';
import type { RuleData } from './rule-data.ts';
import { faultsOf } from './rule-faults.ts';
import { ruleBody } from './rule-schema.ts';
import { formFaults, type FormFault } from './schema-faults.ts';

/** Severity and recipients: leaving them out of a replacement does not remove them. */
export const KEPT_FIELDS = ['severity', 'channels'] as const;
export type KeptField = (typeof KEPT_FIELDS)[number];

export interface ChangedRule {
  readonly rule: RuleData;
  /** Fields kept from the rule before. */
  readonly kept: readonly KeptField[];
}

/** A whole rule in place of `before`; it keeps the severity and the channels of `before` unless it sets its own. */
export function replacedRule(
  id: string,
  body: Omit<RuleData, 'id'>,
  before: RuleData | undefined,
): ChangedRule {
  const kept = KEPT_FIELDS.filter((name) => {
    if (body[name] !== undefined || before?.[name] === undefined) return false;
    // Each level has its own severity.
    return name !== 'severity' || body.levels === undefined;
  });
  const more = Object.fromEntries(kept.map((name) => [name, before?.[name]]));
  return { rule: { ...more, ...body, id }, kept };
}

/** The rule with a merge patch applied, or what is wrong with the result. */
export function patchedRule(
  before: RuleData,
  patch: unknown,
): { readonly rule: RuleData } | { readonly faults: readonly FormFault[] } {
  const merged = mergePatch(before, patch) as object;
  const faults = formFaults(ruleBody, merged);
  if (faults.length > 0) return { faults };
  const rule = { ...merged, id: before.id } as RuleData;
  return { rule };
}

/** All faults of a rule whose form is valid, including its name: `said` is the id in the request's body, if any. */
export function ruleFaults(rule: RuleData, said: string | undefined): FormFault[] {
  const faults: FormFault[] = faultsOf(rule);
  if (said !== undefined && said !== rule.id)
    faults.push({ name: 'id', detail: `must be ${rule.id}, as in the path` });
  return faults;
}
