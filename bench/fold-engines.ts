// DuckDB and polars as contenders. They get the column types, so that they need not infer them.

import { WINDOW_MILLISECONDS } from './fold-input.ts';
import type { FoldOutcome } from './fold-outcome.ts';
import { loadPeer, type Fold } from './fold-peer.ts';

interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string, options: Record<string, string>): Promise<{ connect(): Promise<Connection> }>;
  };
}
interface Connection {
  runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): Record<string, string | number>[] }>;
}

const STATISTICS = ['temperature', 'humidity'].flatMap((metric) =>
  ['sum', 'min', 'max'].map((statistic) => ({ metric, statistic, name: `${metric}_${statistic}` })),
);

function outcomeOfRow(row: Record<string, string | number | bigint>): FoldOutcome {
  const metric = (name: string) => ({
    sum: Math.round(Number(row[`${name}_sum`])),
    min: Math.round(Number(row[`${name}_min`])),
    max: Math.round(Number(row[`${name}_max`])),
  });
  return {
    windows: Number(row['windows']),
    readings: Number(row['readings']),
    temperature: metric('temperature'),
    humidity: metric('humidity'),
  };
}

export async function openDuckDb(threads: number): Promise<Fold> {
  const { DuckDBInstance } = await loadPeer<DuckDb>('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  return async (file) => {
    const statistics = STATISTICS.map(({ metric, statistic, name }) => `${statistic}(${metric}) AS ${name}`);
    const totals = STATISTICS.map(({ name }) => `sum(round(${name} * 10))::BIGINT AS ${name}`);
    const reader = await connection.runAndReadAll(`
      SELECT count(*) AS windows, sum(readings)::BIGINT AS readings, ${totals.join()} FROM (
        SELECT deviceId, timestamp // ${WINDOW_MILLISECONDS} AS start, count(*) AS readings, ${statistics.join()}
        FROM read_json('${file}', format = 'newline_delimited', columns = {
          timestamp: 'BIGINT', temperature: 'DOUBLE', humidity: 'DOUBLE', deviceId: 'VARCHAR' })
        GROUP BY ALL)`);
    return outcomeOfRow(reader.getRowObjectsJson()[0]!);
  };
}

interface Expression {
  sum(): Expression;
  min(): Expression;
  max(): Expression;
  round(decimals: number): Expression;
  div(by: number): Expression;
  floor(): Expression;
  mul(by: number): Expression;
  alias(name: string): Expression;
}
interface LazyFrame {
  groupBy(by: unknown[]): { agg(...columns: Expression[]): LazyFrame };
  select(...columns: Expression[]): LazyFrame;
  collectSync(): { toRecords(): Record<string, number | bigint>[] };
}
interface Polars {
  readonly default: {
    scanJson(file: string, options: unknown): LazyFrame;
    col(name: string): Expression;
    count(name: string): Expression;
    readonly Int64: unknown;
    readonly Float64: unknown;
    readonly Utf8: unknown;
  };
}

/** The number of threads comes from POLARS_MAX_THREADS when the package is loaded. */
export async function openPolars(): Promise<Fold> {
  const { default: pl } = await loadPeer<Polars>('nodejs-polars');
  const schema = {
    timestamp: pl.Int64,
    temperature: pl.Float64,
    humidity: pl.Float64,
    deviceId: pl.Utf8,
  };
  return (file) => {
    const windows = pl
      .scanJson(file, { schema })
      .groupBy([pl.col('deviceId'), pl.col('timestamp').div(WINDOW_MILLISECONDS).floor().alias('start')])
      .agg(
        pl.count('deviceId').alias('readings'),
        ...STATISTICS.map(({ metric, statistic, name }) =>
          pl.col(metric)[statistic as 'sum' | 'min' | 'max']().alias(name),
        ),
      );
    const [row] = windows
      .select(
        pl.count('readings').alias('windows'),
        pl.col('readings').sum().alias('total'),
        ...STATISTICS.map(({ name }) => pl.col(name).mul(10).round(0).sum().alias(name)),
      )
      .collectSync()
      .toRecords();
    return outcomeOfRow({ ...row, readings: row!['total']! });
  };
}
