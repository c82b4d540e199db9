// Alerts over HTTP: which stand, and who takes charge of one.

import * as z from 'zod/mini';
import { SEVERITIES } from '../../core/alert-rule.ts';
import { acknowledge, type AlertState } from '../../core/alert.ts';
import type { AlertStore, OpenAlerts } from '../alert-store.ts';
import { deviceId, pageLimit, ruleId, time } from './fields.ts';
import { ApiProblem } from './problem.ts';
import { route, type Route } from './route.ts';

const alert = z.strictObject({
  deviceId: z.string(),
  ruleId: z.string(),
  state: z.enum(['ok', 'alarm', 'acknowledged']),
  severity: z.optional(z.enum(SEVERITIES)),
  windowStart: time,
  value: z
    .string()
    .check(z.describe('What was measured in the window of the last transition, as decimal text')),
  owed: z.int().check(z.describe('Notifications that are written down and not known to be sent')),
  acknowledged: z.optional(z.strictObject({ by: z.string(), at: time, comment: z.optional(z.string()) })),
});
const comment = z.strictObject({ comment: z.optional(z.string().check(z.maxLength(500))) });

const USUAL_LIMIT = 100;
/** Writers of one alert at once are few. */
const MAX_TRIES = 10;

function shown({ pending, version: _version, ...state }: AlertState) {
  return { ...state, owed: pending.length };
}

export function alertRoutes(stores: {
  readonly alerts: AlertStore & OpenAlerts;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Route[] {
  const { alerts, now } = stores;
  return [
    route({
      method: 'GET',
      path: '/alerts',
      summary: 'Alerts that stand, acknowledged or not, in no order that means anything',
      params: {},
      query: { limit: pageLimit(USUAL_LIMIT, 1000) },
      answer: z.strictObject({ alerts: z.array(alert), isComplete: z.boolean() }),
      async run({ query: { limit = USUAL_LIMIT } }) {
        const standing: AlertState[] = [];
        for await (const state of alerts.listOpen()) {
          if (state.state === 'ok') continue;
          if (standing.length === limit) return { alerts: standing.map(shown), isComplete: false };
          standing.push(state);
        }
        return { alerts: standing.map(shown), isComplete: true };
      },
    }),
    route({
      method: 'GET',
      path: '/devices/{deviceId}/alerts',
      summary: 'The state of every rule that ever raised an alert of a device',
      params: { deviceId },
      query: {},
      answer: z.strictObject({ alerts: z.array(alert) }),
      run: async ({ params }) => ({ alerts: [...(await alerts.load(params.deviceId)).values()].map(shown) }),
    }),
    route({
      method: 'POST',
      path: '/devices/{deviceId}/alerts/{ruleId}/acknowledge',
      summary:
        'Takes charge of an alert, in the name of who signed the request, until it gets worse or is over',
      params: { deviceId, ruleId },
      query: {},
      body: comment,
      answer: alert,
      async run({ params, body, caller }) {
        const acknowledgement = {
          by: caller.id,
          at: now(),
          ...(body.comment !== undefined && { comment: body.comment }),
        };
        for (let tries = 0; tries < MAX_TRIES; tries += 1) {
          const state = (await alerts.load(params.deviceId)).get(params.ruleId);
          const next = state && acknowledge(state, acknowledgement);
          if (!next)
            throw new ApiProblem(404, `Rule ${params.ruleId} has no alert of ${params.deviceId} now`);
          if (await alerts.transition(state, next)) return shown(next);
        }
        throw new ApiProblem(409, 'Others changed the alert each time; try again');
      },
    }),
  ];
}
