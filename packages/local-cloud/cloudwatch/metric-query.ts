// The queries of GetMetricData and of alarms: metrics, metric math over them, and queries of Metrics Insights.

import { invalidExpression } from './expression-lex.ts';
import { isInsightsQuery, parseInsights, runInsights, type InsightsQuery } from './insights.ts';
import { evaluateMath, requireKnownFunctions, type LabelledSeries, type MathValue } from './math-evaluate.ts';
import { idsIn, parseMath, type MathNode } from './math-parse.ts';
import type { MetricId } from './meter.ts';
import { MINUTE_MS, type MetricStore } from './metric-store.ts';
import {
  inPeriods,
  periodsOf,
  problemOfStatistic,
  statistic,
  type Span,
  type TimeSeries,
} from './time-series.ts';

/** From outside, not yet checked. */
export type Scalar = string | number | boolean;

/** In the form of the API and the template; a number may be text. */
export interface DataQuery {
  readonly Id?: Scalar;
  readonly Expression?: Scalar;
  readonly Label?: Scalar;
  readonly Period?: Scalar;
  readonly ReturnData?: Scalar;
  readonly MetricStat?: {
    readonly Metric?: {
      readonly Namespace?: Scalar;
      readonly MetricName?: Scalar;
      readonly Dimensions?: unknown;
    };
    readonly Period?: Scalar;
    readonly Stat?: Scalar;
    readonly Unit?: Scalar;
  };
}

type Source =
  | { readonly kind: 'metric'; readonly metric: MetricId; readonly statistic: string }
  | { readonly kind: 'math'; readonly node: MathNode }
  | { readonly kind: 'insights'; readonly query: InsightsQuery };

interface Query {
  readonly id: string;
  readonly label: string;
  readonly isReturned: boolean;
  /** Milliseconds. */
  readonly period: number;
  readonly source: Source;
}

export interface QueryResult extends LabelledSeries {
  readonly id: string;
}

export interface CompiledQueries {
  /** The longest period of the returned queries, in milliseconds. */
  readonly period: number;
  /** Number of queries that are returned. */
  readonly returned: number;
  /** @param spanOf the span of a period in milliseconds. @throws AwsError ValidationError */
  run(store: MetricStore, spanOf: (period: number) => Span): QueryResult[];
}

const ID = /^[a-z][A-Za-z0-9_]{0,254}$/;
const MOST_QUERIES = 500;
/** Most data points of one answer. */
export const MOST_RESULTS = 100_800;

/** @throws AwsError ValidationError for an invalid dimension */
export function dimensionsOf(value: unknown): Record<string, string> {
  const list = value ?? [];
  if (!Array.isArray(list)) throw invalidExpression('Dimensions must be a list of Name and Value');
  return Object.fromEntries(
    list.map((each: { Name?: Scalar; Value?: Scalar } | null) => {
      if (typeof each?.Name !== 'string' || each.Value === undefined)
        throw invalidExpression('A dimension has a Name and a Value');
      return [each.Name, String(each.Value)];
    }),
  );
}

/** @returns milliseconds. @throws AwsError ValidationError for a period that is not a whole number of minutes */
export function periodOf(value: unknown): number {
  const seconds = Number(value);
  if (Number.isInteger(seconds) && seconds > 0 && seconds % 60 === 0) return seconds * 1_000;
  throw invalidExpression(
    `The period ${String(value)} is not supported by the local cloud, which keeps metrics a minute: use a multiple of 60`,
  );
}

function metricSource(stat: NonNullable<DataQuery['MetricStat']>): { period: number; source: Source } {
  const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = stat.Metric ?? {};
  if (typeof namespace !== 'string' || typeof name !== 'string')
    throw invalidExpression('MetricStat.Metric needs a Namespace and a MetricName');
  const problem = problemOfStatistic(String(stat.Stat));
  if (problem !== undefined) throw invalidExpression(`Stat ${problem}`);
  const metric = { namespace, name, dimensions: dimensionsOf(dimensions) };
  return { period: periodOf(stat.Period), source: { kind: 'metric', metric, statistic: String(stat.Stat) } };
}

function readQuery(query: DataQuery): Omit<Query, 'period'> & { period: number | undefined } {
  const { Id: id, Expression: expression, MetricStat: stat, Label: label } = query;
  if (typeof id !== 'string' || !ID.test(id))
    throw invalidExpression(
      `The id ${String(id).slice(0, 40)} must begin with a small letter and have letters, digits and _`,
    );
  if ((expression === undefined) === (stat === undefined))
    throw invalidExpression(`${id} needs either a MetricStat or an Expression`);
  const common = { id, isReturned: String(query.ReturnData ?? true) === 'true' };
  if (stat) {
    const { period, source } = metricSource(stat);
    const name = source.kind === 'metric' ? source.metric.name : id;
    return { ...common, label: String(label ?? name), period, source };
  }
  const text = String(expression);
  const period = query.Period === undefined ? undefined : periodOf(query.Period);
  if (isInsightsQuery(text)) {
    if (period === undefined)
      throw invalidExpression(`${id} needs a Period, as it is a query of Metrics Insights`);
    return {
      ...common,
      label: String(label ?? ''),
      period,
      source: { kind: 'insights', query: parseInsights(text) },
    };
  }
  const node = parseMath(text);
  requireKnownFunctions(node);
  return { ...common, label: String(label ?? id), period, source: { kind: 'math', node } };
}

type Read = ReturnType<typeof readQuery>;

function namedBy({ source }: Read, all: ReadonlyMap<string, Read>): Read[] {
  if (source.kind !== 'math') return [];
  return idsIn(source.node).map((id) => {
    const found = all.get(id);
    if (found) return found;
    throw invalidExpression(`The expression names ${id}, and no query has this id`);
  });
}

/**
 * The longest period of the queries that an expression uses; METRICS() uses all.
 *
 * @param known periods by ID; undefined for a query whose period is still being determined
 */
function periodIn(
  query: Read,
  all: ReadonlyMap<string, Read>,
  known: Map<string, number | undefined>,
): number {
  const found = known.get(query.id);
  if (found !== undefined) return found;
  if (known.has(query.id)) throw invalidExpression(`The expression of ${query.id} names itself`);
  known.set(query.id, undefined);
  const own = namedBy(query, all).map((each) => periodIn(each, all, known));
  const others = own.length > 0 ? own : [...all.values()].map(({ period = MINUTE_MS }) => period);
  const period = query.period ?? Math.max(...others);
  known.set(query.id, period);
  return period;
}

/** The periods that FILL fills. @throws AwsError ValidationError for more than an answer may contain */
function timesOf(span: Span): readonly number[] {
  const count = Math.ceil((span.end - span.start) / span.period);
  if (count <= MOST_RESULTS) return periodsOf(span);
  throw invalidExpression(
    `FILL would make ${count} periods, and ${MOST_RESULTS} are possible: ask for less time or longer periods`,
  );
}

function runAll(queries: ReadonlyMap<string, Query>, store: MetricStore, spanOf: (period: number) => Span) {
  const known = new Map<string, MathValue>();

  function compute({ label, source }: Query, period: number): MathValue {
    const span = spanOf(period);
    if (source.kind === 'insights') return runInsights(source.query, store, span).map((each) => each);
    if (source.kind === 'metric') {
      const points = inPeriods(store.points(source.metric, span.start, span.end), span);
      return new Map([...points].map(([at, each]) => [at, statistic(source.statistic, each)]));
    }
    return evaluateMath(source.node, {
      of: (id) => valueOf(queries.get(id)!, period),
      labelOf: (id) => queries.get(id)?.label ?? label,
      metrics: () =>
        [...queries.values()]
          .filter((each) => each.source.kind === 'metric')
          .map((each) => ({ label: each.label, series: valueOf(each, period) as TimeSeries })),
      times: () => timesOf(span),
      period,
    });
  }
  function valueOf(query: Query, period: number): MathValue {
    const key = `${query.id} ${period}`;
    const value = known.get(key) ?? compute(query, period);
    known.set(key, value);
    return value;
  }
  return valueOf;
}

function seriesOf({ id, label }: Query, value: MathValue): QueryResult[] {
  if (typeof value === 'number')
    throw invalidExpression(
      `${id} gives a number, and a time series is needed: put the metrics in brackets, such as SUM([a, b])`,
    );
  if (value instanceof Map) return [{ id, label, series: value }];
  return (value as readonly LabelledSeries[]).map((each) => ({
    id,
    label: [label, each.label].filter((part) => part !== '').join(' '),
    series: each.series,
  }));
}

/** @throws AwsError ValidationError naming the query and its problem */
export function compileQueries(input: readonly DataQuery[]): CompiledQueries {
  if (input.length === 0) throw invalidExpression('There must be at least one query');
  if (input.length > MOST_QUERIES) throw invalidExpression(`There are more than ${MOST_QUERIES} queries`);
  const read = new Map<string, Read>();
  for (const each of input.map(readQuery)) {
    if (read.has(each.id)) throw invalidExpression(`Two queries have the id ${each.id}`);
    read.set(each.id, each);
  }
  const periods = new Map<string, number | undefined>();
  const queries = new Map<string, Query>(
    [...read].map(([id, each]) => [id, { ...each, period: periodIn(each, read, periods) }]),
  );
  const returned = [...queries.values()].filter(({ isReturned }) => isReturned);
  if (returned.length === 0) throw invalidExpression('At least one query must have ReturnData');
  return {
    period: Math.max(...returned.map(({ period }) => period)),
    returned: returned.length,
    run(store, spanOf) {
      const valueOf = runAll(queries, store, spanOf);
      return returned.flatMap((query) => seriesOf(query, valueOf(query, query.period)));
    },
  };
}
