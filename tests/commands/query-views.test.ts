// Queries over an archive that the real parse-batch code wrote: each reading once, windows as in ingest, and Athena's saved queries.

import { beforeAll, describe, test } from '@jest/globals';
import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Decimal } from 'decimal.js';
import { listFiles, readFooters } from '../../commands/query/archive-files.ts';
import { importDuckDb, isDuckDbInstalled, openDuckDb, type Connection } from '../../commands/query/duckdb.ts';
import { savedQueries, sqlOf } from '../../commands/query/saved-queries.ts';
import { readingsView, windowsView } from '../../commands/query/views.ts';
import { parseArchiveLine } from '../../core/archive/careful-line.ts';
import { decimalText } from '../../core/decimal.ts';
import { foldReadings } from '../../core/window.ts';
import { testIf } from '../support/conditions.ts';
import { temporaryFolder } from '../support/folders.ts';
import {
  BEYOND_DOUBLE,
  DAY,
  FIRST_DAY,
  LIMITS,
  mappedOf,
  resent,
  sentReadings,
  TODAY,
  WINDOW_SECONDS,
  writeFixture,
  type Fixture,
  type Sent,
} from './parsed-fixture.ts';

const HAS_DUCKDB = isDuckDbInstalled();
const testQuery = testIf(HAS_DUCKDB, 'DuckDB is not installed: npm ci --prefix commands/query');
const saved = savedQueries();
const NONE = { site: [], device: [], metric: [] };

type Row = Record<string, string | number | null>;

let fixture: Fixture;
let connection: Connection;

async function open(folder: string): Promise<Connection> {
  const opened = await openDuckDb(await importDuckDb());
  await opened.run(readingsView(await readFooters(opened, listFiles(folder))));
  await opened.run(windowsView(WINDOW_SECONDS));
  return opened;
}

const ask = async (sql: string, of = connection): Promise<Row[]> =>
  (await of.runAndReadAll(sql)).getRowObjectsJson() as Row[];

/** With the day after the fixture as today. */
async function askSaved(name: string, values: Partial<Record<keyof typeof NONE, string[]>>): Promise<Row[]> {
  const query = saved.find((each) => each.name === name)!;
  const today = new Date(TODAY).toISOString().slice(0, 10);
  return ask(sqlOf(query, { ...NONE, ...values }).replaceAll('current_date', `DATE '${today}'`));
}

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);
/** As DuckDB writes it: without zeros at the end. */
const timeText = (time: number) =>
  new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, '');

/** Groups in the order of their first members. */
function grouped<T>(all: readonly T[], keyOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups.values()];
}

const byText = <T>(all: readonly T[], keyOf: (each: T) => string): T[] =>
  all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

interface Value extends Omit<Sent, 'values'> {
  readonly metric: string;
  readonly value: Decimal;
}

const sentValues: Value[] = sentReadings().flatMap(({ values, ...reading }) =>
  Object.entries(values).map(([metric, value]) => ({ ...reading, metric, value: new Decimal(value) })),
);

beforeAll(async () => {
  if (!HAS_DUCKDB) return;
  process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  fixture = await writeFixture();
  connection = await open(fixture.folder);
});

const brief = ({ site, device, metric, timestamp, value, received_at: received }: Row) =>
  [site, device, metric, timestamp, value, received].join();
const expectedBrief = byText(
  sentValues.map(({ site, device, metric, timestamp, receivedAt, value }) =>
    [site, device, metric, timeText(timestamp), value.toNumber(), timeText(receivedAt)].join(),
  ),
  String,
);

describe('readings', () => {
  testQuery(
    'has each reading once, as it came first, over merged days, hours and what came late',
    async () => {
      const rows = await ask('SELECT * FROM readings');
      assert.deepEqual(rows.map(brief).sort(), expectedBrief);
      assert.deepEqual(Object.keys(rows[0]!), [
        ...[
          'site',
          'device',
          'metric',
          'timestamp',
          'value',
          'value_exact',
          'unit',
          'received_at',
          'message_id',
        ],
        ...['arrival_hour', 'date'],
      ]);
    },
  );

  testQuery('has the hour of arrival, the unit, the id and a decimal that is not a double', async () => {
    const [late] = await ask(`SELECT * FROM readings WHERE value = 99.5`);
    assert.deepEqual(
      [late!['date'], late!['arrival_hour'], late!['unit']],
      ['2026-09-21', '2026-09-23T06', '°C'],
    );
    const [exact] = await ask(`SELECT DISTINCT value, value_exact FROM readings WHERE metric = 'probe'`);
    assert.deepEqual(exact, { value: Number(BEYOND_DOUBLE), value_exact: BEYOND_DOUBLE });
    const [{ n: ids }] = (await ask('SELECT count(DISTINCT message_id) AS n FROM readings')) as [Row];
    assert.equal(Number(ids), new Set(sentValues.flatMap(({ id }) => id ?? [])).size);
  });

  testQuery('has each reading once while a day is merged, and when the merge ended halfway', async () => {
    const folder = path.join(temporaryFolder(), 'bucket');
    cpSync(fixture.folder, folder, { recursive: true });
    writeFileSync(path.join(folder, fixture.hourFile.key), fixture.hourFile.bytes);
    const rows = await ask('SELECT * FROM readings', await open(folder));
    assert.deepEqual(rows.map(brief).sort(), expectedBrief);
  });

  testQuery('looks for duplicates only in the files that may have them', async () => {
    const files = await readFooters(connection, listFiles(fixture.folder));
    const merged = files.filter((file) => file.path.endsWith('day.parquet'));
    assert.deepEqual(
      merged.map(({ partition, repeats }) => [partition.slice(14), repeats]),
      ['Store%207', 'boise', 'seattle'].flatMap((site) =>
        ['2026-09-21', '2026-09-22'].map((date) => [
          `${site}/date=${date}`,
          site === 'boise' ? ['boise-1', 'boise-2'] : [],
        ]),
      ),
    );
    const list = files.map((file) => `'${file.path}'`).join();
    const [row] = await ask(`SELECT count(*) AS n FROM read_parquet([${list}])`);
    const again = resent(sentReadings()).flatMap(({ values }) => Object.keys(values));
    assert.ok(again.length > 0);
    assert.equal(Number(row!['n']), sentValues.length + again.length);
  });

  testQuery('reads only the folders of the sites and dates that a query names', async () => {
    const [plan] = await ask(
      `EXPLAIN ANALYZE SELECT count(*) FROM readings WHERE site = 'boise' AND date <= '2026-09-22'`,
    );
    const read = [...String(plan!['explain_value']).matchAll(/Total Files Read: *(\d+)/g)];
    const files = read.reduce((sum, [, count]) => sum + Number(count), 0);
    assert.ok(files >= 2 && files <= 4, String(plan!['explain_value'])); // one a day, in two scans at most
  });
});

describe('windows', () => {
  testQuery('are those that ingest makes of the same messages, in exact decimals', async () => {
    const messages = fixture.lines.map((line) =>
      parseArchiveLine(Buffer.from(line), LIMITS, mappedOf(JSON.parse(line))),
    );
    const expected = foldReadings(
      messages.flatMap(({ accepted }) => accepted),
      WINDOW_SECONDS,
    ).flatMap(({ deviceId, windowStart, metrics }) =>
      [...metrics].map(([metric, { min, max, sum, count }]) =>
        [deviceId, metric, timeText(windowStart), ...[min, max, sum].map(decimalText), count].join(),
      ),
    );
    const rows = await ask('SELECT device, metric, "start", "min", "max", "sum", "count" FROM windows');
    const plain = (value: string | number | null) => new Decimal(value!).toFixed();
    const found = rows.map(({ device, metric, start, min, max, sum, count }) =>
      [device, metric, start, plain(min!), plain(max!), plain(sum!), count].join(),
    );
    assert.deepEqual(found.sort(), expected.sort());
  });

  testQuery('have a mean, the site and the date', async () => {
    const [row] = await ask(
      `SELECT mean, site, "date" FROM windows WHERE device = 'Store-7-1' AND metric = 'temperature' AND "count" = 2 ORDER BY "start" LIMIT 1`,
    );
    const own = sentValues.filter(({ device, metric }) => device === 'Store-7-1' && metric === 'temperature');
    const mean = own[0]!.value.plus(own[1]!.value).div(2).toNumber();
    assert.deepEqual(row, { mean, site: 'Store 7', date: dateOf(FIRST_DAY) });
  });

  testQuery('of a length that does not divide a day go past midnight as one', async () => {
    const other = await openDuckDb(await importDuckDb());
    const values = [`('2026-09-21 23:59:59', 1, '2026-09-21')`, `('2026-09-22 00:00:01', 2, '2026-09-22')`];
    await other.run(`CREATE VIEW readings AS SELECT 's' AS site, 'd' AS device, 't' AS metric, NULL AS value_exact,
      CAST(a AS TIMESTAMP) AS "timestamp", CAST(b AS DOUBLE) AS value, c AS "date" FROM (VALUES ${values.join()}) AS v(a, b, c)`);
    await other.run(windowsView(7));
    const rows = await ask('SELECT "count", "date" FROM windows', other);
    assert.deepEqual(rows, [{ count: '2', date: '2026-09-21' }]);
  });
});

describe('the saved queries', () => {
  const inSites = (...sites: string[]) => sentValues.filter(({ site }) => sites.includes(site));

  testQuery('last-day gives every value of the device since yesterday', async () => {
    const rows = await askSaved('last-day', { site: ['seattle'], device: ['seattle-2'] });
    const expected = inSites('seattle')
      .filter(({ device, timestamp }) => device === 'seattle-2' && timestamp >= TODAY - DAY)
      .map(({ timestamp, metric, value }) => ({
        ...{ timestamp: timeText(timestamp), metric, value: value.toNumber() },
        unit: metric === 'compressor' ? null : '°C',
      }));
    assert.deepEqual(
      rows,
      byText(expected, ({ timestamp, metric }) => timestamp.padEnd(30) + metric),
    );
  });

  testQuery('daily-extremes gives the minimum, maximum and mean of each day, for several sites', async () => {
    const rows = await askSaved('daily-extremes', { site: ['boise', 'Store 7'] });
    const groups = grouped(inSites('boise', 'Store 7'), ({ timestamp, site, device, metric }) =>
      [dateOf(timestamp), site, device, metric].join('\n'),
    );
    const expected = groups.map((values) => {
      const [{ timestamp, site, device, metric }] = values as [Value];
      const all = values.map(({ value }) => value);
      return {
        ...{ date: dateOf(timestamp), site, device, metric },
        ...{ lowest: Decimal.min(...all).toNumber(), highest: Decimal.max(...all).toNumber() },
        ...{
          mean: Decimal.sum(...all)
            .div(all.length)
            .toFixed(12),
          values: String(all.length),
        },
      };
    });
    assert.deepEqual(
      rows.map((row) => ({ ...row, mean: Number(row['mean']).toFixed(12) })),
      byText(expected, ({ date, site, device, metric }) => [date, site, device, metric].join('\n')),
    );
  });

  testQuery('duty-cycle gives the part of each day for which a switch was on', async () => {
    const rows = await askSaved('duty-cycle', { site: ['seattle'] });
    const switches = inSites('seattle').filter(({ metric }) => metric === 'compressor');
    const groups = grouped(switches, ({ timestamp, device }) => `${dateOf(timestamp)}\n${device}`);
    const expected = groups.map((values) => {
      const sorted = values.toSorted((a, b) => a.timestamp - b.timestamp);
      const spans = sorted
        .slice(0, -1)
        .map(({ timestamp, value }, n) => ({ value, lasts: sorted[n + 1]!.timestamp - timestamp }));
      const sum = (of: typeof spans) => of.reduce((total, { lasts }) => total + lasts, 0);
      const [{ timestamp, site, device }] = values as [Value];
      const on = sum(spans.filter(({ value }) => value.gt(0))) / sum(spans);
      return { date: dateOf(timestamp), site, device, part_on: on };
    });
    assert.deepEqual(
      rows,
      byText(expected, ({ date, device }) => `${date}\n${device}`),
    );
  });

  testQuery('changed-rate gives the devices that sent half as many messages, or twice as many', async () => {
    const groups = grouped(sentValues, ({ device, timestamp }) => `${device}\n${dateOf(timestamp)}`);
    const counts = new Map(
      groups.map((values) => {
        const [{ device, timestamp }] = values as [Value];
        return [`${device} ${dateOf(timestamp)}`, new Set(values.map(({ receivedAt }) => receivedAt)).size];
      }),
    );
    const change = (date: string, before: string) => ({
      ...{ date, site: 'boise', device: 'boise-2' },
      ...{ messages_before: String(counts.get(`boise-2 ${before}`)) },
      messages: String(counts.get(`boise-2 ${date}`)),
    });
    assert.deepEqual(await askSaved('changed-rate', {}), [
      change('2026-09-22', '2026-09-21'),
      change('2026-09-23', '2026-09-22'),
    ]);
    assert.deepEqual(await askSaved('changed-rate', { site: ['seattle'] }), []);
  });

  test('of the template name a site in a way that is replaced', () => {
    assert.deepEqual(
      saved.map(({ name, options }) => `${name} ${options.join()}`),
      ['last-day site,device', 'daily-extremes site', 'duty-cycle site,metric', 'changed-rate site'],
    );
    const lastDay = saved[0]!;
    const sql = sqlOf(lastDay, { site: ["O'Hare", 'b'], device: ['d'], metric: [] });
    assert.match(sql, /WHERE site IN \('O''Hare', 'b'\) AND device IN \('d'\)/);
    assert.match(
      sqlOf(lastDay, { ...NONE, device: ['$&'] }),
      /WHERE site IS NOT NULL AND device IN \('\$&'\)/,
    );
    assert.throws(() => sqlOf(lastDay, NONE), {
      message: 'say which device: --saved last-day --device NAME',
    });
    assert.throws(
      () => sqlOf(saved[1]!, { ...NONE, metric: ['x'] }),
      /daily-extremes does not take --metric/,
    );
  });
});

testQuery('a file that was deleted after it was listed is named', async () => {
  const folder = path.join(temporaryFolder(), 'bucket');
  cpSync(fixture.folder, folder, { recursive: true });
  const files = listFiles(folder);
  rmSync(files[0]!.path);
  await assert.rejects(readFooters(connection, files), (error: Error) =>
    error.message.includes(files[0]!.path),
  );
});
