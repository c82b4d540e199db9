// Alert rules over HTTP: what is judged, and how people change it at run time.

import * as z from 'zod/mini';
import { SEVERITIES, type AlertRule } from '../../core/alert-rule.ts';
import { faultsOf } from '../../core/rule-faults.ts';
import type { RuleStore } from '../rule-store.ts';
import { metricName, ruleId } from './fields.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const pattern = z.string().check(z.minLength(1), z.maxLength(128));
const windows = z.int().check(z.minimum(1), z.maximum(60));

const level = z.strictObject({
  severity: z.enum(SEVERITIES),
  above: z.optional(z.number()),
  below: z.optional(z.number()),
  clearBelow: z.optional(z.number()),
  clearAbove: z.optional(z.number()),
});

const fields = {
  enabled: z.optional(z.boolean()),
  metric: z.optional(metricName),
  stat: z.enum(['min', 'max', 'mean', 'count']),
  perMinute: z.optional(z.literal(true)),
  levels: z.array(level).check(z.minLength(1), z.maxLength(SEVERITIES.length)),
  forWindows: z.optional(windows),
  clearAfter: z.optional(windows),
  match: z.optional(z.strictObject({ site: z.optional(pattern), device: z.optional(pattern) })),
  channels: z.array(z.enum(['email', 'sms'])).check(z.minLength(1), z.maxLength(2)),
};
const body = z.strictObject(fields);
const rule = z.strictObject({ id: ruleId, ...fields });

/** Ids are in the path; in the body they would be there twice. */
function checked(id: string, value: z.output<typeof body>): AlertRule {
  const made = { id, ...value } as AlertRule;
  const faults = faultsOf(made);
  if (faults.length > 0) {
    const [{ name, detail }] = faults as [(typeof faults)[number]];
    throw new ApiProblem(
      400,
      `body ${name} ${detail}`,
      faults.map((fault) => ({ in: 'body', ...fault })),
    );
  }
  return made;
}

export function ruleRoutes({ rules }: { readonly rules: RuleStore }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/rules',
      summary: 'All alert rules, those of the template too',
      params: {},
      query: {},
      answer: z.strictObject({ rules: z.array(rule) }),
      run: async () => ({ rules: await rules.list() }),
    }),
    route({
      method: 'GET',
      path: '/rules/{ruleId}',
      summary: 'One alert rule',
      params: { ruleId },
      query: {},
      answer: rule,
      async run({ params }) {
        const found = (await rules.list()).find(({ id }) => id === params.ruleId);
        if (!found) throw new ApiProblem(404, `There is no rule ${params.ruleId}`);
        return found;
      },
    }),
    route({
      method: 'PUT',
      path: '/rules/{ruleId}',
      summary: 'Makes or replaces a rule; functions know it after 30 seconds at most',
      params: { ruleId },
      query: {},
      body,
      answer: rule,
      async run({ params, body: value }) {
        const made = checked(params.ruleId, value);
        await rules.put(made);
        return made;
      },
    }),
    route({
      method: 'POST',
      path: '/rules/{ruleId}/validate',
      summary: 'Checks a rule and stores nothing',
      params: { ruleId },
      query: {},
      body,
      answer: rule,
      run: async ({ params, body: value }) => checked(params.ruleId, value),
    }),
    route({
      method: 'DELETE',
      path: '/rules/{ruleId}',
      summary: 'Removes a stored rule; a rule of the template then holds as the template has it',
      params: { ruleId },
      query: {},
      answer: z.undefined(),
      async run({ params }) {
        if (!(await rules.remove(params.ruleId))) {
          const detail = `No rule ${params.ruleId} is stored; put one with enabled false to switch the template's off`;
          throw new ApiProblem(404, detail);
        }
      },
    }),
  ];
}
