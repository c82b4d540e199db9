// The event of a scheduled function.

import type { ScheduleSpec } from './schedule-spec.ts';

export interface Execution {
  readonly id: string;
  /** When it was due, in epoch milliseconds. */
  readonly due: number;
}

/** A time in the form of EventBridge Scheduler. */
const timeText = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');

/**
 * The event as JSON text.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function scheduleEvent(spec: ScheduleSpec, { id, due }: Execution): string {
  const values: Readonly<Record<string, string>> = {
    'schedule-arn': spec.arn,
    'scheduled-time': timeText(due),
    'execution-id': id,
    'attempt-number': '1',
  };
  if (spec.input !== undefined) {
    // Placeholders belong to the Scheduler: a rule sends its constant unchanged.
    if (spec.source === 'aws.events') return spec.input;
    return spec.input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (written, name: string) =>
      Object.hasOwn(values, name) ? values[name]! : written,
    );
  }
  const [, , , region, account] = spec.arn.split(':');
  return JSON.stringify({
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source: spec.source,
    account,
    time: timeText(due),
    region,
    resources: [spec.arn],
    // The Scheduler sends an object as text, a rule as an object.
    detail: spec.source === 'aws.events' ? {} : '{}',
  });
}
