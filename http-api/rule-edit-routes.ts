// Routes that replace, patch or delete alert rules, without ever overwriting a concurrent change.

import * as z from 'zod/mini';
import { patchedRule, replacedRule, ruleFaults, type ChangedRule } from '../core/rule-change.ts';
import { MAX_RULES, type RuleData } from '../core/rule-data.ts';
import { ruleBody, rulePatch } from '../core/rule-schema.ts';
import type { FormFault } from '../core/schema-faults.ts';
import { ruleId } from '../core/text-schema.ts';
import type { CurrentRule, RuleStore } from '../pipeline/ports.ts';
import { UnreadableRuleError } from '../pipeline/rules.ts';
import type { SampleMetrics } from '../pipeline/sent-metrics.ts';
import { ApiProblem, invalid } from './problem.ts';
import { changedRule, requireMatch, shownChange } from './rule-answer.ts';
import { route, type Route } from './route.ts';

/** Attempts at a change when other writers are faster; few people change one rule at the same time. */
const MAX_TRIES = 5;

interface RuleParts {
  readonly rules: RuleStore;
  readonly sampleMetrics: SampleMetrics;
}

/**
 * Applies the change to the current rule, again if another writer was faster. Gives the answer, which is built before
 * the rule is stored: a rule is not stored if the answer fails.
 */
function createStore({ rules, sampleMetrics }: RuleParts) {
  return async function store(
    id: string,
    ifMatch: string | undefined,
    change: (current: CurrentRule) => ChangedRule,
  ): Promise<unknown> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const current = await rules.load(id);
      requireMatch(ifMatch, id, current.rule);
      const made = change(current);
      const answer = await shownChange(made, current.rule, sampleMetrics);
      const outcome = await rules.put(made.rule, current);
      if (outcome === 'stored') return answer;
      if (outcome === 'full') {
        const detail = `The limit of ${MAX_RULES} rules is reached: delete one, or let one rule cover more devices with its match or more limits with its levels`;
        throw new ApiProblem(409, detail);
      }
    }
    throw changedMeanwhile(id);
  };
}

function replaceRoute(parts: RuleParts): Route {
  const store = createStore(parts);
  return route({
    method: 'PUT',
    path: '/rules/{ruleId}',
    summary:
      'Creates or replaces a rule. A replaced rule keeps its severity and channels if the body has none. It takes effect within 30 seconds',
    params: { ruleId },
    query: {},
    body: ruleBody,
    answer: changedRule,
    isTagged: true,
    run: async ({ params: { ruleId: id }, body, ifMatch }) =>
      store(id, ifMatch, ({ rule }) => replacement(id, body, rule)),
  });
}

function patchRoute(parts: RuleParts): Route {
  const store = createStore(parts);
  return route({
    method: 'PATCH',
    path: '/rules/{ruleId}',
    summary:
      'Changes fields of a rule with a JSON merge patch (RFC 7396): null removes a field. A rule of the template is stored with the changes, which replaces it',
    params: { ruleId },
    query: {},
    body: rulePatch,
    answer: changedRule,
    isTagged: true,
    async run({ params: { ruleId: id }, body, ifMatch }) {
      if (Object.keys(body).length === 0)
        throw invalid({ in: 'body', name: '', detail: 'must have a field to change' });
      return store(id, ifMatch, (current) => ({ rule: patched(id, current, body), kept: [] }));
    },
  });
}

function removalRoute({ rules }: Pick<RuleParts, 'rules'>): Route {
  return route({
    method: 'DELETE',
    path: '/rules/{ruleId}',
    summary: "Removes a stored rule. The template's rule of the same id, if any, takes effect again",
    params: { ruleId },
    query: {},
    answer: z.undefined(),
    isTagged: true,
    async run({ params: { ruleId: id }, ifMatch }) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const current = await rules.load(id);
        requireMatch(ifMatch, id, current.rule);
        if (current.stored === undefined) {
          const detail = `No rule ${id} is stored. To switch off the template's rule, put one with enabled false`;
          throw new ApiProblem(404, detail);
        }
        if ((await rules.remove(id, current)) === 'removed') return;
      }
      throw changedMeanwhile(id);
    },
  });
}

export const ruleEditRoutes = (parts: RuleParts): Route[] => [
  replaceRoute(parts),
  patchRoute(parts),
  removalRoute(parts),
];

/** Throws an ApiProblem that names all faults of the rule in the body. */
export function replacement(
  id: string,
  body: z.output<typeof ruleBody>,
  before: RuleData | undefined,
): ChangedRule {
  const made = replacedRule(id, body, before);
  refuse(ruleFaults(made.rule, body.id));
  return made;
}

function patched(id: string, { rule, problem }: CurrentRule, patch: { readonly id?: unknown }): RuleData {
  if (problem !== undefined) throw new ApiProblem(409, new UnreadableRuleError({ id, problem }).message);
  if (!rule) throw new ApiProblem(404, `There is no rule ${id} to change: create it with PUT`);
  const found = patchedRule(rule, patch);
  if ('faults' in found) throw refused(found.faults);
  refuse(ruleFaults(found.rule, typeof patch.id === 'string' ? patch.id : undefined));
  return found.rule;
}

function refuse(faults: readonly FormFault[]): void {
  if (faults.length > 0) throw refused(faults);
}

const refused = (faults: readonly FormFault[]) =>
  invalid(...faults.map(({ name, detail }) => ({ in: 'body' as const, name, detail })));

const changedMeanwhile = (id: string) =>
  new ApiProblem(409, `Rule ${id} was changed by others at each attempt: read it again, then try again`);
