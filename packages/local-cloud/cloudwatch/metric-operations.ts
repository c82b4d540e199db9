// The operations of CloudWatch on metrics: lists, statistics, queries, and values from outside.

import { AwsError } from '../aws-error.ts';
import {
  invalidValue,
  listAt,
  numberAt,
  objectsAt,
  pageOf,
  requireText,
  requireTime,
  textAt,
  timeAt,
} from './input.ts';
import type { MetricId, Statistics } from './meter.ts';
import { compileQueries, dimensionsOf, MOST_RESULTS, periodOf, type QueryResult } from './metric-query.ts';
import { MINUTE_MS, type ListedMetric, type MetricStore } from './metric-store.ts';
import type { Operation } from './operation.ts';
import type { Input, Output } from './protocols.ts';
import { inPeriods, problemOfStatistic, statistic, STATISTIC_NAMES, type Span } from './time-series.ts';

const MOST_LISTED = 500;
const MOST_DATAPOINTS = 1_440;
const MOST_PUT = 1_000;
const RECENT_MS = 3 * 3_600_000;
/** "Time stamps can be as much as two weeks before the current date and as much as 2 hours after". */
const [OLDEST_MS, NEWEST_MS] = [14 * 86_400_000, 2 * 3_600_000];

export const dimensionList = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

function listMetrics({ store, now }: { store: MetricStore; now: number }, input: Input): Output {
  const [namespace, name] = [textAt(input, 'Namespace'), textAt(input, 'MetricName')];
  const wanted = objectsAt(input, 'Dimensions').map(
    (each) => [requireText(each, 'Name'), textAt(each, 'Value')] as const,
  );
  const recently = textAt(input, 'RecentlyActive');
  if (recently !== undefined && recently !== 'PT3H')
    throw invalidValue('The parameter RecentlyActive must be PT3H');
  const fits = (metric: ListedMetric) =>
    (namespace === undefined || metric.namespace === namespace) &&
    (name === undefined || metric.name === name) &&
    wanted.every(
      ([key, value]) =>
        Object.hasOwn(metric.dimensions, key) && (value === undefined || metric.dimensions[key] === value),
    ) &&
    (recently === undefined || store.isRecent(metric, now - RECENT_MS));
  const found = store
    .metrics()
    .filter(fits)
    .map((metric) => ({
      ...{ Namespace: metric.namespace, MetricName: metric.name },
      Dimensions: dimensionList(metric.dimensions),
    }));
  const sorted = found.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const { items, NextToken } = pageOf(sorted, input, MOST_LISTED);
  return { Metrics: items, NextToken };
}

function metricAt(input: Input): MetricId {
  return {
    namespace: requireText(input, 'Namespace'),
    name: requireText(input, 'MetricName'),
    dimensions: dimensionsOf(listAt(input, 'Dimensions')),
  };
}

function spanAt(input: Input, period: number): Span {
  const [start, end] = [requireTime(input, 'StartTime'), requireTime(input, 'EndTime')];
  if (start >= end) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
  return { start: Math.floor(start / MINUTE_MS) * MINUTE_MS, end, period };
}

function getMetricStatistics({ store }: { store: MetricStore }, input: Input): Output {
  const metric = metricAt(input);
  if (listAt(input, 'ExtendedStatistics').length > 0)
    throw invalidValue(`The parameter ExtendedStatistics ${problemOfStatistic('with percentiles')}`);
  const names = listAt(input, 'Statistics').map(String);
  const unknown = names.find((name) => problemOfStatistic(name) !== undefined);
  if (unknown !== undefined) throw invalidValue(`The parameter Statistics ${problemOfStatistic(unknown)}`);
  if (names.length === 0)
    throw new AwsError(
      'MissingParameter',
      `The parameter Statistics is required: ${STATISTIC_NAMES.join(', ')}`,
    );
  const span = spanAt(input, periodOf(input['Period']));
  const count = (span.end - span.start) / span.period;
  if (count > MOST_DATAPOINTS)
    throw new AwsError(
      'InvalidParameterCombination',
      `You have requested up to ${Math.ceil(count)} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    );
  const { unit } = store.metrics().find((each) => sameMetric(each, metric)) ?? {};
  const asked = textAt(input, 'Unit');
  const points =
    asked !== undefined && asked !== (unit ?? 'None') ? [] : store.points(metric, span.start, span.end);
  return {
    Label: metric.name,
    Datapoints: [...inPeriods(points, span)].map(([at, statistics]) => ({
      ...{ Timestamp: new Date(at), Unit: unit ?? 'None' },
      ...Object.fromEntries(names.map((name) => [name, statistic(name, statistics)])),
    })),
  };
}

export function sameMetric(a: MetricId, b: MetricId): boolean {
  const [names, others] = [Object.keys(a.dimensions), Object.keys(b.dimensions)];
  return (
    a.namespace === b.namespace &&
    a.name === b.name &&
    names.length === others.length &&
    names.every((name) => a.dimensions[name] === b.dimensions[name])
  );
}

function resultOf({ id, label, series }: QueryResult, isAscending: boolean) {
  const points = isAscending ? [...series] : [...series].reverse();
  return {
    ...{ Id: id, Label: label, StatusCode: 'Complete' },
    Timestamps: points.map(([at]) => new Date(at)),
    Values: points.map(([, value]) => value),
  };
}

function getMetricData({ store }: { store: MetricStore }, input: Input): Output {
  const queries = compileQueries(objectsAt(input, 'MetricDataQueries'));
  const order = textAt(input, 'ScanBy') ?? 'TimestampDescending';
  if (!['TimestampDescending', 'TimestampAscending'].includes(order))
    throw invalidValue('The parameter ScanBy must be TimestampDescending or TimestampAscending');
  const { start, end } = spanAt(input, queries.period);
  const results = queries.run(store, (period) => ({
    start: Math.floor(start / period) * period,
    end,
    period,
  }));
  const count = results.reduce((sum, { series }) => sum + series.size, 0);
  if (count > MOST_RESULTS)
    throw invalidValue(
      `The answer would have ${count} data points, and ${MOST_RESULTS} are possible: ask for less time or longer periods`,
    );
  return {
    MetricDataResults: results.map((each) => resultOf(each, order === 'TimestampAscending')),
    Messages: [],
  };
}

function statisticsAt(datum: Input): Statistics {
  const set = datum['StatisticValues'] as Input | undefined;
  const values = listAt(datum, 'Values').map(Number);
  const counts = listAt(datum, 'Counts').map(Number);
  const value = numberAt(datum, 'Value');
  const given = [value, set, values.length > 0 ? values : undefined].filter((each) => each !== undefined);
  if (given.length !== 1)
    throw new AwsError(
      'InvalidParameterCombination',
      'A metric datum needs exactly one of Value, Values and StatisticValues',
    );
  if (set) {
    const at = (name: string) => numberAt(set, name) ?? NaN;
    const found = { count: at('SampleCount'), sum: at('Sum'), min: at('Minimum'), max: at('Maximum') };
    if (Object.values(found).every(Number.isFinite)) return found;
    throw new AwsError('MissingParameter', 'StatisticValues needs SampleCount, Sum, Minimum and Maximum');
  }
  const all = value === undefined ? values : [value];
  if (counts.length > 0 && counts.length !== all.length)
    throw invalidValue('The parameters Values and Counts must have as many members');
  if (![...all, ...counts].every(Number.isFinite))
    throw invalidValue('The parameter Values must have numbers');
  const times = (index: number) => counts[index] ?? 1;
  return {
    count: all.reduce((sum, _each, index) => sum + times(index), 0),
    sum: all.reduce((sum, each, index) => sum + each * times(index), 0),
    min: Math.min(...all),
    max: Math.max(...all),
  };
}

function putMetricData({ store, now }: { store: MetricStore; now: number }, input: Input): Output {
  const namespace = requireText(input, 'Namespace');
  if (namespace.startsWith('AWS/')) throw invalidValue('The value AWS/ for parameter Namespace is invalid.');
  const data = objectsAt(input, 'MetricData');
  if (data.length === 0) throw new AwsError('MissingParameter', 'The parameter MetricData is required.');
  if (data.length > MOST_PUT)
    throw new AwsError('LimitExceeded', `MetricData has more than ${MOST_PUT} members`);
  const read = data.map((datum) => {
    const at = timeAt(datum, 'Timestamp') ?? now;
    if (at < now - OLDEST_MS || at > now + NEWEST_MS)
      throw invalidValue('The parameter Timestamp must be within the past two weeks and the next two hours');
    const metric = {
      namespace,
      name: requireText(datum, 'MetricName'),
      dimensions: dimensionsOf(datum['Dimensions']),
    };
    return { metric, at, statistics: statisticsAt(datum), unit: textAt(datum, 'Unit') };
  });
  for (const { metric, at, statistics, unit } of read) store.add(metric, at, statistics, unit);
  return {};
}

export const metricOperations: Readonly<Record<string, Operation>> = {
  ListMetrics: {
    accepts: ['Namespace', 'MetricName', 'Dimensions', 'NextToken', 'RecentlyActive'],
    run: listMetrics,
  },
  GetMetricStatistics: {
    accepts: [
      ...['Namespace', 'MetricName', 'Dimensions', 'StartTime', 'EndTime', 'Period', 'Statistics'],
      ...['ExtendedStatistics', 'Unit'],
    ],
    run: getMetricStatistics,
  },
  GetMetricData: {
    accepts: ['MetricDataQueries', 'StartTime', 'EndTime', 'ScanBy', 'MaxDatapoints'],
    run: getMetricData,
  },
  PutMetricData: { accepts: ['Namespace', 'MetricData'], run: putMetricData },
};
