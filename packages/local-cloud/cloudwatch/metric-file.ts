// The SQLite file of the metrics, with one row per metric and minute, and of the states of the alarms.

import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { MetricId, Statistics } from './meter.ts';

export interface Point extends Statistics {
  /** Minutes since the epoch. */
  readonly minute: number;
}

export interface StoredMetric extends MetricId {
  readonly rowId: number;
  readonly unit: string | undefined;
}

export interface MetricFile {
  metrics(): StoredMetric[];
  addMetric(metric: MetricId & { readonly unit: string | undefined }): number;
  /** In the order of their minutes; `from` is included, `to` is not. */
  points(rowId: number, from: number, to: number): Point[];
  lastMinute(rowId: number): number | undefined;
  addPoint(rowId: number, point: Point): void;
  deleteBefore(minute: number): void;
  /** JSON texts by their keys; see alarm-states.ts. */
  readonly texts: {
    all(): Map<string, string>;
    put(key: string, text: string): void;
    remove(key: string): void;
  };
  /** Runs `write` in one transaction. @throws what SQLite throws; then nothing of it is written */
  transaction<Result>(write: () => Result): Result;
  close(): void;
}

/** A crash of the machine may cost the last minute. */
const SETTINGS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2000;';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS metrics (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT,
    UNIQUE (namespace, name, dimensions)
  );
  CREATE TABLE IF NOT EXISTS points (
    metric_id INTEGER, minute INTEGER, count REAL, sum REAL, min REAL, max REAL, PRIMARY KEY (metric_id, minute)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
`;
const ADD_POINT = `
  INSERT INTO points VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    count = count + excluded.count, sum = sum + excluded.sum, min = min(min, excluded.min), max = max(max, excluded.max)
`;

function open(dir: string): DatabaseSync {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, 'metrics.sqlite');
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const sql = new DatabaseSync(file);
  try {
    sql.exec(SETTINGS);
    sql.exec(SCHEMA);
    return sql;
  } catch (error) {
    sql.close();
    throw error;
  }
}

type Rows<Kept extends keyof MetricFile> = Pick<MetricFile, Kept>;

function metricRows(sql: DatabaseSync): Rows<'metrics' | 'addMetric'> {
  const add = sql.prepare('INSERT INTO metrics (namespace, name, dimensions, unit) VALUES (?, ?, ?, ?)');
  return {
    metrics: () =>
      sql
        .prepare('SELECT * FROM metrics')
        .all()
        .map((row) => ({
          rowId: row['id'] as number,
          namespace: row['namespace'] as string,
          name: row['name'] as string,
          dimensions: JSON.parse(row['dimensions'] as string) as Record<string, string>,
          unit: (row['unit'] as string | null) ?? undefined,
        })),
    addMetric: ({ namespace, name, dimensions, unit }) =>
      Number(add.run(namespace, name, JSON.stringify(dimensions), unit ?? null).lastInsertRowid),
  };
}

function pointRows(sql: DatabaseSync): Rows<'points' | 'lastMinute' | 'addPoint' | 'deleteBefore'> {
  const add = sql.prepare(ADD_POINT);
  const points = sql.prepare(
    'SELECT minute, count, sum, min, max FROM points WHERE metric_id = ? AND minute >= ? AND minute < ? ORDER BY minute',
  );
  const last = sql.prepare('SELECT max(minute) AS minute FROM points WHERE metric_id = ?');
  return {
    points: (rowId, from, to) => points.all(rowId, from, to) as unknown as Point[],
    lastMinute: (rowId) => (last.get(rowId)?.['minute'] as number | null) ?? undefined,
    addPoint: (rowId, { minute, count, sum, min, max }) => void add.run(rowId, minute, count, sum, min, max),
    deleteBefore: (minute) => void sql.prepare('DELETE FROM points WHERE minute < ?').run(minute),
  };
}

function textRows(sql: DatabaseSync): MetricFile['texts'] {
  const put = sql.prepare('INSERT INTO texts VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text');
  return {
    all() {
      const rows = sql.prepare('SELECT key, text FROM texts').all();
      return new Map(rows.map((row) => [row['key'] as string, row['text'] as string]));
    },
    put: (key, text) => void put.run(key, text),
    remove: (key) => void sql.prepare('DELETE FROM texts WHERE key = ?').run(key),
  };
}

/** @param dir created if missing. @throws what SQLite throws when the file cannot be opened */
export function openMetricFile(dir: string): MetricFile {
  const sql = open(dir);
  return {
    ...metricRows(sql),
    ...pointRows(sql),
    texts: textRows(sql),
    transaction(write) {
      sql.exec('BEGIN');
      try {
        const result = write();
        sql.exec('COMMIT');
        return result;
      } catch (error) {
        if (sql.isTransaction) sql.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => sql.close(),
  };
}
