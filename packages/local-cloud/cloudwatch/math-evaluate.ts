// Evaluates metric math on the time series of its metrics.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

import { invalidExpression } from './expression-lex.ts';
import { FILLERS, type MathNode } from './math-parse.ts';
import type { TimeSeries } from './time-series.ts';

/** One labelled series of a query or list that returns several. */
export interface LabelledSeries {
  readonly label: string;
  readonly series: TimeSeries;
}

/** A number, a time series, or an array of them. */
export type MathValue = number | TimeSeries | readonly LabelledSeries[];

/** The data that an expression is evaluated on. */
export interface MathScope {
  /** @throws AwsError for an id that no query has */
  readonly of: (id: string) => MathValue;
  readonly labelOf: (id: string) => string;
  /** All queries that are metrics, not expressions. */
  readonly metrics: () => readonly LabelledSeries[];
  /** The beginnings of all periods, in epoch milliseconds. @throws AwsError ValidationError when there are too many */
  readonly times: () => readonly number[];
  /** Milliseconds. */
  readonly period: number;
}

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
};

const isList = (value: MathValue): value is readonly LabelledSeries[] => Array.isArray(value);
const isSeries = (value: MathValue): value is TimeSeries => value instanceof Map;

/** A result that is not a number, such as that of a division by zero, gives no data point. */
function seriesOf(entries: Iterable<readonly [number, number | undefined]>): TimeSeries {
  const found = new Map<number, number>();
  for (const [at, value] of entries) if (value !== undefined && Number.isFinite(value)) found.set(at, value);
  return found;
}

const mapped = (series: TimeSeries, of: (value: number) => number): TimeSeries =>
  seriesOf([...series].map(([at, value]) => [at, of(value)] as const));

/** `undefined` where a series has no point: then the result has none. */
function combine(left: MathValue, right: MathValue, of: (a: number, b: number) => number): MathValue {
  if (isList(left))
    return left.map(({ label, series }) => ({ label, series: combine(series, right, of) as TimeSeries }));
  if (isList(right))
    return right.map(({ label, series }) => ({ label, series: combine(left, series, of) as TimeSeries }));
  if (isSeries(left))
    return isSeries(right)
      ? seriesOf([...left].map(([at, a]) => [at, right.has(at) ? of(a, right.get(at)!) : undefined] as const))
      : mapped(left, (a) => of(a, right));
  return isSeries(right) ? mapped(right, (b) => of(left, b)) : of(left, right);
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Aggregates one series over time to a number, or several series at each time. */
const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: average,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  STDDEV: (values) => {
    const middle = average(values);
    return Math.sqrt(average(values.map((value) => (value - middle) ** 2)));
  },
};

function aggregate(value: MathValue, of: (values: readonly number[]) => number): MathValue {
  if (typeof value === 'number') return value;
  if (isSeries(value)) return value.size === 0 ? NaN : of([...value.values()]);
  const times = [...new Set(value.flatMap(({ series }) => [...series.keys()]))].sort((a, b) => a - b);
  return seriesOf(
    times.map(
      (at) => [at, of(value.flatMap(({ series }) => (series.has(at) ? [series.get(at)!] : [])))] as const,
    ),
  );
}

const eachSeries = (value: MathValue, of: (series: TimeSeries) => TimeSeries): MathValue => {
  if (isList(value)) return value.map(({ label, series }) => ({ label, series: of(series) }));
  if (isSeries(value)) return of(value);
  throw invalidExpression('The function needs a time series');
};

const perValue =
  (of: (value: number) => number) =>
  (value: MathValue): MathValue =>
    typeof value === 'number' ? of(value) : eachSeries(value, (series) => mapped(series, of));

/** The change since the point before, or that change per second. */
function changes(series: TimeSeries, divide: (change: number, ms: number) => number): TimeSeries {
  const points = [...series];
  return seriesOf(
    points.slice(1).map(([at, value], index) => {
      const [before, earlier] = points[index]!;
      return [at, divide(value - earlier, at - before)] as const;
    }),
  );
}

function interpolate(series: TimeSeries, at: number): number | undefined {
  const before = [...series].findLast(([time]) => time < at);
  const after = [...series].find(([time]) => time > at);
  if (!before || !after) return undefined;
  return before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0]);
}

function fill(series: TimeSeries, times: readonly number[], filler: MathValue | string): TimeSeries {
  let last: number | undefined;
  return seriesOf(
    times.map((at) => {
      const value = series.get(at);
      if (value !== undefined) last = value;
      const other: Readonly<Record<string, () => number | undefined>> = {
        REPEAT: () => last,
        LINEAR: () => interpolate(series, at),
      };
      if (value !== undefined) return [at, value] as const;
      if (typeof filler === 'string') return [at, other[filler]!()] as const;
      return [at, typeof filler === 'number' ? filler : (filler as TimeSeries).get(at)] as const;
    }),
  );
}

function choose(condition: MathValue, yes: MathValue, no: MathValue | undefined): MathValue {
  const at = (value: MathValue | undefined, time: number) =>
    value !== undefined && isSeries(value) ? value.get(time) : (value as number | undefined);
  if (typeof condition === 'number') return condition !== 0 ? yes : (no ?? new Map<number, number>());
  if (!isSeries(condition)) throw invalidExpression('IF needs a time series or a number as its condition');
  return seriesOf([...condition].map(([time, value]) => [time, at(value !== 0 ? yes : no, time)] as const));
}

type Call = (args: readonly MathNode[], scope: MathScope) => MathValue;

const one =
  (of: (value: MathValue, scope: MathScope) => MathValue): Call =>
  (args, scope) => {
    if (args.length !== 1) throw invalidExpression('The function takes one argument');
    return of(evaluateMath(args[0]!, scope), scope);
  };

const FUNCTIONS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(
    Object.entries(AGGREGATES).map(([name, of]) => [name, one((value) => aggregate(value, of))] as const),
  ),
  ABS: one(perValue(Math.abs)),
  CEIL: one(perValue(Math.ceil)),
  FLOOR: one(perValue(Math.floor)),
  DIFF: one((value) => eachSeries(value, (series) => changes(series, (change) => change))),
  RATE: one((value) => eachSeries(value, (series) => changes(series, (change, ms) => (change * 1_000) / ms))),
  PERIOD: one((_value, { period }) => period / 1_000),
  METRICS(args, { metrics }) {
    if (args.length > 0) throw invalidExpression('METRICS takes no argument in the local cloud');
    return metrics();
  },
  FILL(args, scope) {
    const [value, filler] = args;
    if (!value || !filler) throw invalidExpression('FILL takes a metric and a value');
    const name = filler.kind === 'id' ? filler.id.toUpperCase() : '';
    const by = FILLERS.includes(name) ? name : evaluateMath(filler, scope);
    const times = scope.times();
    return eachSeries(evaluateMath(value, scope), (series) => fill(series, times, by));
  },
  IF(args, scope) {
    const [condition, yes, no] = args;
    if (!condition || !yes || args.length > 3)
      throw invalidExpression('IF takes a condition and one or two values');
    return choose(evaluateMath(condition, scope), evaluateMath(yes, scope), no && evaluateMath(no, scope));
  },
};

function listOf(items: readonly MathNode[], scope: MathScope): LabelledSeries[] {
  return items.flatMap((item) => {
    const value = evaluateMath(item, scope);
    if (isList(value)) return value;
    if (typeof value === 'number') throw invalidExpression('A list holds time series, not numbers');
    return [{ label: item.kind === 'id' ? scope.labelOf(item.id) : '', series: value }];
  });
}

/** @throws AwsError ValidationError for an unknown name, and for values that cannot be combined */
export function evaluateMath(node: MathNode, scope: MathScope): MathValue {
  if (node.kind === 'number') return node.value;
  if (node.kind === 'id') return scope.of(node.id);
  if (node.kind === 'list') return listOf(node.items, scope);
  if (node.kind === 'call') return FUNCTIONS[node.name]!(node.args, scope);
  return combine(evaluateMath(node.left, scope), evaluateMath(node.right, scope), OPERATORS[node.name]!);
}

/** @throws AwsError ValidationError for a function that the local cloud does not have */
export function requireKnownFunctions(node: MathNode): void {
  if (node.kind === 'call' && !Object.hasOwn(FUNCTIONS, node.name)) {
    const known = Object.keys(FUNCTIONS).sort().join(', ');
    throw invalidExpression(`The local cloud has no function ${node.name} in metric math; it has ${known}`);
  }
  if (node.kind === 'call') node.args.forEach(requireKnownFunctions);
  if (node.kind === 'list') node.items.forEach(requireKnownFunctions);
  if (node.kind === 'operator') [node.left, node.right].forEach(requireKnownFunctions);
}
