// Loads the alert history into a table for queries, through the HTTP API of the stack.

import type { Api } from '../api.ts';
import type { Connection } from './duckdb.ts';

/** Columns of the table, and the members of an API entry that they are made from. */
const COLUMNS = {
  at: 'make_timestamp("at" * 1000)',
  what: 'what',
  severity: 'severity',
  device: '"deviceId"',
  rule: '"ruleId"',
  metric: 'metric',
  value: `CAST("value" AS DECIMAL(38, 15))`,
  threshold: `CAST("limit" AS DECIMAL(38, 15))`,
  unit: 'unit',
  window_start: 'make_timestamp("windowStart" * 1000)',
  sent_at: 'make_timestamp("sentAt" * 1000)',
  person: '"by"',
  comment: 'comment',
  reason: 'reason',
  changes: 'coalesce("changes", 1)',
  entry_id: '"entryId"',
} as const;

const MEMBERS = JSON.stringify([
  {
    ...{ entryId: 'VARCHAR', deviceId: 'VARCHAR', ruleId: 'VARCHAR', at: 'BIGINT', what: 'VARCHAR' },
    ...{ severity: 'VARCHAR', windowStart: 'BIGINT', value: 'VARCHAR', limit: 'VARCHAR', unit: 'VARCHAR' },
    ...{ by: 'VARCHAR', comment: 'VARCHAR', metric: 'VARCHAR', sentAt: 'BIGINT', changes: 'BIGINT' },
    ...{ reason: 'VARCHAR' },
  },
]);
const PAGE = 1000;

/**
 * Creates the table `alerts` with the entries since `from` (epoch milliseconds). Rejects with a CommandError if a call
 * fails.
 */
export async function loadAlerts(connection: Connection, api: Api, from: number): Promise<void> {
  const shown = Object.entries(COLUMNS).map(([name, value]) => `${value} AS "${name}"`);
  const rows = `SELECT ${shown.join(', ')} FROM (SELECT unnest(from_json($1, '${MEMBERS}'), recursive := true))`;
  await connection.run(`CREATE TABLE alerts AS ${rows}`, ['[]']);
  const to = Date.now() + 1;
  let next: string | undefined;
  do {
    const page: { entries: object[]; next?: string } = await api.call(['alerts', 'history'], {
      query: { from, to, limit: PAGE, next },
    });
    await connection.run(`INSERT INTO alerts ${rows}`, [JSON.stringify(page.entries)]);
    next = page.next;
  } while (next !== undefined);
}
