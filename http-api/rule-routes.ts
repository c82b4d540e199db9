// Alert rules over HTTP: what is judged, how people change it at run time, and what a change would have told them.

import * as z from 'zod/mini';
import { SEVERITIES } from '../core/alert-rule.ts';
import { compileRule, type RuleData } from '../core/rule-data.ts';
import { faultsOf } from '../core/rule-faults.ts';
import { rule, ruleBody } from '../core/rule-schema.ts';
import { ruleId } from '../core/text-schema.ts';
import type { Rehearse } from '../pipeline/dry-run.ts';
import type { RuleStore } from '../pipeline/ports.ts';
import { UnreadableRuleError } from '../pipeline/rules.ts';
import { pageLimit, time } from './fields.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const USUAL_HOURS = 24;
const MOST_HOURS = 168;
const HOUR_MS = 3_600_000;

const told = z.strictObject({
  deviceId: z.string(),
  transition: z.enum(['raised', 'worsened', 'eased', 'cleared']),
  severity: z.enum(SEVERITIES),
  at: time,
  windowStart: time,
  value: z.string(),
  limit: z.string(),
});

const rehearsal = z.strictObject({
  notifications: z.array(told).check(z.describe('In order of time')),
  devices: z.int().check(z.describe('Devices that the rule matches and that were looked at')),
  windows: z.int(),
  isComplete: z.boolean().check(z.describe('false: there was more than one answer can look at')),
});

const unreadableRule = z
  .strictObject({ id: z.string(), problem: z.string() })
  .check(z.describe('A stored rule that judges nothing, edited by hand say: put it again, or delete it'));

export function ruleRoutes(stores: {
  readonly rules: RuleStore;
  readonly rehearse: Rehearse;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Route[] {
  const { rules, rehearse, now } = stores;
  return [
    route({
      method: 'GET',
      path: '/rules',
      summary: 'All alert rules, those of the template too',
      params: {},
      query: {},
      answer: z.strictObject({ rules: z.array(rule), unreadable: z.array(unreadableRule) }),
      run: async () => {
        const { rules: readable, unreadable } = await rules.read();
        return { rules: readable, unreadable };
      },
    }),
    route({
      method: 'GET',
      path: '/rules/{ruleId}',
      summary: 'One alert rule',
      params: { ruleId },
      query: {},
      answer: rule,
      async run({ params }) {
        const all = await rules.read();
        const found = all.rules.find(({ id }) => id === params.ruleId);
        if (found) return found;
        const broken = all.unreadable.find(({ id }) => id === params.ruleId);
        if (broken) throw new ApiProblem(500, new UnreadableRuleError(broken).message);
        throw new ApiProblem(404, `There is no rule ${params.ruleId}`);
      },
    }),
    route({
      method: 'PUT',
      path: '/rules/{ruleId}',
      summary: 'Makes or replaces a rule; functions know it after 30 seconds at most',
      params: { ruleId },
      query: {},
      body: ruleBody,
      answer: rule,
      async run({ params, body }) {
        const made = ruleOf(params.ruleId, body);
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
      body: ruleBody,
      answer: rule,
      run: async ({ params, body }) => ruleOf(params.ruleId, body),
    }),
    route({
      method: 'POST',
      path: '/rules/{ruleId}/dry-run',
      summary:
        'Tells when a rule would have told people in the last hours, by the stored windows; stores nothing',
      params: { ruleId },
      query: { hours: pageLimit(USUAL_HOURS, MOST_HOURS) },
      body: ruleBody,
      answer: rehearsal,
      async run({ params, query: { hours = USUAL_HOURS }, body }) {
        const made = compileRule(ruleOf(params.ruleId, body));
        if ('absence' in made && made.absence === 'offline') {
          throw new ApiProblem(400, 'body offlineFor cannot be rehearsed: connections are not kept');
        }
        const { notifications, ...rest } = await rehearse(made, { from: now() - hours * HOUR_MS, to: now() });
        const shown = notifications.map(({ decidedAt, ...notification }) => {
          const { deviceId, transition, severity, windowStart, value, limit } = notification;
          return { deviceId, transition, severity, at: decidedAt, windowStart, value, limit };
        });
        return { notifications: shown, ...rest };
      },
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

/** The rule of a body; throws an ApiProblem that names everything that is wrong with it. */
function ruleOf(id: string, value: z.output<typeof ruleBody>): RuleData {
  const made = { ...value, id } as RuleData;
  const faults = faultsOf(made);
  if (value.id !== undefined && value.id !== id)
    faults.push({ name: 'id', detail: `must be ${id}, as in the path` });
  const [first] = faults;
  if (!first) return made;
  const told = faults.map((fault) => ({ in: 'body' as const, ...fault }));
  throw new ApiProblem(400, `body ${first.name} ${first.detail}`, told);
}
