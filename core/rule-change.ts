// What becomes of a rule when people put another in its place, or change some of its fields.

import { mergePatch } from './merge-patch.ts';
import type { RuleData } from './rule-data.ts';
import { faultsOf } from './rule-faults.ts';
import { ruleBody } from './rule-schema.ts';
import { formFaults, type FormFault } from './schema-faults.ts';

/** Whom a rule tells, and how loudly: nobody loses that by leaving it out. */
export const KEPT_FIELDS = ['severity', 'channels'] as const;
export type KeptField = (typeof KEPT_FIELDS)[number];

export interface ChangedRule {
  readonly rule: RuleData;
  /** Fields that it has from the rule before. */
  readonly kept: readonly KeptField[];
}

/** A whole rule in the place of `before`, whose severity and channels it keeps unless it says others. */
export function replacedRule(
  id: string,
  body: Omit<RuleData, 'id'>,
  before: RuleData | undefined,
): ChangedRule {
  const kept = KEPT_FIELDS.filter((name) => {
    if (body[name] !== undefined || before?.[name] === undefined) return false;
    // Each level has a severity of its own.
    return name !== 'severity' || body.levels === undefined;
  });
  const more = Object.fromEntries(kept.map((name) => [name, before?.[name]]));
  return { rule: { ...more, ...body, id }, kept };
}

/** The rule with the fields of a merge patch, or what is wrong with it then. */
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

/** All that is wrong with a rule whose form is right, its name too: `said` is the id that its body has, if any. */
export function ruleFaults(rule: RuleData, said: string | undefined): FormFault[] {
  const faults: FormFault[] = faultsOf(rule);
  if (said !== undefined && said !== rule.id)
    faults.push({ name: 'id', detail: `must be ${rule.id}, as in the path` });
  return faults;
}
