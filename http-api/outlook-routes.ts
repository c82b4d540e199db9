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
const duration = (what: string) => z.int().check(z.describe(`Milliseconds ${what}`));

const learned = z.strictObject({
  mode: z
    .enum(['known', 'metric', 'learned', 'free'])
    .check(
      z.describe(
        'Source of the defrosts. known: entered for the rule or the device. metric: a metric of the device. learned: from the habits of the device. free: none, only the usual excursions are known',
      ),
    ),
  low: value,
  high: value,
  defrosts: z.optional(
    z.strictObject({
      every: duration('between two'),
      anchor: time,
      length: duration('that one usually lasts'),
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
  until: z.optional(time.check(z.describe('Minutes before this time were judged'))),
  reason: z.optional(
    z
      .string()
      .check(
        z.describe('Why there is no prediction, such as `learning`, `defrost`, `gap` or `limit-in-band`'),
      ),
  ),
  learnsFor: z.optional(duration('until it has learned enough')),
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
    defrostSchedule.check(z.describe('Defrosts that a user entered; they replace the learned ones')),
  ),
  learned: z.optional(learned.check(z.describe('The band of the metric, and its defrosts'))),
  forecast: z.optional(
    z
      .array(z.strictObject({ at: time, value, low: value, high: value }))
      .check(z.describe('The next hour, extrapolated from the last minutes, while a limit lies ahead')),
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
    // From less than two days it would be a guess.
    learned: silence === 'learning' ? undefined : trend,
    forecast: forecast.length > 0 && silence !== 'learning' ? [...forecast] : undefined,
  };
}

interface OutlookParts {
  readonly devices: Pick<DeviceStore, 'load'>;
  readonly outlooks: DeviceOutlooks;
}

/** @returns a function that loads a device, and throws an ApiProblem if there is none */
function createDeviceOf({ devices }: Pick<OutlookParts, 'devices'>) {
  return async function deviceOf(id: string) {
    const found = await devices.load(id);
    if (!found) throw new ApiProblem(404, `There is no device ${id}`);
    return found;
  };
}

function outlookRoute(parts: OutlookParts): Route {
  const { outlooks } = parts;
  const deviceOf = createDeviceOf(parts);
  return route({
    method: 'GET',
    path: '/devices/{deviceId}/outlook',
    summary: 'What rules about trends and habits have learned about a device, and their outlook now',
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
  });
}

function restartRoute(parts: OutlookParts): Route {
  const { outlooks } = parts;
  const deviceOf = createDeviceOf(parts);
  return route({
    method: 'DELETE',
    path: '/devices/{deviceId}/outlook/{ruleId}',
    summary:
      'Restarts the learning of a rule for a device: it learns from now on, for days before it predicts anything',
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
  });
}

/**
 * @returns a function that enters when a device defrosts, and throws an ApiProblem if no rule predicts for the device
 */
function createEnter(parts: OutlookParts) {
  const deviceOf = createDeviceOf(parts);
  return async (
    params: { readonly deviceId: string; readonly ruleId: string },
    entered: DefrostSchedule | undefined,
  ): Promise<void> => {
    if (!(await parts.outlooks.enter(await deviceOf(params.deviceId), params.ruleId, entered)))
      throw new ApiProblem(404, `No rule ${params.ruleId} makes predictions for ${params.deviceId}`);
  };
}

function enterDefrostsRoute(parts: OutlookParts): Route {
  const enter = createEnter(parts);
  return route({
    method: 'PUT',
    path: '/devices/{deviceId}/outlook/{ruleId}/defrosts',
    summary:
      'Enters when a device defrosts, for a rule that predicts; it replaces what the rule says or has learned, within 15 minutes',
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
  });
}

function forgetDefrostsRoute(parts: OutlookParts): Route {
  const enter = createEnter(parts);
  return route({
    method: 'DELETE',
    path: '/devices/{deviceId}/outlook/{ruleId}/defrosts',
    summary: 'Removes the entered defrosts of a device: those that the rule says or learns count again',
    params: { deviceId, ruleId },
    query: {},
    answer: defrostAnswer,
    async run({ params }) {
      await enter(params, undefined);
      return params;
    },
  });
}

export const outlookRoutes = (parts: OutlookParts): Route[] => [
  outlookRoute(parts),
  restartRoute(parts),
  enterDefrostsRoute(parts),
  forgetDefrostsRoute(parts),
];
