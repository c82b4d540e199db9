// How people change alert rules over HTTP: whole, field by field, or away; never over what somebody else just wrote.

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

/** Of a change that others come before; few people change one rule at once. */
const MAX_TRIES = 5;

export function ruleEditRoutes(parts: {
  readonly rules: RuleStore;
  readonly sampleMetrics: SampleMetrics;
}): Route[] {
  const { rules, sampleMetrics } = parts;

  /**
   * Makes the change of what is there now, and of what is there then where somebody else was faster. Gives the answer, for
   * which devices are looked at first: what cannot be answered is not stored.
   */
  async function store(
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
        const detail = `There are ${MAX_RULES} rules, which is the limit: delete one, or let one rule judge more devices by its match or more limits by its levels`;
        throw new ApiProblem(409, detail);
      }
    }
    throw changedMeanwhile(id);
  }

  return [
    route({
      method: 'PUT',
      path: '/rules/{ruleId}',
      summary:
        'Makes or replaces a rule, which keeps its severity and channels where the body has none; functions know it after 30 seconds at most',
      params: { ruleId },
      query: {},
      body: ruleBody,
      answer: changedRule,
      isTagged: true,
      run: async ({ params: { ruleId: id }, body, ifMatch }) =>
        store(id, ifMatch, ({ rule }) => replacement(id, body, rule)),
    }),
    route({
      method: 'PATCH',
      path: '/rules/{ruleId}',
      summary:
        'Changes fields of a rule by a JSON merge patch (RFC 7396): null removes a field. A rule of the template is stored with the changes, and replaced by that',
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
    }),
    route({
      method: 'DELETE',
      path: '/rules/{ruleId}',
      summary: 'Removes a stored rule; a rule of the template then holds as the template has it',
      params: { ruleId },
      query: {},
      answer: z.undefined(),
      isTagged: true,
      async run({ params: { ruleId: id }, ifMatch }) {
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const current = await rules.load(id);
          requireMatch(ifMatch, id, current.rule);
          if (current.stored === undefined) {
            const detail = `No rule ${id} is stored; put one with enabled false to switch the template's off`;
            throw new ApiProblem(404, detail);
          }
          if ((await rules.remove(id, current)) === 'removed') return;
        }
        throw changedMeanwhile(id);
      },
    }),
  ];
}

/** Throws an ApiProblem that names everything that is wrong with the rule of the body. */
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
  if (!rule) throw new ApiProblem(404, `There is no rule ${id} to change: put one`);
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
  new ApiProblem(409, `Others changed rule ${id} each time: read it again, and try again`);
