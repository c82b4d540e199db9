// The metrics of one function that Lambda publishes in CloudWatch.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

import type { Measure, Meter } from '../cloudwatch/meter.ts';
import type { Outcome } from './environment.ts';

export interface FunctionMetrics {
  attempted(outcome: Pick<Outcome, 'failed' | 'logTail'>): void;
  throttled(): void;
  /** An asynchronous event was given up. */
  dropped(): void;
  /** The failure destination did not take a record. */
  undelivered(): void;
}

const REPORTED = /\tDuration: (\d+\.\d+) ms/;

/** Of the function, and of all functions together. */
export function createFunctionMetrics(name: string, meter: Meter): FunctionMetrics {
  const measure = (metric: string, unit = 'Count'): Measure => {
    const all = [
      meter('AWS/Lambda', metric, { FunctionName: name }, unit),
      meter('AWS/Lambda', metric, {}, unit),
    ];
    return (value) => all.forEach((each) => each(value));
  };
  const [invocations, errors, throttles] = [measure('Invocations'), measure('Errors'), measure('Throttles')];
  const duration = measure('Duration', 'Milliseconds');
  const [dropped, undelivered] = [measure('AsyncEventsDropped'), measure('DestinationDeliveryFailures')];
  return {
    attempted({ failed, logTail }) {
      invocations(1);
      errors(failed ? 1 : 0);
      throttles(0);
      const took = REPORTED.exec(logTail)?.[1];
      if (took !== undefined) duration(Number(took));
    },
    throttled: () => throttles(1),
    dropped: () => dropped(1),
    undelivered: () => undelivered(1),
  };
}
