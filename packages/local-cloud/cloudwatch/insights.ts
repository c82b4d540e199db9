// Queries of Metrics Insights: a statistic over all metrics with matching dimensions.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html

import { invalidExpression, readTokens, type Tokens } from './expression-lex.ts';
import type { LabelledSeries } from './math-evaluate.ts';
import { merge, type Statistics } from './meter.ts';
import type { ListedMetric, MetricStore } from './metric-store.ts';
import { inPeriods, statistic, type Span } from './time-series.ts';

interface Condition {
  readonly dimension: string;
  readonly value: string;
  readonly isEqual: boolean;
}

export interface InsightsQuery {
  readonly statistic: string;
  readonly metric: string;
  readonly namespace: string;
  /** All dimensions of the metrics; absent for any. */
  readonly schema: readonly string[] | undefined;
  readonly where: readonly Condition[];
  readonly groupBy: readonly string[];
}

const AGGREGATES: Readonly<Record<string, string>> = {
  SUM: 'Sum',
  AVG: 'Average',
  MIN: 'Minimum',
  MAX: 'Maximum',
  COUNT: 'SampleCount',
};

export const isInsightsQuery = (expression: string): boolean => /^\s*SELECT\s/i.test(expression);

function readName(tokens: Tokens, what: string): string {
  const { kind, text } = tokens.next();
  if (kind === 'name' || kind === 'quoted') return text;
  throw invalidExpression(`The query has '${text}' where ${what} is expected`);
}

function readSchema(tokens: Tokens): Pick<InsightsQuery, 'namespace' | 'schema'> {
  if (!tokens.take('SCHEMA')) return { namespace: readName(tokens, 'a namespace'), schema: undefined };
  tokens.expect('(');
  const namespace = readName(tokens, 'a namespace');
  const schema: string[] = [];
  while (tokens.take(',')) schema.push(readName(tokens, 'a dimension'));
  tokens.expect(')');
  return { namespace, schema };
}

function readWhere(tokens: Tokens): Condition[] {
  if (!tokens.take('WHERE')) return [];
  const conditions: Condition[] = [];
  do {
    const dimension = readName(tokens, 'a dimension');
    const isEqual = tokens.take('=');
    if (!isEqual) tokens.expect('!=');
    const { kind, text } = tokens.next();
    if (kind !== 'text')
      throw invalidExpression(`The query has '${text}' where a text such as 'value' is expected`);
    conditions.push({ dimension, value: text, isEqual });
  } while (tokens.take('AND'));
  return conditions;
}

function readGroupBy(tokens: Tokens): string[] {
  if (!tokens.take('GROUP')) return [];
  tokens.expect('BY');
  const names: string[] = [];
  do names.push(readName(tokens, 'a dimension'));
  while (tokens.take(','));
  return names;
}

/** @throws AwsError ValidationError, also for ORDER BY, LIMIT, OR and parentheses */
export function parseInsights(source: string): InsightsQuery {
  const tokens = readTokens(source);
  tokens.expect('SELECT');
  const aggregate = readName(tokens, 'a function').toUpperCase();
  if (!Object.hasOwn(AGGREGATES, aggregate))
    throw invalidExpression(
      `The query has ${aggregate}, and ${Object.keys(AGGREGATES).join(', ')} are possible`,
    );
  tokens.expect('(');
  const metric = readName(tokens, 'a metric');
  tokens.expect(')');
  tokens.expect('FROM');
  const from = readSchema(tokens);
  const where = readWhere(tokens);
  const groupBy = readGroupBy(tokens);
  const { kind, text } = tokens.peek();
  if (kind !== 'end')
    throw invalidExpression(`The local cloud does not support '${text}' in a query of Metrics Insights`);
  return { statistic: AGGREGATES[aggregate]!, metric, ...from, where, groupBy };
}

function fits({ namespace, name, dimensions }: ListedMetric, query: InsightsQuery): boolean {
  if (namespace !== query.namespace || name !== query.metric) return false;
  const names = Object.keys(dimensions);
  if (
    query.schema &&
    (names.length !== query.schema.length || query.schema.some((each) => !names.includes(each)))
  )
    return false;
  const has = (name: string) => Object.hasOwn(dimensions, name);
  return (
    query.groupBy.every(has) &&
    query.where.every(
      ({ dimension, value, isEqual }) => has(dimension) && (dimensions[dimension] === value) === isEqual,
    )
  );
}

/** One series per group; without GROUP BY one series, which is empty where nothing was measured. */
export function runInsights(query: InsightsQuery, store: MetricStore, span: Span): LabelledSeries[] {
  const groups = new Map<string, Map<number, Statistics>>();
  if (query.groupBy.length === 0) groups.set('', new Map());
  for (const metric of store.metrics().filter((each) => fits(each, query))) {
    const label = query.groupBy.map((name) => metric.dimensions[name]!).join(' ');
    const group = groups.get(label) ?? new Map<number, Statistics>();
    groups.set(label, group);
    for (const [at, statistics] of inPeriods(store.points(metric, span.start, span.end), span))
      group.set(at, merge(group.get(at), statistics));
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, group]) => ({
      label: label || query.metric,
      series: new Map(
        [...group].sort(([a], [b]) => a - b).map(([at, each]) => [at, statistic(query.statistic, each)]),
      ),
    }));
}
