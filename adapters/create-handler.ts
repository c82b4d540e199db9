// Applies Middy and Powertools in one place, so that every function logs, counts and fails in the same way.

import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import withMiddleware from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Counting } from '../pipeline/ports.ts';

/** Time before Lambda ends the function, reserved for writing the log and the metrics. */
const FAREWELL_MS = 500;
const FAREWELL_SHARE = 1 / 10;

export interface Tools extends Counting {
  /** Puts the keys on every log line of this event. Never give it a payload. */
  identify(keys: Readonly<Record<string, string | undefined>>): void;
  /** Logs an error that the answer to the event already reports, so that the event need not fail. */
  fail(error: unknown): void;
}

/**
 * Makes a Lambda handler from `serve`, which takes the event as AWS types it. Metrics are written when the event is done
 * or has failed. A failure is logged and rethrown, so that Lambda retries the event. An event that takes too long fails
 * shortly before Lambda would end the function without an error.
 */
export function createHandler<Event, Result = void>(
  serve: (event: Event, tools: Tools, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tools: Tools = {
    identify: (keys) => logger.appendKeys(keys),
    warn: (message, fields) => logger.warn(message, fields),
    fail: (error) => logger.error('Event failed', error as Error),
    count(name, value, reason) {
      const metric = reason === undefined ? metrics : metrics.singleMetric().addDimension('reason', reason);
      metric.addMetric(name, MetricUnit.Count, value);
    },
  };
  return withMiddleware((event: Event, context: Context) => inTime(serve(event, tools, context), context))
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .onError(({ error }) => logger.error('Event failed', error as Error));
}

/** Rejects shortly before the function's time is over; what still runs may or may not finish, as when Lambda ends it. */
async function inTime<Result>(serving: Promise<Result>, context: Context): Promise<Result> {
  const { promise: isOver, reject } = Promise.withResolvers<never>();
  const leftMs = context.getRemainingTimeInMillis();
  const timer = setTimeout(
    () =>
      reject(new Error(`Out of time: ${context.functionName} was not done after ${Math.round(leftMs)} ms`)),
    leftMs - Math.min(FAREWELL_MS, leftMs * FAREWELL_SHARE),
  );
  try {
    return await Promise.race([serving, isOver]);
  } finally {
    clearTimeout(timer);
  }
}
