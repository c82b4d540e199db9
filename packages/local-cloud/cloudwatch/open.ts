// CloudWatch: metrics of what the services measure, the alarms of the template over them, and the API for both.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html

import path from 'node:path';
import { AwsError } from '../aws-error.ts';
import type { AwsHandler } from '../aws/wire.ts';
import type { Clock } from '../clock.ts';
import type { Closers } from '../closers.ts';
import { type Log, printable } from '../log.ts';
import { StartError } from '../start-error.ts';
import type { ResolvedTemplate } from '../template/resolved.ts';
import { alarmOperations } from './alarm-operations.ts';
import { alarmsFromTemplate } from './alarm-spec.ts';
import { createAlarmStates } from './alarm-states.ts';
import { createAlarms, type AlarmTargets } from './alarms.ts';
import type { Meter } from './meter.ts';
import { openMetricFile, type MetricFile } from './metric-file.ts';
import { metricOperations } from './metric-operations.ts';
import { createMetricStore, MINUTE_MS, type MetricStore } from './metric-store.ts';
import type { CloudWatch, Operation } from './operation.ts';
import { createProtocolHandler } from './protocols.ts';

export interface Metrics {
  readonly meter: Meter;
  readonly store: MetricStore;
  readonly file: MetricFile;
  /** Registers a measurement for the end of every minute, before the alarms are evaluated. */
  beforeMinuteEnds(measure: (meter: Meter) => void): void;
  readonly gauges: readonly ((meter: Meter) => void)[];
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** @throws StartError when the file of the metrics cannot be opened */
export function openMetrics(
  options: Surroundings & { readonly dataDir: string; readonly closers: Closers },
): Metrics {
  const dir = path.join(options.dataDir, 'cloudwatch');
  let file: MetricFile;
  try {
    file = openMetricFile(dir);
  } catch (error) {
    throw new StartError(
      `the metrics in ${dir} cannot be opened (${reasonOf(error)}): delete the folder, or start with another --data-dir`,
      { cause: error },
    );
  }
  const store = createMetricStore(file, options);
  const gauges: ((meter: Meter) => void)[] = [];
  options.closers.add(() => {
    try {
      store.flush();
    } catch (error) {
      options.log.warn('the metrics since the last minute are lost: the disk refused them', {
        reason: reasonOf(error),
      });
    }
    file.close();
  });
  return {
    meter: store.meter,
    store,
    file,
    gauges,
    beforeMinuteEnds: (measure) => void gauges.push(measure),
  };
}

const OPERATIONS: Readonly<Record<string, Operation>> = { ...metricOperations, ...alarmOperations };

function operationNamed(name: string): Operation {
  if (Object.hasOwn(OPERATIONS, name)) return OPERATIONS[name]!;
  if (/^(Put|Delete)\w*Alarms?$/.test(name))
    throw new AwsError(
      'UnknownOperationException',
      `The local CloudWatch has no operation '${name.slice(0, 100)}': declare an AWS::CloudWatch::Alarm in the template`,
    );
  const known = Object.keys(OPERATIONS).sort().join(', ');
  const asked = printable(name).slice(0, 100);
  throw new AwsError(
    'UnknownOperationException',
    `The local CloudWatch has no operation '${asked}'; it has ${known}`,
  );
}

function createHandler(cloudWatch: Omit<CloudWatch, 'now'>, clock: Clock): AwsHandler {
  return createProtocolHandler(async (name, input) => {
    const operation = operationNamed(name);
    const other = Object.keys(input).find((key) => !operation.accepts.includes(key) && input[key] != null);
    if (other !== undefined)
      throw new AwsError(
        'InvalidParameterValue',
        `The local cloud does not support the parameter ${printable(other).slice(0, 100)} of ${name}`,
      );
    return operation.run({ ...cloudWatch, now: clock.now() }, input);
  });
}

/** Runs the gauges for the minute that has just ended. */
function measureAll({ gauges, store }: Metrics, end: number): void {
  const meter: Meter =
    (namespace, name, dimensions = {}, unit) =>
    (value) =>
      store.add(
        { namespace, name, dimensions },
        end - 1,
        { count: 1, sum: value, min: value, max: value },
        unit,
      );
  for (const gauge of gauges) gauge(meter);
}

/** Runs `endMinute` at the end of every minute; it must not reject. @returns a function that stops that, and waits for the last run */
function everyMinute(clock: Clock, endMinute: () => Promise<void>): () => Promise<void> {
  let isClosed = false;
  let cancel = () => {};
  let running = Promise.resolve();
  const run = async () => {
    await endMinute();
    if (!isClosed) schedule();
  };
  const schedule = () => {
    cancel = clock.after(MINUTE_MS - (clock.now() % MINUTE_MS), () => {
      running = run();
    });
  };
  schedule();
  return async () => {
    isClosed = true;
    cancel();
    await running;
  };
}

/**
 * Evaluates the alarms every minute from now on, and serves the API.
 *
 * @throws StartError naming the template line of an alarm that the local cloud does not support
 */
export function openCloudWatch(
  options: Surroundings & {
    readonly template: ResolvedTemplate;
    readonly metrics: Metrics;
    readonly targets: AlarmTargets;
    readonly closers: Closers;
  },
): { readonly handler: AwsHandler } {
  const { template, metrics, targets, clock, log, closers } = options;
  const startedAt = clock.now();
  const { store } = metrics;
  const specs = alarmsFromTemplate(template);
  const states = createAlarmStates(metrics.file, startedAt);
  const { region, accountId } = template;
  const alarms = createAlarms({ specs, states, store, targets, region, accountId, startedAt, clock, log });
  closers.add(
    everyMinute(clock, async () => {
      const now = clock.now();
      try {
        measureAll(metrics, Math.floor(now / MINUTE_MS) * MINUTE_MS);
        store.flush();
        await alarms.evaluate(now);
      } catch (error) {
        const reason = reasonOf(error);
        log.error('metrics cannot be written; the next attempt is in a minute', { reason });
      }
    }),
  );
  return { handler: createHandler({ store, specs, states, alarms, startedAt }, clock) };
}
