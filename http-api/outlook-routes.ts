// Routes for outlooks: what rules about trends and habits have learned about a device, and what they predict now.

import * as z from 'zod/mini';
import type { DefrostSchedule } from '../core/rule-data.ts';
import { defrostFaults } from '../core/rule-faults.ts';
import { defrostSchedule } from '../core/rule-schema.ts';
import { unitsOf } from '../core/unit.ts';
import type { DeviceOutlook, DeviceOutlooks } from '../pipeline/device-outlook.ts';
import type { DeviceStore } from '../pipeline/ports.ts';
import { deviceId, time } from './fields.ts';
import { ApiProblem, invalid } from './problem.ts';
import { ruleId } from '../core/text-schema.ts';
import { route, type Route } from './route.ts';

const value = z.number();
const span = (what: string) => z.int().check(z.describe(`Milliseconds ${what}`));

const learned = z.strictObject({
  mode: z
    .enum(['known', 'metric', 'learned', 'free'])
    .check(
      z.describe(
        'How defrosts are known: entered in the rule, from a metric of the device, learned, or only by what excursions usually are',
      ),
    ),
  low: value,
  high: value,
  defrosts: z.optional(
    z.strictObject({
      every: span('between two'),
      anchor: time,
      length: span('that one usually lasts'),
    }),
  ),
});

const defrostAnswer = z.strictObject({
  deviceId: z.string(),
  ruleId: z.string(),
  entered: z.optional(defrostSchedule),
});

const outlook = z.strictObject({
  ruleId: z.string(),
  kind: z.enum(['predicted', 'unusual']),
  metric: z.string(),
  until: z.optional(time.check(z.describe('Minutes before this time were looked at'))),
  reason: z.optional(
    z
      .string()
      .check(z.describe('Why nothing is said, such as `learning`, `defrost`, `gap` or `limit-in-band`')),
  ),
  learnsFor: z.optional(span('for which it still learns')),
  ahead: z.optional(
    z.strictObject({
      words: z.string(),
      since: time,
      crossesAt: z.optional(time),
      side: z.enum(['above', 'below']),
      limit: z.optional(value),
    }),
  ),
  entered: z.optional(
    defrostSchedule.check(z.describe('Defrosts that somebody entered in the place of what is learned')),
  ),
  learned: z.optional(learned.check(z.describe('The band of the metric, and its defrosts'))),
  forecast: z.optional(
    z
      .array(z.strictObject({ at: time, value, low: value, high: value }))
      .check(z.describe('The next hour by the last minutes, while a limit lies ahead')),
  ),
});

function shown({ rule, until, known, outlook: seen, entered, isBehind }: DeviceOutlook, unit: string) {
  const { trend, forecast = [] } = known ?? {};
  const { ahead, reason, left } = seen ?? {};
  const silence = until === undefined || isBehind ? 'learning' : seen === undefined ? 'gap' : reason;
  return {
    ...{ ruleId: rule.id, kind: rule.insight, metric: rule.metric, until },
    reason: silence,
    learnsFor: left,
    ahead: ahead && { ...ahead, words: ahead.words(unit) },
    entered,
    // Of less than two days it would be a guess.
    learned: silence === 'learning' ? undefined : trend,
    forecast: forecast.length > 0 && silence !== 'learning' ? [...forecast] : undefined,
  };
}

interface OutlookParts {
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly outlooks: DeviceOutlooks;
}

/** @returns a function that loads a device, and throws an ApiProblem where there is none */
function createDeviceOf({ devices }: Pick<OutlookParts, 'devices'>) {
  return async function deviceOf(id: string) {
    const found = await devices.load(id);
    if (!found) throw new ApiProblem(404, `There is no device ${id}`);
    return found;
  };
}

/** What rules have learned of a device, and forgetting it. */
function learnedRoutes(parts: OutlookParts): Route[] {
  const { outlooks } = parts;
  const deviceOf = createDeviceOf(parts);
  return [
    route({
      method: 'GET',
      path: '/devices/{deviceId}/outlook',
      summary: 'What rules about trends and habits have learned of a device, and what they say of it now',
      params: { deviceId },
      query: {},
      answer: z.strictObject({ outlooks: z.array(outlook) }),
      async run({ params }) {
        const device = await deviceOf(params.deviceId);
        const units = unitsOf(device);
        const found = await outlooks.read(device);
        return {
          outlooks: found.map((each) => {
            const { metric } = each.rule;
            return shown(each, Object.hasOwn(units, metric) ? ` ${units[metric]}` : '');
          }),
        };
      },
    }),
    route({
      method: 'DELETE',
      path: '/devices/{deviceId}/outlook/{ruleId}',
      summary:
        'Forgets what a rule has learned of a device: it learns from now on, for days before it says anything',
      params: { deviceId, ruleId },
      query: {},
      answer: z.strictObject({ deviceId: z.string(), ruleId: z.string() }),
      async run({ params }) {
        const isKnown = await outlooks.learnAgain(await deviceOf(params.deviceId), params.ruleId);
        if (!isKnown)
          throw new ApiProblem(
            404,
            `No rule ${params.ruleId} about trends or habits judges ${params.deviceId}`,
          );
        return params;
      },
    }),
  ];
}

/** When a device defrosts, as people enter it. */
function defrostRoutes(parts: OutlookParts): Route[] {
  const { outlooks } = parts;
  const deviceOf = createDeviceOf(parts);

  async function enter(
    params: { readonly deviceId: string; readonly ruleId: string },
    entered: DefrostSchedule | undefined,
  ): Promise<void> {
    if (!(await outlooks.enter(await deviceOf(params.deviceId), params.ruleId, entered)))
      throw new ApiProblem(404, `No rule ${params.ruleId} that predicts judges ${params.deviceId}`);
  }

  return [
    route({
      method: 'PUT',
      path: '/devices/{deviceId}/outlook/{ruleId}/defrosts',
      summary:
        'Enters when a device defrosts, in the place of what a rule that predicts has learned of it or says; it counts within a quarter of an hour',
      params: { deviceId, ruleId },
      query: {},
      body: defrostSchedule,
      answer: defrostAnswer,
      async run({ params, body }) {
        const entered = body as DefrostSchedule;
        const faults: { readonly in: 'body'; readonly name: string; readonly detail: string }[] = [];
        defrostFaults(entered, (name, detail) => faults.push({ in: 'body', name, detail }));
        if (faults.length > 0) throw invalid(...faults);
        await enter(params, entered);
        return { ...params, entered };
      },
    }),
    route({
      method: 'DELETE',
      path: '/devices/{deviceId}/outlook/{ruleId}/defrosts',
      summary:
        'Forgets what somebody entered of the defrosts of a device: what the rule learns or says counts again',
      params: { deviceId, ruleId },
      query: {},
      answer: defrostAnswer,
      async run({ params }) {
        await enter(params, undefined);
        return params;
      },
    }),
  ];
}

export const outlookRoutes = (parts: OutlookParts): Route[] => [
  ...learnedRoutes(parts),
  ...defrostRoutes(parts),
];
