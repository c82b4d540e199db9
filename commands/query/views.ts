// The views for queries: `readings`, each once, over the files of the archive, and `windows`, computed from them.

import { byRepeats, type ArchiveFile } from './archive-files.ts';
import { listOf, textOf } from './sql-text.ts';

/** Columns of a file, with the types that a query sees. */
const COLUMNS = {
  device: 'VARCHAR',
  metric: 'VARCHAR',
  timestamp: 'TIMESTAMP',
  value: 'DOUBLE',
  value_exact: 'VARCHAR',
  unit: 'VARCHAR',
  received_at: 'TIMESTAMP',
  message_id: 'VARCHAR',
  arrival_hour: 'VARCHAR',
} as const;
type Column = keyof typeof COLUMNS;

const NAMES = Object.keys(COLUMNS) as Column[];
/** Without one of these, a file has no readings. */
const NEEDED: readonly Column[] = ['device', 'metric', 'timestamp', 'value'];
/** Two values that agree in these columns are one value that was sent twice. */
const IDENTITY = 'site, "date", device, metric, "timestamp", value, value_exact, message_id';
const DAY_SECONDS = 86_400;

/** Missing columns of a file: the needed ones, and those that are read as null. */
export function lackingIn({ columns }: ArchiveFile): {
  readonly needed: readonly Column[];
  readonly nulls: readonly Column[];
} {
  const lacking = NAMES.filter((name) => !columns.has(name));
  return {
    needed: lacking.filter((name) => NEEDED.includes(name)),
    nulls: lacking.filter((name) => !NEEDED.includes(name)),
  };
}

/**
 * A view of all rows of the files. If a reading was sent again in a later hour, only the first is shown. Repeats are
 * only searched where they can occur, because the search takes many times as long as reading.
 */
export function readingsView(files: readonly ArchiveFile[]): string {
  const { never, some, any } = byRepeats(files);
  const devices = [...new Set(some.flatMap(({ repeats }) => (repeats === 'any' ? [] : repeats)))].sort();
  const within = `device IN (${listOf(devices)})`;
  const plain = [...scansOf(never), ...scansOf(some).map((scan) => `${scan} WHERE NOT ${within}`)];
  const checked = [...scansOf(any), ...scansOf(some).map((scan) => `${scan} WHERE ${within}`)];
  const parts = checked.length > 0 ? [...plain, firstOf(checked.join('\nUNION ALL '))] : plain;
  return `CREATE VIEW readings AS ${parts.join('\nUNION ALL ')}`;
}

const firstOf = (rows: string): string => `
  SELECT * EXCLUDE (first_hour) FROM (
    SELECT *, min(arrival_hour) OVER (PARTITION BY ${IDENTITY}) AS first_hour FROM (${rows}))
  WHERE arrival_hour IS NOT DISTINCT FROM first_hour`;

/** One scan per group of files with the same columns. */
function scansOf(files: readonly ArchiveFile[]): string[] {
  const groups = new Map<string, ArchiveFile[]>();
  for (const file of files) {
    const key = JSON.stringify([file.site, NAMES.map((name) => file.columns.get(name))]);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()].map(scanOf);
}

function scanOf(files: readonly ArchiveFile[]): string {
  const [{ columns, site }] = files as [ArchiveFile];
  const shown = NAMES.map((name) => {
    const type = columns.get(name);
    const value = type === undefined ? 'NULL' : `"${name}"`;
    return type === COLUMNS[name] ? value : `CAST(${value} AS ${COLUMNS[name]}) AS "${name}"`;
  });
  const paths = listOf(files.map((file) => file.path));
  const place = site === undefined ? 'site' : `${textOf(site)} AS site`;
  return `SELECT ${place}, ${shown.join(', ')}, "date"
    FROM read_parquet([${paths}], hive_partitioning = true, hive_types_autocast = false)`;
}

/** A view of the statistics of each window, computed as ingest does: exact decimals, windows aligned to the epoch. */
export function windowsView(windowSeconds: number): string {
  // A window that crosses midnight has the date of its first reading.
  const isWithinDay = DAY_SECONDS % windowSeconds === 0;
  const milliseconds = windowSeconds * 1000;
  return `CREATE VIEW windows AS
    SELECT device, metric, "start", min(exact) AS "min", max(exact) AS "max", sum(exact) AS "sum", count(*) AS "count",
      CAST(sum(exact) AS DOUBLE) / count(*) AS mean, min(site) AS site, ${isWithinDay ? '"date"' : 'min("date") AS "date"'}
    FROM (
      SELECT site, "date", device, metric,
        make_timestamp((epoch_ms("timestamp") // ${milliseconds}) * ${milliseconds}000) AS "start",
        CAST(coalesce(value_exact, CAST(value AS VARCHAR)) AS DECIMAL(38, 15)) AS exact
      FROM readings)
    GROUP BY device, metric, "start"${isWithinDay ? ', "date"' : ''}`;
}
