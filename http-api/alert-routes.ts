// Routes for alerts: the active ones, their history, and what people do about them.

import * as z from 'zod/mini';
import { seesSite } from '../core/access.ts';
import { SEVERITIES } from '../core/alert-rule.ts';
import type { Acknowledgement, AlertState } from '../core/alert-state.ts';
import { acknowledge, isAlarm, remarked } from '../core/alert-step.ts';
import { ruleId } from '../core/text-schema.ts';
import { UnreadableStateError } from '../core/unreadable-state.ts';
import type { AlertHistory, AlertStore, OpenAlerts } from '../pipeline/ports.ts';
import { createFirstAlerts } from './alert-order.ts';
import { alert, historyPage, listedSnooze, shownAlert, shownEntry, snooze } from './alert-schema.ts';
import { deviceId, pageLimit, remark, timeAhead, timeText } from './fields.ts';
import { ApiProblem, invalid } from './problem.ts';
import { route, type ApiCaller, type Route } from './route.ts';

const severity = z.enum(SEVERITIES);

const USUAL_LIMIT = 100;
const USUAL_DAYS = 7;
const DAY_MS = 86_400_000;
const LONGEST_SNOOZE_MS = 30 * DAY_MS;
/** An alert has few concurrent writers. */
const MAX_TRIES = 10;

interface Stores {
  readonly alerts: AlertStore & OpenAlerts;
  readonly history: Pick<AlertHistory, 'record' | 'read'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const historyQuery = (now: () => number) => ({
  from: z.optional(timeText(now)),
  to: z.optional(timeText(now)),
  limit: pageLimit(USUAL_LIMIT, 1000),
  next: z.optional(
    z
      .string()
      .check(z.regex(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z(\/[0-9a-f]+)?$/, 'must be the `next` of an earlier page')),
  ),
});

function createReadHistory({ history, now }: Pick<Stores, 'history' | 'now'>) {
  return async function readHistory(
    query: {
      from?: number | undefined;
      to?: number | undefined;
      limit?: number | undefined;
      next?: string | undefined;
    },
    of: { readonly deviceId?: string },
    caller: ApiCaller,
  ) {
    const { to = now(), limit = USUAL_LIMIT, next } = query;
    const { from = to - USUAL_DAYS * DAY_MS } = query;
    if (from >= to) {
      throw invalid({ in: 'query', name: 'from', detail: 'must be before to' });
    }
    const page = await history.read({ ...of, from, to, limit, ...(next !== undefined && { next }) });
    return { ...page, entries: page.entries.map((entry) => shownEntry(entry, caller)) };
  };
}

/** @returns a function that writes what a user does about an alert, again if others wrote it meanwhile, and records it in the history. */
function createChange({ alerts, history }: Stores) {
  return async function change(
    params: { readonly deviceId: string; readonly ruleId: string },
    made: (state: AlertState) => AlertState | undefined,
    missing: string,
  ) {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const state = (await alerts.load(params.deviceId)).states.get(params.ruleId);
      const next = state && made(state);
      if (!next) throw new ApiProblem(404, missing);
      if (!(await alerts.transition(state, next))) continue;
      await history.record(next.unrecorded); // the sweep clears it from the state
      return shownAlert(next);
    }
    throw new ApiProblem(409, 'The alert was changed by others at each attempt; try again');
  };
}

const createRemarkOf =
  (now: () => number) =>
  (caller: ApiCaller, comment: string | undefined): Acknowledgement => ({
    ...{ by: caller.id, at: now() },
    ...(comment !== undefined && { comment }),
  });

function activeAlertsRoute({ alerts }: Stores): Route {
  return route({
    method: 'GET',
    path: '/alerts',
    summary: 'Active alerts, acknowledged or not, the most severe first, then the oldest',
    params: {},
    query: { limit: pageLimit(USUAL_LIMIT, 1000), severity: z.optional(severity) },
    answer: z.strictObject({ alerts: z.array(alert), isComplete: z.boolean() }),
    async run({ query, caller }) {
      const { limit = USUAL_LIMIT } = query;
      const first = createFirstAlerts(limit);
      let isComplete = true;
      try {
        for await (const state of alerts.listOpen()) {
          if (!isAlarm(state) || !seesSite(caller, state.alarm?.announced.site)) continue;
          if (query.severity === undefined || state.severity === query.severity) first.add(state);
        }
      } catch (error) {
        // It comes after all others; the sweep reports it every minute.
        if (!(error instanceof UnreadableStateError)) throw error;
        isComplete = false;
      }
      return {
        alerts: first.sorted().map(shownAlert),
        isComplete: isComplete && first.count() <= limit,
      };
    },
  });
}

function historyRoute(stores: Stores): Route {
  const readHistory = createReadHistory(stores);
  return route({
    method: 'GET',
    path: '/alerts/history',
    summary: 'The alert history of all devices, newest first; by default the last seven days',
    params: {},
    query: historyQuery(stores.now),
    answer: historyPage,
    run: async ({ query, caller }) => readHistory(query, {}, caller),
  });
}

function deviceAlertsRoute({ alerts, now }: Stores): Route {
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/alerts',
    summary: 'The state of every rule that ever raised an alert for a device, and the snooze of the device',
    params: { deviceId },
    query: {},
    answer: z.strictObject({ alerts: z.array(alert), snooze: z.optional(snooze) }),
    async run({ params }) {
      const { states, snooze: found } = await alerts.load(params.deviceId);
      const isOn = found !== undefined && found.until > now();
      return { alerts: [...states.values()].map(shownAlert), ...(isOn && { snooze: found }) };
    },
  });
}

function deviceHistoryRoute(stores: Stores): Route {
  const readHistory = createReadHistory(stores);
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/alerts/history',
    summary: 'The alert history of a device, newest first; by default the last seven days',
    params: { deviceId },
    query: historyQuery(stores.now),
    answer: historyPage,
    run: async ({ params, query, caller }) => readHistory(query, params, caller),
  });
}

function acknowledgeRoute(stores: Stores): Route {
  const change = createChange(stores);
  const remarkOf = createRemarkOf(stores.now);
  return route({
    method: 'POST',
    path: '/devices/{deviceId}/alerts/{ruleId}/acknowledge',
    summary: 'Acknowledges an alert, in the name of the caller, until it gets worse or is over',
    params: { deviceId, ruleId },
    query: {},
    body: z.strictObject({ comment: z.optional(remark) }),
    answer: alert,
    async run({ params, body, caller }) {
      const missing = `Rule ${params.ruleId} has no active alert for ${params.deviceId}`;
      return change(params, (state) => acknowledge(state, remarkOf(caller, body.comment)), missing);
    },
  });
}

function commentRoute(stores: Stores): Route {
  const change = createChange(stores);
  const remarkOf = createRemarkOf(stores.now);
  return route({
    method: 'POST',
    path: '/devices/{deviceId}/alerts/{ruleId}/comment',
    summary: "Adds a comment to an alert's history, in the name of the caller",
    params: { deviceId, ruleId },
    query: {},
    body: z.strictObject({ comment: remark }),
    answer: alert,
    async run({ params, body, caller }) {
      const missing = `Rule ${params.ruleId} never raised an alert for ${params.deviceId}`;
      return change(params, (state) => remarked(state, 'commented', remarkOf(caller, body.comment)), missing);
    },
  });
}

function snoozesRoute({ alerts, now }: Stores): Route {
  return route({
    method: 'GET',
    path: '/snoozes',
    summary: 'Snoozed devices, sorted by the end of the snooze',
    params: {},
    query: {},
    answer: z.strictObject({ snoozes: z.array(listedSnooze) }),
    async run() {
      const snoozes: z.infer<typeof listedSnooze>[] = [];
      for await (const found of alerts.listSnoozes()) if (found.until > now()) snoozes.push(found);
      return { snoozes: snoozes.sort((a, b) => a.until - b.until) };
    },
  });
}

function snoozeRoute({ alerts, now }: Stores): Route {
  return route({
    method: 'PUT',
    path: '/devices/{deviceId}/snooze',
    summary:
      'Snoozes a device until a time, at most 30 days ahead: no notification is sent, and alerts that are still active at the end are sent then',
    params: { deviceId },
    query: {},
    body: z.strictObject({ until: timeAhead(now), comment: z.optional(remark) }),
    answer: snooze,
    async run({ params, body, caller }) {
      const { until, comment } = body;
      if (until <= now() || until > now() + LONGEST_SNOOZE_MS) {
        throw invalid({ in: 'body', name: 'until', detail: 'must be a time in the next 30 days' });
      }
      const made = { until, by: caller.id, ...(comment !== undefined && { comment }) };
      await alerts.snooze(params.deviceId, made);
      return made;
    },
  });
}

function snoozeEndRoute({ alerts }: Stores): Route {
  return route({
    method: 'DELETE',
    path: '/devices/{deviceId}/snooze',
    summary: 'Ends the snooze of a device; deferred alerts that are still active are sent within a minute',
    params: { deviceId },
    query: {},
    answer: z.undefined(),
    run: async ({ params }) => alerts.snooze(params.deviceId, undefined),
  });
}

export const alertRoutes = (stores: Stores): Route[] => [
  activeAlertsRoute(stores),
  historyRoute(stores),
  deviceAlertsRoute(stores),
  deviceHistoryRoute(stores),
  acknowledgeRoute(stores),
  commentRoute(stores),
  snoozesRoute(stores),
  snoozeRoute(stores),
  snoozeEndRoute(stores),
];
