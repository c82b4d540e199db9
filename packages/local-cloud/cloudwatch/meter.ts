// The interface by which services measure: a value goes into a metric without knowing what keeps it.

/** What identifies a metric in CloudWatch. */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Of the values of one metric in some span of time. */
export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Adds one value, now. */
export type Measure = (value: number) => void;

/** Returns a function that adds values to a metric; keep that function where values come often. */
export type Meter = (
  namespace: string,
  name: string,
  dimensions?: Readonly<Record<string, string>>,
  unit?: string,
) => Measure;

/** For services that run alone. */
export const noMeter: Meter = () => () => {};

export const statisticsOf = (value: number): Statistics => ({ count: 1, sum: value, min: value, max: value });

export const merge = (a: Statistics | undefined, b: Statistics): Statistics =>
  a === undefined
    ? b
    : {
        count: a.count + b.count,
        sum: a.sum + b.sum,
        min: Math.min(a.min, b.min),
        max: Math.max(a.max, b.max),
      };
