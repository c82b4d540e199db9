// Routes for alert rules: list, read, validate and dry run.

import * as z from 'zod/mini';
import { compileRule } from '../core/rule-data.ts';
import { rule, ruleBody } from '../core/rule-schema.ts';
import { ruleId } from '../core/text-schema.ts';
import type { DryRun } from '../pipeline/dry-run.ts';
import type { RuleStore } from '../pipeline/ports.ts';
import { UnreadableRuleError } from '../pipeline/rules.ts';
import type { SampleMetrics } from '../pipeline/sent-metrics.ts';
import { pageLimit } from './fields.ts';
import { ApiProblem, invalid } from './problem.ts';
import { changedRule, dryRun, shownChange, shownDryRun, shownRule } from './rule-answer.ts';
import { replacement, ruleEditRoutes } from './rule-edit-routes.ts';
import { route, type Route } from './route.ts';

const USUAL_HOURS = 24;
const MOST_HOURS = 168;
const HOUR_MS = 3_600_000;

const unreadableRule = z
  .strictObject({ id: z.string(), problem: z.string() })
  .check(
    z.describe(
      'A stored rule that judges nothing, for example after an edit in the table: put it again, or delete it',
    ),
  );

interface RuleParts {
  readonly rules: RuleStore;
  readonly runDry: DryRun;
  readonly sampleMetrics: SampleMetrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

function rulesRoute({ rules }: Pick<RuleParts, 'rules'>): Route {
  return route({
    method: 'GET',
    path: '/rules',
    summary: "All alert rules, including the template's",
    params: {},
    query: {},
    answer: z.strictObject({ rules: z.array(rule), unreadable: z.array(unreadableRule) }),
    run: async () => {
      const { rules: readable, unreadable } = await rules.read();
      return { rules: readable, unreadable };
    },
  });
}

function ruleRoute({ rules }: Pick<RuleParts, 'rules'>): Route {
  return route({
    method: 'GET',
    path: '/rules/{ruleId}',
    summary: 'One alert rule; the header ETag is for If-Match',
    params: { ruleId },
    query: {},
    answer: rule,
    isTagged: true,
    async run({ params: { ruleId: id } }) {
      const { rule: found, problem } = await rules.load(id);
      if (found) return shownRule(found);
      if (problem !== undefined) throw new ApiProblem(500, new UnreadableRuleError({ id, problem }).message);
      throw new ApiProblem(404, `There is no rule ${id}`);
    },
  });
}

function validationRoute({ rules, sampleMetrics }: Pick<RuleParts, 'rules' | 'sampleMetrics'>): Route {
  return route({
    method: 'POST',
    path: '/rules/{ruleId}/validate',
    summary: 'Checks a rule as a PUT would, and stores nothing',
    params: { ruleId },
    query: {},
    body: ruleBody,
    answer: changedRule,
    async run({ params: { ruleId: id }, body }) {
      const { rule: before } = await rules.load(id);
      return shownChange(replacement(id, body, before), before, sampleMetrics);
    },
  });
}

function dryRunRoute({ rules, runDry, now }: RuleParts): Route {
  return route({
    method: 'POST',
    path: '/rules/{ruleId}/dry-run',
    summary:
      'Shows the notifications that a rule would have sent in the last hours, from the stored windows. Stores nothing',
    params: { ruleId },
    query: { hours: pageLimit(USUAL_HOURS, MOST_HOURS) },
    body: ruleBody,
    answer: dryRun,
    async run({ params: { ruleId: id }, query: { hours = USUAL_HOURS }, body }) {
      const { rule: before } = await rules.load(id);
      const { rule: data } = replacement(id, body, before);
      const made = compileRule(data);
      if ('silence' in made && made.silence === 'offline') {
        const detail = 'cannot be tested in a dry run, because past connection states are not stored';
        throw invalid({ in: 'body', name: 'offlineFor', detail });
      }
      const found = await runDry(made, { from: now() - hours * HOUR_MS, to: now() });
      return shownDryRun(data, found, hours);
    },
  });
}

export const ruleRoutes = (parts: RuleParts): Route[] => [
  rulesRoute(parts),
  ruleRoute(parts),
  ...ruleEditRoutes(parts),
  validationRoute(parts),
  dryRunRoute(parts),
];
